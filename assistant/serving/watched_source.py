"""A camera or stream that the operator has named to `assistant serve`: what it shows is told to all who listen to /events.

keyframe     something new is seen
description  what that is
people       somebody has come or gone, and how many are there
event        what somebody asked to be told of: POST /watch

Nothing is kept but what is waited for. One thread reads the camera; the rest is done in the lane of the answers, between requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistant.interfaces import Camera
from assistant.lanes import Busy
from assistant.messages import Frame, Keyframe
from assistant.problems import Problem
from assistant.seeing.arrivals import Arrivals
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.serving.captions import Captions
from assistant.serving.desk import Desk, json_body, json_response
from assistant.serving.engines import Watched
from assistant.serving.problem_json import Refused
from assistant.serving.request_forms import WatchRequest, bounded_text, known_language, parsed
from assistant.videos.watch_events import watch_keyframes

MOST_WATCHES = 16
"""Events that are waited for at a time."""
COUNT_EVERY_S = 0.5
STOP_S = 2.0


@dataclass
class _Watch:
    number: int
    event: str
    language: str
    watched: Watched | None = None
    """None until it is first looked for."""


class _Newest:
    """What the camera has shown last, from its thread to the event loop. What isn't taken in time is dropped, keyframes last."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._changed = loop, asyncio.Event()
        self._seen: Frame | Keyframe | None = None
        self._has_ended = False

    def put(self, seen: Frame | Keyframe) -> None:
        """Of the camera's thread."""
        if not (isinstance(self._seen, Keyframe) and isinstance(seen, Frame)):
            self._seen = seen
        self._wake()

    def end(self) -> None:
        """Of the camera's thread: there is no more."""
        self._has_ended = True
        self._wake()

    async def get(self) -> Frame | Keyframe | None:
        """Return the next; None once there is no more."""
        while self._seen is None and not self._has_ended:
            await self._changed.wait()
            self._changed.clear()
        seen, self._seen = self._seen, None
        return seen

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(self._changed.set)


class WatchedSource:
    """Of the event loop, but for the thread that reads the camera."""

    def __init__(self, desk: Desk, captions: Captions, camera: Camera) -> None:
        self._desk, self._captions, self._camera = desk, captions, camera
        self._watches: list[_Watch] = []
        self._arrivals = Arrivals()
        self._counted_s = float("-inf")
        self._next = 1
        self._closed = threading.Event()
        captions.source = self
        self.newest_frame: Frame | None = None
        """What the camera shows now."""

    def routes(self) -> list[Route]:
        """Return the one by which events are waited for."""
        return [
            Route("/watch", self.watch, methods=["POST"]),
            Route("/watch", self.watches, methods=["GET"]),
            Route("/watch/{number:int}", self.unwatch, methods=["DELETE"]),
        ]

    async def watch(self, request: Request) -> Response:
        """Wait for an event, and tell it once, at /events."""
        asked = parsed(await json_body(request), WatchRequest)
        event = bounded_text(asked.event, self._desk.limits.question_characters, "`event`, what is waited for,")
        if len(self._watches) >= MOST_WATCHES:
            raise Refused(429, f"{MOST_WATCHES} events are waited for already. DELETE /watch/NUMBER gives one up.", 10.0)
        watch = _Watch(self._next, event, known_language(asked.language, self._desk.language))
        self._next += 1
        self._watches.append(watch)
        try:
            watch.watched = await self._desk.do("answers", request, lambda: self._desk.engines.watcher(event, watch.language))
        except BaseException:
            self._watches.remove(watch)
            raise
        return json_response({"id": watch.number, "event": event})

    async def watches(self, request: Request) -> Response:
        """List what is waited for."""
        return json_response({"watches": [{"id": each.number, "event": each.event} for each in self._watches]})

    async def unwatch(self, request: Request) -> Response:
        """Wait for an event no longer."""
        number = request.path_params["number"]
        left = [each for each in self._watches if each.number != number]
        if len(left) == len(self._watches):
            raise Refused(404, "no event of that number is waited for. GET /watch lists them.")
        self._watches = left
        return json_response({"done": number})

    async def run(self) -> None:
        """Look until the camera ends or this is cancelled."""
        newest = _Newest(asyncio.get_running_loop())
        thread = threading.Thread(target=self._read, args=(newest,), name="watched source", daemon=True)
        thread.start()
        try:
            while (seen := await newest.get()) is not None:
                await self._look(seen)
            self._captions.report("device", {"device": "camera", "is": "ended", "why": ""})
        finally:
            self._closed.set()
            self._camera.close()
            await asyncio.to_thread(thread.join, STOP_S)

    def _read(self, newest: _Newest) -> None:
        try:
            for seen in self._seen():
                if self._closed.is_set():
                    return
                newest.put(seen)
        except Problem as problem:
            self._captions.report("trouble", {"what": str(problem)})
        finally:
            newest.end()

    def _seen(self) -> Iterator[Frame | Keyframe]:
        selector = KeyframeSelector(watch_keyframes(self._desk.engines.settings.keyframes))
        for frame in self._camera.frames():
            self.newest_frame = frame
            yield selector.process(frame) or frame

    async def _look(self, seen: Frame | Keyframe) -> None:
        lane, engines = self._desk.lanes["answers"], self._desk.engines
        try:
            frame = seen if isinstance(seen, Frame) else seen.frame
            if frame.time_s - self._counted_s >= COUNT_EVERY_S:
                self._counted_s = frame.time_s
                self._tell_people(await lane.do(lambda: engines.count_people(frame)), frame.time_s)
            if isinstance(seen, Keyframe):
                await self._look_at(seen)
        except Busy:
            return  # what is asked comes first
        except Problem as problem:
            self._captions.report("trouble", {"what": str(problem)})

    async def _look_at(self, keyframe: Keyframe) -> None:
        lane, engines, time_s = self._desk.lanes["answers"], self._desk.engines, round(keyframe.frame.time_s, 3)
        self._captions.report("keyframe", {"time_s": time_s, "reason": keyframe.reason, "problem": keyframe.problem})
        for watch in list(self._watches):
            watched = watch.watched
            if watched and keyframe.problem is None and await lane.do(lambda watched=watched: watched.process(keyframe)):  # type: ignore[misc]
                self._watches = [each for each in self._watches if each is not watch]
                self._captions.report("event", {"id": watch.number, "event": watch.event, "time_s": time_s})
        if keyframe.reason != "coverage" and self._captions.listeners:
            told = await lane.do(lambda: engines.look_at(keyframe, self._desk.language, "brief"))
            self._captions.report("description", {"time_s": time_s, **told})

    def _tell_people(self, count: int | None, time_s: float) -> None:
        if count is not None and (change := self._arrivals.process(count, time_s)):
            is_more = "came" if change > 0 else "left"
            self._captions.report("people", {"is": is_more, "count": self._arrivals.count, "time_s": round(time_s, 3)})
