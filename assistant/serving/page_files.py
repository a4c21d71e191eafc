"""The page's files, out of the package, with the headers that keep a page to itself."""

from __future__ import annotations

from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from assistant.serving.problem_json import Refused

FILES = {
    "index.html": "text/html",
    "captions.css": "text/css",
    "captions.js": "text/javascript",
    "ar.html": "text/html",
    "ar.js": "text/javascript",
    "ar-microphone.js": "text/javascript",
}
PAGES = {"/": "index.html", "/ar": "ar.html"}
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
    """Return a file of the pages, a page itself at its own path."""
    name = PAGES.get(request.url.path) or request.path_params.get("name", "")
    if name not in FILES:
        raise Refused(404, "there is no such file. The page is at /.")
    content = resources.files("assistant.serving").joinpath("page", name).read_bytes()
    return Response(content, media_type=f"{FILES[name]}; charset=utf-8", headers=HEADERS)
