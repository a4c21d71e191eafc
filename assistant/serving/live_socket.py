"""A WebSocket for live sound in and out: who connects speaks and shows pictures, and hears and reads the answers.

In: 16-bit mono samples as binary messages, and JSON (live_messages.py). Out: JSON, and after each `{"type": "sound"}` the voice as binary
messages. One conversation a connection, which nobody remembers once it is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from assistant.answering.commands import match_command
from assistant.answering.finding_data import finding_data
from assistant.hearing.utterances import SpeechStarted
from assistant.lanes import Busy
from assistant.messages import Detail, Sentence, Utterance
from assistant.problems import Problem
from assistant.serving.desk import Desk
from assistant.serving.heard_stream import HeardStream
from assistant.serving.limits import RateLimit
from assistant.serving.live_messages import AskMessage, ClientMessage, ForgetMessage, PictureMessage, SettingsMessage, StopMessage
from assistant.serving.openai_api import EARLIER_QUESTIONS, VOICE_HZ, pcm
from assistant.serving.problem_json import Refused, problem_data
from assistant.serving.request_forms import bounded_text, decoded_picture, known_language, parsed

SUBPROTOCOL = "assistant"
"""What the server speaks, for clients that name what they speak, as those must that send a token so."""
SEND_S = 20.0
"""In which a client must take what is sent to it."""


class LiveSockets:
    """The handler of /live."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open = 0

    def routes(self) -> list[WebSocketRoute]:
        """Return the one."""
        return [WebSocketRoute("/live", self.live)]

    @property
    def open_now(self) -> int:
        """Return how many are connected."""
        return self._open

    async def live(self, socket: WebSocket) -> None:
        """Serve one client until it leaves, is silent for too long, or breaks a bound; then it is told why."""
        offered = socket.scope.get("subprotocols") or []
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        self._open += 1
        talk: _Talk | None = None
        try:
            if self._open > self._desk.limits.live:
                raise Refused(503, f"{self._desk.limits.live} speak with it already. Try again later.", 10.0)
            talk = _Talk(self._desk, socket)
            await talk.run()
        except (Refused, Busy, Problem) as refused:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                await asyncio.wait_for(socket.send_json({"type": "problem", **problem_data(refused)}), SEND_S)
                await socket.close(1008)
        except (WebSocketDisconnect, TimeoutError, RuntimeError):  # it has left, or takes nothing any more
            with contextlib.suppress(RuntimeError):
                await socket.close(1001)
        finally:
            self._open -= 1
            if talk:
                await talk.end()


class _Talk:
    """One client's conversation. Of the event loop."""

    def __init__(self, desk: Desk, socket: WebSocket, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._socket, self._clock = desk, socket, clock
        query, settings = socket.query_params, desk.engines.settings
        rate = query.get("rate", "16000")
        self._given_language = known_language(query.get("language", ""), "")
        """The one that was asked for; "": that which is heard."""
        self._language = self._given_language or desk.language
        self._detail: Detail = "brief"
        self._speaks, self._speed = query.get("speak", "yes") != "no", 1.0
        rate_hz = int(rate) if rate.isascii() and rate.isdecimal() and len(rate) < 8 else 0
        self._stream = HeardStream(desk.engines.new_detector(), settings.ears, desk.engines.new_resampler(), rate_hz)
        self._rate = RateLimit(desk.limits.live_messages_per_minute)
        self._began_s = clock()
        self._sound_began_s: float | None = None
        self._picture: bytes | None = None
        self._asked: list[str] = []
        self._said: list[Sentence] = []
        self._answer: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Take messages until the client leaves."""
        await self._tell("ready", rate=VOICE_HZ, language=self._language)
        while True:
            left_s = self._began_s + self._desk.limits.live_s - self._clock()
            try:
                message = await asyncio.wait_for(self._socket.receive(), min(self._desk.limits.live_idle_s, max(0.0, left_s)))
            except TimeoutError as error:
                raise Refused(408, "the connection was open for too long, or nothing came. Connect again.") from error
            if message["type"] == "websocket.disconnect":
                return
            try:
                if (sound := message.get("bytes")) is not None:
                    await self._hear(sound)
                else:
                    await self._take(parsed((message.get("text") or "").encode(errors="replace"), ClientMessage))  # type: ignore[arg-type]
            except (Busy, Problem) as problem:
                await self._tell("problem", **problem_data(problem))
            except Refused as refused:
                if refused.status in (408, 429):
                    raise
                await self._tell("problem", **problem_data(refused))

    async def end(self) -> None:
        """Stop what is being answered."""
        if self._answer:
            self._answer.cancel()
            await asyncio.gather(self._answer, return_exceptions=True)

    async def _hear(self, sound: bytes) -> None:
        if self._sound_began_s is None:
            self._sound_began_s = self._clock()
        self._stream.check(sound, self._clock() - self._sound_began_s)
        for event in await self._desk.lanes["listening"].do(lambda: self._stream.feed(sound)):
            match event:
                case SpeechStarted():
                    await self._silence()
                    await self._tell("state", state="listening")
                case Utterance():
                    await self._begin(partial(self._answer_spoken, event))

    async def _take(self, message: ClientMessage) -> None:
        if self._rate.retry_after_s("", self._clock()):
            raise Refused(429, f"more than {self._desk.limits.live_messages_per_minute} messages a minute. Send fewer pictures.")
        match message:
            case PictureMessage(picture):
                content = decoded_picture(picture)
                await self._desk.lanes["listening"].do(lambda: self._desk.engines.check_picture(content))
                self._picture = content
            case AskMessage(text, language):
                bounded_text(text, self._desk.limits.question_characters, "the question")
                await self._begin(partial(self._answer_text, text, known_language(language, self._language)))
            case SettingsMessage():
                self._given_language = known_language(message.language, self._given_language)
                self._language = self._given_language or self._language
                self._detail, self._speed = message.detail or self._detail, message.speed or self._speed
                self._speaks = self._speaks if message.speak is None else message.speak
                await self._tell("settings", language=self._language, detail=self._detail, speak=self._speaks, speed=self._speed)
            case StopMessage():
                await self._silence()
            case ForgetMessage():
                await self._silence()
                self._picture, self._asked, self._said = None, [], []
                self._language = self._given_language or self._desk.language
                await self._tell("forgotten")

    async def _begin(self, answer: Callable[[], Awaitable[None]]) -> None:
        await self._silence()
        self._answer = asyncio.ensure_future(self._guarded(answer))

    async def _silence(self) -> None:
        """End the answer that is being given; the client drops what it hasn't played."""
        if self._answer and not self._answer.done():
            self._answer.cancel()
            await asyncio.gather(self._answer, return_exceptions=True)
            await self._tell("stop")
        self._answer = None

    async def _guarded(self, answer: Callable[[], Awaitable[None]]) -> None:
        try:
            await answer()
            await self._tell("end")
        except (Refused, Busy, Problem) as error:
            await self._tell("problem", **problem_data(error))
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            return  # the client is gone, which the reader notices

    async def _answer_spoken(self, utterance: Utterance) -> None:
        await self._tell("state", state="thinking")
        engines, wanted = self._desk.engines, self._given_language or None
        heard = await self._desk.lanes["ears"].do(lambda: engines.hear(utterance, wanted))
        if not heard.text.strip() or heard.confidence < engines.settings.ears.confidence_floor:
            await self._tell("not_understood", text=heard.text)
            return
        self._language = known_language(heard.language if heard.language in engines.languages else "", self._language)
        await self._answer_text(heard.text.strip(), self._language)

    async def _answer_text(self, text: str, language: str) -> None:
        await self._tell("question", text=text, language=language)
        command = match_command(text, (language, "en"))
        if command and command.kind in ("stop", "pause"):
            return
        if command and command.kind == "repeat" and self._said:
            for sentence in self._said:
                await self._say(sentence)
            return
        self._asked, self._said = [*self._asked, text][-EARLIER_QUESTIONS:], []
        engines, pictures, asked = self._desk.engines, [self._picture] if self._picture else [], list(self._asked)
        async for sentence in self._desk.lanes["answers"].stream(lambda: engines.ask(pictures, asked, language, self._detail)):
            self._said.append(sentence)
            await self._say(sentence)

    async def _say(self, sentence: Sentence) -> None:
        finding = finding_data(sentence, ()) if sentence.finding else None
        await self._tell("sentence", text=sentence.text, language=sentence.language, finding=finding)
        if not self._speaks:
            return
        engines, begun = self._desk.engines, False
        async for chunk in self._desk.lanes["voice"].stream(lambda: engines.synthesize(sentence.text, sentence.language, self._speed)):
            if not begun:
                begun = True
                await self._tell("sound", rate=VOICE_HZ)
            async with self._sending:
                await asyncio.wait_for(self._socket.send_bytes(pcm(chunk, VOICE_HZ)), SEND_S)

    async def _tell(self, kind: str, **told: Any) -> None:
        text = msgspec.json.encode({"type": kind, **told}).decode()
        async with self._sending:
            await asyncio.wait_for(self._socket.send_text(text), SEND_S)
