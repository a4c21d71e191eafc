"""Home Assistant's protocol: the real client hears and speaks through the service, and what is no event ends only its connection."""

from __future__ import annotations

import asyncio
import json
import socket
import wave
from collections.abc import Iterator

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice
from wyoming.wake import Detect, Detection

from assistant.messages import Transcript as Transcription
from assistant.serving.limits import ServingLimits
from assistant.serving.web_server import bound_socket
from tests.support.fakes import ScriptedTranscriber
from tests.support.service import QUESTION_WAV, fake_engines, served


@pytest.fixture
def port() -> Iterator[int]:
    with bound_socket("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with served(fake_engines(), ServingLimits(sound_s=10.0), wyoming=sock):
            yield port


def talk(port: int, events: list[Event], until: str) -> list[Event]:
    """Send events; return the answers up to one of a kind."""

    async def conversation() -> list[Event]:
        answers: list[Event] = []
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event)
            while not answers or answers[-1].type not in (until, "error"):
                answer = await asyncio.wait_for(client.read_event(), 30)
                assert answer is not None
                answers.append(answer)
        return answers

    return asyncio.run(conversation())


def spoken(seconds: int = 0) -> list[Event]:
    with wave.open(str(QUESTION_WAV)) as sound:
        rate, content = sound.getframerate(), sound.readframes(sound.getnframes())
    content += bytes(2 * rate * seconds)
    form = {"rate": rate, "width": 2, "channels": 1}
    pieces = [AudioChunk(audio=content[at : at + 4096], **form).event() for at in range(0, len(content), 4096)]
    return [Transcribe(language="en").event(), AudioStart(**form).event(), *pieces, AudioStop().event()]


def test_it_tells_what_it_hears_and_speaks(port: int) -> None:
    info = Info.from_event(talk(port, [Describe().event()], "info")[-1])
    assert "en" in info.asr[0].models[0].languages
    assert {voice.name for voice in info.tts[0].voices} == {"en", "pt"}


def test_speech_becomes_text(port: int) -> None:
    answer = Transcript.from_event(talk(port, spoken(), "transcript")[-1])
    assert "What is this?" in answer.text and answer.language == "en"


def waking(names: list[str] | None = None, seconds: int = 2) -> list[Event]:
    """A second of speech, and some silence."""
    form = {"rate": 16000, "width": 2, "channels": 1}
    pieces = [AudioChunk(audio=bytes([1, 10] * 1600), **form).event() for _ in range(10 * seconds)]
    return [Detect(names=names).event(), AudioStart(**form).event(), *pieces, AudioStop().event()]


@pytest.mark.parametrize(("said", "is_heard"), [("Computer, what is this?", True), ("Hey computer.", True), ("What is a computer?", False)])
def test_the_wake_word_is_noticed_and_nothing_else(said: str, is_heard: bool) -> None:
    engines = fake_engines()
    engines.transcriber = ScriptedTranscriber([Transcription(said, "en", 0.9, said, 0.9)])
    with bound_socket("127.0.0.1", 0) as sock, served(engines, wyoming=sock):
        port = sock.getsockname()[1]
        assert Info.from_event(talk(port, [Describe().event()], "info")[-1]).wake[0].models[0].phrase == "computer"
        answers = talk(port, waking(["computer"]), "not-detected")
        found = [Detection.from_event(each) for each in answers if each.type == "detection"]
        assert [each.name for each in found] == (["computer"] if is_heard else [])
        assert talk(port, waking(["okay nabu"]), "error")[-1].type == "error"


def test_text_becomes_speech_in_the_language_of_the_voice(port: int) -> None:
    asked = Synthesize(text="Duas palavras.", voice=SynthesizeVoice(language="pt-BR")).event()
    start, *chunks, _ = talk(port, [asked], "audio-stop")
    assert AudioStart.from_event(start).rate == 16000
    assert sum(len(chunk.payload or b"") for chunk in chunks) == 2 * 2 * 1600


def test_what_cant_be_done_is_told_in_one_line_and_the_connection_goes_on(port: int) -> None:
    for events in (
        [Synthesize(text=" ").event()],
        [Synthesize(text="x", voice=SynthesizeVoice(language="xx")).event()],
        [AudioStart(rate=16000, width=4, channels=2).event()],
        spoken(seconds=12),
    ):
        answer = Error.from_event(talk(port, [*events], "never")[-1])
        assert "\n" not in answer.text
    assert talk(port, [Synthesize(text=" ").event(), Describe().event()], "never")[0].type == "error"


def test_what_is_no_event_ends_only_its_own_connection(port: int) -> None:
    huge = json.dumps({"type": "audio-chunk", "payload_length": 1 << 40}).encode()
    texts = (b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b"{}\n", b"\xff\n", b'{"type": 1}\n')
    for garbage in (*texts, huge + b"\n", b"[" * 60_000 + b"\n", b"x" * 100_000):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            sock.sendall(garbage)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass
    assert talk(port, [Describe().event()], "info")[-1].type == "info"
