"""The service as an ASGI application: every path, behind the guard. `commands/serve.py` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from assistant import __version__
from assistant.lanes import Busy
from assistant.problems import Problem
from assistant.serving.captions import Captions
from assistant.serving.desk import Desk, json_response
from assistant.serving.guards import Guard
from assistant.serving.limits import ServingLimits
from assistant.serving.live_socket import LiveSockets
from assistant.serving.metrics import Metrics
from assistant.serving.open_api import open_api
from assistant.serving.openai_api import OpenAiApi
from assistant.serving.own_api import OwnApi
from assistant.serving.page_files import page_file
from assistant.serving.problem_json import Refused, on_error
from assistant.serving.watched_source import WatchedSource


def make_service(
    desk: Desk | None,
    limits: ServingLimits,
    *,
    names: frozenset[str] = frozenset(),
    token: str = "",
    captions: Captions | None = None,
    metrics: Metrics | None = None,
    source: WatchedSource | None = None,
) -> ASGIApp:
    """Return the application.

    Args:
        desk: what answers; None = there are only the captions.
        limits: of every request.
        names: host names by which it may be asked, beside the loopback's.
        token: what clients must know; "" = nothing.
        captions: what a live loop says and shows; None = no loop runs.
        metrics: what is counted; None = new ones.
        source: a camera that is watched; None = none. Its captions are to be given, too.
    """
    metrics, sockets = metrics or Metrics(PATHS), LiveSockets(desk) if desk else None
    routes: list[BaseRoute] = [
        Route("/health", lambda _: health(captions)),
        Route("/metrics", lambda _: _metrics(metrics, desk, captions, sockets)),
        Route("/openapi.json", lambda _: json_response(open_api())),
        *([*OwnApi(desk).routes(), *OpenAiApi(desk).routes(), *sockets.routes()] if desk and sockets else []),
        *([Route("/ar", page_file)] if desk else []),
        *(source.routes() if source else []),
        *(captions or Captions(limits.streams)).routes(),
    ]
    kinds = (Refused, Busy, Problem, HTTPException, Exception)
    handlers: Mapping[Any, Any] = dict.fromkeys(kinds, on_error)
    return Guard(cast(ASGIApp, Starlette(routes=routes, exception_handlers=handlers)), limits, names, token, metrics)


PATHS = frozenset(
    [
        "/",
        "/health",
        "/metrics",
        "/openapi.json",
        "/look",
        "/ask",
        "/find",
        "/read",
        "/v1/chat/completions",
        "/v1/audio/transcriptions",
        "/v1/audio/speech",
        "/v1/models",
        "/events",
        "/live",
        "/watch",
        "/ar",
        "/say",
        "/control",
        "/picture.jpg",
    ]
)
"""Named in the metrics."""


def health(captions: Captions | None) -> Response:
    """Tell that it lives and, where a live loop runs, how that is."""
    state = captions.health() if captions else {}
    return json_response({"status": "ok", "version": __version__, **state})


def _metrics(metrics: Metrics, desk: Desk | None, captions: Captions | None, sockets: LiveSockets | None) -> Response:
    gauges: dict[str, float] = {"resident_bytes": resident_bytes()}
    gauges |= {f"{name}_in_line": lane.in_line for name, lane in desk.lanes.items()} if desk else {}
    gauges |= {"listeners": captions.listeners} if captions else {}
    gauges |= {"live_connections": sockets.open_now} if sockets else {}
    return PlainTextResponse(metrics.text(gauges), media_type="text/plain; version=0.0.4; charset=utf-8")


def resident_bytes() -> int:
    """Return the memory that this process holds now; 0 where the system doesn't tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0
