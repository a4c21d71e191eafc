"""What a live loop says, hears and shows, for a page and for programs: events as they happen, the newest picture, and the buttons.

Nothing is kept: who comes later sees what happens from then on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, Protocol

import cv2
import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from assistant.languages import languages
from assistant.messages import Command, Frame
from assistant.problems import Problem
from assistant.serving.desk import json_body, json_response
from assistant.serving.page_files import page_file
from assistant.serving.problem_json import Refused
from assistant.serving.request_forms import bounded_text, known_language, parsed

Button = Literal[
    "describe", "stop", "pause", "repeat", "slower", "faster", "louder", "quieter", "more", "shorter", "help", "forget", "language",
]  # fmt: skip
WAITING_EVENTS = 200
"""That a listener may be behind; one that is slower is let go, and connects again."""
BEAT_S = 15.0
"""Without an event a line is sent, by which both sides notice that the other has gone."""
LONGEST_QUESTION = 1000
PICTURE_EDGE, JPEG_QUALITY = 640, 80
STATES = {
    "speech_began": "listening",
    "speech_ended": "thinking",
    "question": "thinking",
    "sound": "speaking",
    "heard": "ready",
    "pressed": "ready",
    "paused": "paused",
    "resumed": "speaking",
}
"""Event -> what the assistant does from then on."""
TOLD = frozenset(
    (
        "question",
        "sound",
        "heard",
        "device",
        "trouble",
        "keyframe",
        "restarted",
        "command",
        "kiosk",
        "dropped",
        "description",
        "people",
        "event",
    )
)
"""Events that listeners get; the rest is for the trace."""


class LiveControl(Protocol):
    """What a live loop can be told from outside, from any thread."""

    def press(self) -> None:
        """Take a press of the user's key."""
        ...

    def pause(self) -> bool:
        """Let the voice wait, or go on; return False in silence."""
        ...

    def obey(self, command: Command) -> None:
        """Do what a command says."""
        ...

    def ask(self, text: str, language: str | None = None) -> None:
        """Answer a question that was typed."""
        ...

    @property
    def language(self) -> str:
        """Return the language that is spoken now."""
        ...

    @property
    def newest_frame(self) -> Frame | None:
        """Return the last picture of the camera."""
        ...


class Source(Protocol):
    """A camera of which somebody else makes events."""

    newest_frame: Frame | None
    """The last picture."""


class _Control(Struct):
    command: Button
    language: str = ""


class _Said(Struct):
    text: str
    language: str = ""


class Captions:
    """Between a live loop and who looks on. `report` may be called from any thread and never waits."""

    def __init__(self, streams: int, live: LiveControl | None = None) -> None:
        """`streams`: listeners at a time; `live`: None where no loop runs, which is then told."""
        self._streams, self.live = streams, live
        self.source: Source | None = None
        """A camera that is watched without a loop, which only shows and tells."""
        self._lock = threading.Lock()
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Queue[bytes | None]]] = set()
        self._state = "ready"
        self._lost = set[str]()

    @property
    def listeners(self) -> int:
        """Return how many listen now."""
        return len(self._listeners)

    def health(self) -> dict[str, Any]:
        """Return how the live loop is, for a monitor; nothing where there is none."""
        return {"live": self._state, "devices_lost": sorted(self._lost)} if self.live else {}

    def report(self, event: str, details: dict[str, Any]) -> None:
        """Take an event of the loop, as `live.session.EventSink` has it."""
        if event == "device":
            (self._lost.add if details.get("is") == "lost" else self._lost.discard)(details.get("device", ""))
        if (state := STATES.get(event)) and state != self._state:
            self._state = state
            self._send("state", {"state": state})
        if event in TOLD:
            self._send(event, details)

    def device_changed(self, device: str, is_lost: bool, why: Problem | None) -> None:
        """Tell that a device is gone, or back; from any thread."""
        self.report("device", {"device": device, "is": "lost" if is_lost else "back", "why": str(why or "")})

    def routes(self) -> list[Route]:
        """Return the page and what it uses."""
        return [
            Route("/", page_file),
            Route("/page/{name}", page_file),
            Route("/page-words/{language}", page_words),
            Route("/events", self.events),
            Route("/control", self.control, methods=["POST"]),
            Route("/say", self.say, methods=["POST"]),
            Route("/picture.jpg", self.picture),
        ]

    async def events(self, request: Request) -> Response:
        """Stream what happens, as server-sent events."""
        self._shown()
        if self.listeners >= self._streams:
            raise Refused(503, f"{self._streams} listen already. Try again later.", 10.0)
        first = {
            "state": self._state,
            "language": self.live.language if self.live else "",
            "devices_lost": sorted(self._lost),
        }
        return StreamingResponse(self._stream(first), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def control(self, request: Request) -> Response:
        """Press one of the page's buttons."""
        asked = parsed(await json_body(request), _Control)
        live = self._live()
        if asked.command == "describe":
            live.press()
        elif asked.command == "pause":
            live.pause()
        elif asked.command == "language":
            live.obey(Command("language", known_language(asked.language, live.language)))
        else:
            live.obey(Command(asked.command))
        return json_response({"done": asked.command})

    async def say(self, request: Request) -> Response:
        """Take a question that somebody has typed."""
        asked = parsed(await json_body(request), _Said)
        text = bounded_text(asked.text, LONGEST_QUESTION, "the question")
        self._live().ask(text, known_language(asked.language, self._live().language))
        return json_response({"asked": text})

    async def picture(self, request: Request) -> Response:
        """Return the camera's newest picture."""
        frame = self._shown().newest_frame
        if frame is None:
            raise Refused(404, "the camera has shown nothing yet. Try again in a moment.")
        height, width = frame.picture.shape[:2]
        scale = min(1.0, PICTURE_EDGE / max(height, width))
        small = cv2.resize(frame.picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return Response(jpeg.tobytes(), media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    def close(self) -> None:
        """Let go of who listens: nothing more will happen."""
        with self._lock:
            for loop, queue in self._listeners:
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(_end, queue)

    def _live(self) -> LiveControl:
        if self.live is None:
            raise Refused(404, "nobody listens and speaks here. Start `assistant kiosk`.")
        return self.live

    def _shown(self) -> LiveControl | Source:
        if (shown := self.live or self.source) is None:
            raise Refused(404, "no camera is watched here. Start `assistant kiosk`, or `assistant serve --watch SOURCE`.")
        return shown

    def _send(self, event: str, details: dict[str, Any]) -> None:
        line = b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(details, enc_hook=str) + b"\n\n"
        with self._lock:
            for loop, queue in list(self._listeners):
                try:
                    loop.call_soon_threadsafe(_put, queue, line)
                except RuntimeError:  # its event loop has ended
                    self._listeners.discard((loop, queue))

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Queue[bytes | None]]:
        listener = asyncio.get_running_loop(), asyncio.Queue[bytes | None](WAITING_EVENTS + 1)
        with self._lock:
            self._listeners.add(listener)
        try:
            yield listener[1]
        finally:
            with self._lock:
                self._listeners.discard(listener)

    async def _stream(self, first: dict[str, Any]) -> AsyncIterator[bytes]:
        with self._listening() as queue:
            yield b"event: state\ndata: " + msgspec.json.encode(first) + b"\n\n"
            while True:
                try:
                    line = await asyncio.wait_for(queue.get(), BEAT_S)
                except TimeoutError:
                    line = b": still here\n\n"
                if line is None:
                    return
                yield line


async def page_words(request: Request) -> Response:
    """Return the page's own words in a language, and the names of all languages."""
    code = request.path_params["language"]
    if code not in languages():
        raise Refused(404, f"there is no language of that code. Use one of {', '.join(languages())}.")
    names = {each: known.own_name for each, known in languages().items()}
    return json_response({"language": code, "words": dict(languages()[code].page), "languages": names})


def _end(queue: asyncio.Queue[bytes | None]) -> None:
    if not queue.full():
        queue.put_nowait(None)


def _put(queue: asyncio.Queue[bytes | None], line: bytes) -> None:
    """The last place is for the word that there is no more."""
    if queue.qsize() < WAITING_EVENTS:
        queue.put_nowait(line)
    elif not queue.full():
        queue.put_nowait(None)
