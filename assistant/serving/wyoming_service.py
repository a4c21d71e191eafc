"""Speech to text, text to speech and a wake word for Home Assistant, by the Wyoming protocol (https://github.com/OHF-Voice/wyoming).

The protocol knows no password, so it is served on this machine alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from typing import Any

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, TtsProgram, TtsVoice, WakeModel, WakeProgram
from wyoming.server import AsyncEventHandler
from wyoming.tts import Synthesize
from wyoming.wake import Detect, Detection, NotDetected

from assistant import __version__
from assistant.lanes import Busy
from assistant.languages import languages
from assistant.problems import Problem
from assistant.serving.desk import Desk
from assistant.serving.openai_api import pcm, wav_header
from assistant.serving.problem_json import Refused
from assistant.serving.request_forms import bounded_text, known_language
from assistant.serving.wake_stream import WakeStream, wake_word

MOST_CONNECTIONS = 32
MOST_EVENT_BYTES = 1 << 20
"""Of one part of an event; sound comes in pieces of some kilobytes."""
IDLE_S = 600.0
"""Without an event a connection is closed."""
WORD_BYTES, CHANNELS = 2, 1
_BY = Attribution("scene-assistant", "https://github.com/OHF-Voice/wyoming")


class _Bounded:
    """A reader that takes no part of an event that is larger than may be, and doesn't wait for ever."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readline(self) -> bytes:
        return await asyncio.wait_for(self._reader.readline(), IDLE_S)

    async def readexactly(self, count: int) -> bytes:
        if count > MOST_EVENT_BYTES:
            raise ValueError("too large")
        return await asyncio.wait_for(self._reader.readexactly(count), IDLE_S)


class _Handler(AsyncEventHandler):
    """One client."""

    def __init__(self, desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(_Bounded(reader), writer)  # type: ignore[arg-type]
        self._desk = desk
        self._sound, self._rate_hz, self._language = bytearray(), 16_000, ""
        self._is_waking = False
        """Whether the sound that comes is listened to for the wake word alone."""
        self._wake: WakeStream | None = None

    async def handle_event(self, event: Event) -> bool:
        """Do what one event asks; False ends the connection."""
        try:
            await self._handle(event)
        except (Problem, Refused, Busy) as problem:
            self._sound.clear()
            await self.write_event(Error(text=str(problem), code=type(problem).__name__).event())
        return True

    async def _handle(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self.write_event(_info(self._desk).event())
        elif Transcribe.is_type(event.type):
            self._language = known_language(_short(Transcribe.from_event(event).language), "")
        elif AudioStart.is_type(event.type):
            start = AudioStart.from_event(event)
            if (start.width, start.channels) != (WORD_BYTES, CHANNELS) or not 8000 <= start.rate <= 192_000:
                raise Refused(422, "the sound must be 16-bit mono, of 8 to 192 kHz.")
            self._sound.clear()
            self._rate_hz = start.rate
            self._wake = WakeStream(self._desk, start.rate) if self._is_waking else None
        elif Detect.is_type(event.type):
            self._is_waking = await self._may_wake(Detect.from_event(event).names)
        elif self._is_waking and AudioChunk.is_type(event.type):
            await self._listen(event.payload or b"")
        elif self._is_waking and AudioStop.is_type(event.type):
            self._is_waking, self._wake = False, None
            await self.write_event(NotDetected().event())
        elif AudioChunk.is_type(event.type):
            self._sound += event.payload or b""
            if len(self._sound) > self._desk.limits.sound_s * self._rate_hz * WORD_BYTES:
                raise Refused(413, f"the recording is longer than {self._desk.limits.sound_s:g} seconds. Send it in parts.")
        elif AudioStop.is_type(event.type):
            await self._transcribe()
        elif Synthesize.is_type(event.type):
            await self._synthesize(Synthesize.from_event(event))

    async def _may_wake(self, names: Sequence[str] | None) -> bool:
        if names and wake_word(self._desk) not in names:
            raise Refused(422, f"there is one wake word here. Use {wake_word(self._desk)}.")
        return True

    async def _listen(self, sound: bytes) -> None:
        """What comes after the word, until the client asks anew, is taken and dropped."""
        if self._wake and (time_s := await self._wake.detect(sound)) is not None:
            self._wake = None
            await self.write_event(Detection(name=wake_word(self._desk), timestamp=round(1000 * time_s)).event())

    async def _transcribe(self) -> None:
        samples, engines, longest_s = bytes(self._sound), self._desk.engines, self._desk.limits.sound_s
        self._sound.clear()
        sound, language = wav_header(self._rate_hz, len(samples)) + samples, self._language or None
        heard: list[Any] = []
        if samples:
            heard = await self._desk.lanes["ears"].do(lambda: list(engines.transcribe(sound, language, longest_s)))
        text = " ".join(transcript.text.strip() for _, transcript in heard)
        await self.write_event(Transcript(text=text, language=heard[0][1].language if heard else language).event())

    async def _synthesize(self, asked: Synthesize) -> None:
        language = known_language(_short(asked.voice.language or asked.voice.name) if asked.voice else "", self._desk.language)
        text = bounded_text(asked.text, self._desk.limits.text_characters, "the text")
        engines, rate_hz = self._desk.engines, 0
        async for chunk in self._desk.lanes["voice"].stream(lambda: engines.synthesize(text, language, 1.0)):
            if not rate_hz:
                rate_hz = chunk.sample_rate_hz
                await self.write_event(AudioStart(rate=rate_hz, width=WORD_BYTES, channels=CHANNELS).event())
            await self.write_event(AudioChunk(rate=rate_hz, width=WORD_BYTES, channels=CHANNELS, audio=pcm(chunk, rate_hz)).event())
        if not rate_hz:
            await self.write_event(AudioStart(rate=16_000, width=WORD_BYTES, channels=CHANNELS).event())
        await self.write_event(AudioStop().event())


def wyoming_service(desk: Desk, sock: socket.socket) -> Callable[[], Any]:
    """Return what serves Wyoming's clients on a socket that listens, for a WebServer to run beside itself."""
    open_now = [0]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if open_now[0] >= MOST_CONNECTIONS:
            writer.close()
            return
        open_now[0] += 1
        try:
            # What isn't an event ends the connection: it leaves nothing to answer to.
            with contextlib.suppress(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, TimeoutError, RecursionError):
                await _Handler(desk, reader, writer).run()
        finally:
            open_now[0] -= 1
            writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(connected, sock=sock) as server:
            await server.serve_forever()

    return serve


def _info(desk: Desk) -> Info:
    about: dict[str, Any] = {"attribution": _BY, "installed": True, "version": __version__}
    heard = [code for code, known in languages().items() if known.is_heard]
    spoken = [code for code in languages() if any(voice.speaks(code) for voice in desk.engines.voices)]
    model = AsrModel(name="whisper", description="Whisper base", languages=heard, **about)
    voices = [TtsVoice(name=code, description=languages()[code].own_name, languages=[code], **about) for code in spoken]
    named: dict[str, Any] = {"name": "scene-assistant", "description": "Hears and speaks on this machine alone", **about}
    word = wake_word(desk)
    wake = WakeModel(name=word, description="The beginning of what Whisper hears", phrase=word, languages=heard, **about)
    asr, tts = [AsrProgram(models=[model], **named)], [TtsProgram(voices=voices, **named)]
    return Info(asr=asr, tts=tts, wake=[WakeProgram(models=[wake], **named)])


def _short(code: str | None) -> str:
    """The language of "pt-BR" or "pt_BR"; "" for none."""
    return (code or "").replace("_", "-").partition("-")[0].lower()
