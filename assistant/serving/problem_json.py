"""What went wrong, for programs: problem details as RFC 9457 has them, each one line that says how to mend it."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assistant.lanes import Busy
from assistant.problems import MissingDevice, MissingModel, NetworkTrouble, Problem

TITLES = {
    400: "The request can't be understood",
    401: "A token is needed",
    403: "Not from there",
    404: "There is nothing here",
    405: "Not in this way",
    408: "The request took too long to arrive",
    411: "The request doesn't say how long it is",
    413: "The request is too large",
    415: "The request is of another kind",
    421: "Not under this name",
    422: "The request can't be used",
    429: "Too many requests",
    500: "Our mistake",
    501: "Not on this machine",
    503: "Busy",
}


class Refused(Exception):
    """A request that isn't served: the status, and in one line why and what to do."""

    def __init__(self, status: int, detail: str, retry_after_s: float = 0.0) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_after_s = status, detail, retry_after_s


def problem_response(status: int, detail: str, retry_after_s: float = 0.0) -> Response:
    """Return the response; `error` says the same to clients of OpenAI's API, which look for it there."""
    title = TITLES.get(status, "The request failed")
    line = " ".join(detail.split())
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": line}
    body["error"] = {"message": line, "type": "invalid_request_error" if status < 500 else "server_error", "code": status, "param": None}
    headers = {"Retry-After": str(math.ceil(retry_after_s))} if retry_after_s else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(body), status, headers, media_type="application/problem+json")


def told(error: Exception) -> Response:
    """Return the response for whatever was raised; a mistake of ours is named by its kind, and none of its text leaves."""
    refused = _refused(error)
    return problem_response(refused.status, refused.detail, refused.retry_after_s)


def problem_data(error: Exception) -> dict[str, Any]:
    """Return the same for a connection that goes on: the status and the line."""
    refused = _refused(error)
    return {"status": refused.status, "title": TITLES.get(refused.status, ""), "detail": " ".join(refused.detail.split())}


def _refused(error: Exception) -> Refused:
    match error:
        case Refused():
            return error
        case Busy():
            return Refused(503, "every engine is busy, and enough requests wait already. Try again later.", error.retry_after_s)
        case MissingModel() | MissingDevice() | NetworkTrouble():
            return Refused(501, str(error))
        case Problem():
            return Refused(422, str(error))
        case HTTPException():
            ways = {404: "there is nothing at this path. GET /openapi.json lists what there is.", 405: "this path takes another method."}
            return Refused(error.status_code, ways.get(error.status_code, error.detail))
    return Refused(500, f"this is our mistake ({type(error).__name__}). Please report it.")


async def on_error(request: Request, error: Exception) -> Response:
    """Answer an exception, as Starlette asks for it."""
    return told(error)
