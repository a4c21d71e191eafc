"""The paths of OpenAI's API that make sense here, so that its clients see, hear and speak on this machine without a change.

Chat: the last message of the user is the question, the newest message with pictures is what it is about; what other roles say has no
effect, so that no text can talk the assistant out of its rules.
"""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import numpy as np
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from assistant import __version__
from assistant.answering.finding_data import finding_data
from assistant.messages import AudioChunk, Sentence, Sound, Transcript, Utterance
from assistant.serving.desk import Desk, json_body, json_response
from assistant.serving.problem_json import Refused
from assistant.serving.request_forms import ChatRequest, SpeechRequest, bounded_text, decoded_picture, known_language, parsed

MODEL = "assistant"
EARLIER_QUESTIONS = 4
"""Of a conversation that are looked at, for what "it" means in the last."""
VOICE_HZ = 24_000
"""Of raw sound ("pcm"), as OpenAI's API has it."""


class OpenAiApi:
    """Handlers of /v1/..."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return them all."""
        return [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/audio/transcriptions", self.transcribe, methods=["POST"]),
            Route("/v1/audio/speech", self.speak, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/models/{name}", self.model),
        ]

    async def models(self, request: Request) -> Response:
        """List the one model."""
        return json_response({"object": "list", "data": [_model()]})

    async def model(self, request: Request) -> Response:
        """Tell of the one model."""
        if request.path_params["name"] != MODEL:
            raise Refused(404, f"there is one model here. Use {MODEL}.")
        return json_response(_model())

    async def chat(self, request: Request) -> Response:
        """Answer the last question about the newest pictures."""
        asked = parsed(await json_body(request), ChatRequest)
        language = known_language(asked.language, self._desk.language)
        limits, said = self._desk.limits, [message for message in asked.messages if message.role == "user"]
        texts = [message.text for message in said if message.text.strip()][-EARLIER_QUESTIONS:]
        if not texts:
            raise Refused(422, "there is no question. Put it into a message of the role user.")
        for text in texts:
            bounded_text(text, limits.question_characters, "the question")
        uris = next((message.pictures for message in reversed(said) if message.pictures), [])
        pictures = [decoded_picture(uri) for uri in uris[-limits.pictures :]]
        lane, engines = self._desk.lanes["answers"], self._desk.engines
        sentences = lane.stream(lambda: engines.ask(pictures, texts, language, asked.detail))
        if asked.stream:
            first = await anext(sentences, None)  # what is wrong is told by the status, as long as nothing else was
            return StreamingResponse(_chunks(first, sentences), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        return json_response(_completion([sentence async for sentence in sentences]))

    async def transcribe(self, request: Request) -> Response:
        """Write down what is said in a recording."""
        form = await _form(request)
        file, answer_form = form.get("file"), str(form.get("response_format") or "json")
        if not isinstance(file, UploadFile):
            raise Refused(422, "there is no recording. Send it as `file` of a multipart form.")
        if answer_form not in ("json", "text", "verbose_json"):
            raise Refused(422, "that response_format isn't made here. Use json, text or verbose_json.")
        language = known_language(str(form.get("language") or ""), "") or None
        sound, engines, longest_s = await file.read(), self._desk.engines, self._desk.limits.sound_s
        heard = await self._desk.do("ears", request, lambda: list(engines.transcribe(sound, language, longest_s)))
        text = " ".join(transcript.text.strip() for _, transcript in heard)
        if answer_form == "text":
            return PlainTextResponse(text)
        return json_response({"text": text} | (_verbose(heard) if answer_form == "verbose_json" else {}))

    async def speak(self, request: Request) -> Response:
        """Speak a text, as WAV or as raw samples, which come while they are made."""
        asked = parsed(await json_body(request), SpeechRequest)
        language = known_language(asked.language, self._desk.language)
        text = bounded_text(asked.input, self._desk.limits.text_characters, "`input`, the text,")
        engines, rate = self._desk.engines, max(0.5, asked.speed)
        chunks = self._desk.lanes["voice"].stream(lambda: engines.synthesize(text, language, rate))
        first = await anext(chunks, None)
        if first is None:
            raise Refused(422, "there is nothing to say in that text. Write at least one word.")
        rate_hz = first.sample_rate_hz if asked.response_format == "wav" else VOICE_HZ
        kind = "audio/wav" if asked.response_format == "wav" else "audio/pcm"
        return StreamingResponse(_sound(first, chunks, rate_hz, asked.response_format == "wav"), media_type=kind)


class _InMemory(MultiPartParser):
    """Starlette's parser, which would put a large file on the disk."""

    spool_max_size = 1 << 62


async def _form(request: Request) -> FormData:
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Refused(415, "the body must be a multipart form with the recording as `file`.")
    try:
        parser = _InMemory(request.headers, request.stream(), max_files=1, max_fields=16, max_part_size=1 << 16)
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Refused(400, "the multipart form is damaged. Send it by a library that makes such forms.") from error


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "this machine", "version": __version__}


def _completion(said: list[Sentence]) -> dict[str, Any]:
    message = {"role": "assistant", "content": " ".join(sentence.text for sentence in said), "refusal": None}
    findings = [finding_data(sentence, ()) for sentence in said if sentence.finding]
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return _head("chat.completion") | {"choices": [choice], "findings": findings}


async def _chunks(first: Sentence | None, rest: AsyncIterator[Sentence]) -> AsyncIterator[bytes]:
    """One event a sentence. What goes wrong after the first ends the stream with an event that says it."""
    head = _head("chat.completion.chunk")

    def event(delta: dict[str, Any], ends: str | None = None) -> bytes:
        chunk = head | {"choices": [{"index": 0, "delta": delta, "finish_reason": ends, "logprobs": None}]}
        return b"data: " + msgspec.json.encode(chunk) + b"\n\n"

    yield event({"role": "assistant", "content": ""})
    if first:
        yield event({"content": first.text})
        async for sentence in rest:
            yield event({"content": f" {sentence.text}"})
    yield event({}, "stop")
    yield b"data: [DONE]\n\n"


def _head(kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{secrets.token_hex(8)}", "object": kind, "created": int(time.time()), "model": MODEL}


def _verbose(heard: list[tuple[Utterance, Transcript]]) -> dict[str, Any]:
    segments = [
        {"id": number, "start": round(one.start_s, 2), "end": round(one.end_s, 2), "text": told.text, "language": told.language}
        for number, (one, told) in enumerate(heard)
    ]
    languages = [told.language for _, told in heard]
    return {
        "task": "transcribe",
        "language": max(languages, key=languages.count, default=""),
        "duration": round(heard[-1][0].end_s, 2) if heard else 0.0,
        "segments": segments,
    }


async def _sound(first: AudioChunk, rest: AsyncIterator[AudioChunk], rate_hz: int, as_wav: bool) -> AsyncIterator[bytes]:
    """16-bit samples, after a header that leaves the length open."""
    if as_wav:
        yield wav_header(rate_hz)
    yield pcm(first, rate_hz)
    async for chunk in rest:
        yield pcm(chunk, rate_hz)


def wav_header(rate_hz: int, data_bytes: int = 0xFFFF_FF00) -> bytes:
    """Return the header of a WAV file of 16-bit mono sound; of unknown length, as programs write it to pipes, if none is given."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", min(36 + data_bytes, 0xFFFF_FFFF), b"WAVE") + form + struct.pack("<4sI", b"data", data_bytes)


def pcm(chunk: AudioChunk, rate_hz: int) -> bytes:
    """Return a chunk as 16-bit samples at a rate, little-endian."""
    return (np.clip(_resampled(chunk, rate_hz), -1, 1) * 32767).astype("<i2").tobytes()


def _resampled(chunk: AudioChunk, rate_hz: int) -> Sound:
    if chunk.sample_rate_hz == rate_hz or not len(chunk.samples):
        return chunk.samples
    count = max(1, round(len(chunk.samples) * rate_hz / chunk.sample_rate_hz))
    at = np.linspace(0, len(chunk.samples) - 1, count)
    return np.interp(at, np.arange(len(chunk.samples)), chunk.samples).astype(np.float32)
