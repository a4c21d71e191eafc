"""What every handler needs: the engines, a lane for each that may not be shared, and how a request's body is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from assistant.lanes import Lane
from assistant.serving.engines import Engines
from assistant.serving.limits import ServingLimits
from assistant.serving.problem_json import Refused
from assistant.serving.request_forms import LookRequest, decoded_picture, parsed

T = TypeVar("T")


@dataclass
class Desk:
    """Shared by the handlers of one service."""

    engines: Engines
    limits: ServingLimits
    lanes: dict[str, Lane] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("answers", "ears", "voice", "listening"):
            self.lanes[name] = Lane(name, self.limits.waiting, self.limits.wait_s)

    @property
    def language(self) -> str:
        """Return the language of who doesn't name one."""
        return self.engines.settings.language

    async def do(self, lane: str, request: Request, work: Callable[[], T]) -> T:
        """Return what the work returns, in the lane's turn; whoever leaves gives up their place."""
        working, leaving = asyncio.ensure_future(self.lanes[lane].do(work)), asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise Refused(400, "the client left before its turn came.")
            return working.result()
        finally:
            working.cancel()
            leaving.cancel()

    def close(self) -> None:
        """Let go of who waits."""
        for lane in self.lanes.values():
            lane.close()


async def _left(request: Request) -> None:
    """Wait until the client, all of whose request has come, closes its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def json_response(data: Any, status: int = 200) -> Response:
    """Return data as JSON."""
    return Response(msgspec.json.encode(data), status, media_type="application/json")


async def body_of(request: Request) -> bytes:
    """Return all of the body, whose size the guard bounds."""
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise Refused(400, "the client left in the middle of its request.") from error


async def json_body(request: Request) -> bytes:
    """Return the body of a request that says it is JSON: a form of a web page can't, without being asked whether it may."""
    if _kind(request) != "application/json":
        raise Refused(415, "the body must be JSON. Send it with the header Content-Type: application/json.")
    return await body_of(request)


async def look_request(request: Request) -> tuple[LookRequest, bytes]:
    """Return what is asked and the picture: both in JSON, or the picture as the body and the rest in the address."""
    if _kind(request).startswith("image/"):
        query = request.query_params
        given = {name: query[name] for name in ("question", "thing", "language", "detail") if name in query}
        try:
            asked = msgspec.convert(given, LookRequest)
        except msgspec.ValidationError as error:
            raise Refused(422, "the address can't be used: `detail` is brief, normal or full.") from error
        return asked, await body_of(request)
    asked = parsed(await json_body(request), LookRequest)
    return asked, decoded_picture(asked.picture)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
