"""The page's files, out of the package, with the headers that keep a page to itself."""

from __future__ import annotations

from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from assistant.serving.problem_json import Refused

FILES = {"": "text/html", "captions.css": "text/css", "captions.js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


async def page_file(request: Request) -> Response:
    """Return a file of the page, the page itself at "/"."""
    name = request.path_params.get("name", "")
    if name not in FILES or (not name and request.url.path != "/"):
        raise Refused(404, "there is no such file. The page is at /.")
    content = resources.files("assistant.serving").joinpath("page", name or "index.html").read_bytes()
    return Response(content, media_type=f"{FILES[name]}; charset=utf-8", headers=HEADERS)
