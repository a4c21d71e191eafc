"""`assistant hear`: what is said in a sound file of any length, utterance by utterance."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from assistant.assembly import open_sound_file, open_transcriber, open_voice_detector
from assistant.commands.options import store_of
from assistant.commands.output import Result, format_clock
from assistant.hearing.two_languages import hear_file
from assistant.messages import Transcript, Utterance
from assistant.settings import EarSettings
from assistant.translatable import Translatable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant hear` takes."""
    parser.add_argument("sound", metavar="WAV", help="a sound file, or a video with sound")
    parser.add_argument("--language", metavar="xx", help="the language spoken (default: detected)")


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Yield text as it is heard for people; with --json one object for the whole file."""
    settings = EarSettings()
    microphone = open_sound_file(options.sound)
    transcriber = open_transcriber(settings, store_of(options))
    heard: list[tuple[Utterance, Transcript]] = []
    for utterance, transcript in hear_file(microphone, open_voice_detector(), transcriber, settings, options.language):
        heard.append((utterance, transcript))
        if not options.json:
            yield _line(utterance, transcript), {}
    if options.json:
        yield "", _summary(heard)
    elif not heard:
        yield Translatable("no speech"), {}


def _line(utterance: Utterance, transcript: Transcript) -> str:
    english = f" ({transcript.english})" if transcript.english != transcript.text else ""
    return f"{format_clock(utterance.start_s)} [{transcript.language} {transcript.language_probability:.2f}] {transcript.text}{english}"


def _summary(heard: list[tuple[Utterance, Transcript]]) -> dict[str, Any]:
    """The language is that of the longest utterance."""
    longest = max(heard, key=lambda h: h[0].end_s - h[0].start_s)[1] if heard else None
    return {
        "text": " ".join(t.text for _, t in heard),
        "language": longest.language if longest else "",
        "language_probability": round(longest.language_probability, 4) if longest else 0.0,
        "english": " ".join(t.english for _, t in heard),
        "speech": bool(heard),
        "utterances": [
            {"start_s": round(u.start_s, 3), "end_s": round(u.end_s, 3), "text": t.text, "language": t.language} for u, t in heard
        ],
    }
