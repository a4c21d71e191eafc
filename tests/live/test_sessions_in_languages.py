"""All that one may say in a German, French or Arabic session is answered in that language; only descriptions are English, announced."""

from __future__ import annotations

import re
import tomllib
from typing import get_args

import numpy as np
import pytest

from assistant.instruments.colour import ColourInstrument
from assistant.instruments.light import LightInstrument
from assistant.instruments.objects import ObjectInstrument
from assistant.languages import phrase
from assistant.live.job_queue import Obey
from assistant.messages import Command, CommandKind, DetectedThing, Picture, Question, Region, Sentence
from assistant.settings import Settings
from tests.support.folders import SUPPORT
from tests.support.heard_session import HeardSession

SESSIONS = ("de", "fr", "ar")
DESCRIPTION = "A dog sits beside two red chairs and nobody speaks."
ENGLISH_WORDS = frozenset(
    ["the", "a", "is", "are", "it", "i", "you", "see", "and", "of", "to", "in", "what", "that", "not", "can", "this", "there"]
)
ARGUMENTS = {"language": "fr", "read_line": "2"}
DOGS = {"de": "ein Hund", "fr": "un chien", "ar": "كلب"}
"""What it is to tell of."""


class Room:
    """An ObjectDetector of a person, a dog and two chairs."""

    labels = frozenset(("person", "dog", "chair"))

    def detect(self, picture: Picture) -> list[DetectedThing]:
        return [DetectedThing(label, 0.95, Region(0.2 * n, 0.3, 0.1, 0.5)) for n, label in enumerate(("person", "dog", "chair", "chair"))]

    def unload(self) -> None:
        pass


def session(code: str) -> HeardSession:
    """Return one that sees a room of many colours."""
    instruments = [ObjectInstrument(Room(), 70.0), ColourInstrument(), LightInstrument()]
    found = HeardSession(DESCRIPTION, "", instruments, Settings(language=code))
    found.show(np.random.default_rng(0).integers(60, 200, (12, 16, 3)).astype(np.uint8).repeat(30, axis=0).repeat(30, axis=1))
    return found


def in_english(told: list[Sentence], code: str) -> list[str]:
    """Return what was said in English without having been announced, and what names English words in another language."""
    announced, found = phrase("english_follows", code)[0], list[str]()
    for number, sentence in enumerate(told):
        words = set(re.findall(r"[a-z']+", sentence.text.lower()))
        if sentence.language == code and not (len(words & ENGLISH_WORDS) > 2):
            continue
        if announced not in [earlier.text for earlier in told[:number]]:
            found.append(f"{sentence.language}: {sentence.text}")
    return found


@pytest.mark.parametrize("code", SESSIONS)
@pytest.mark.parametrize("kind", get_args(CommandKind))
def test_every_command_is_answered_in_the_language_of_the_session(kind: CommandKind, code: str) -> None:
    live = session(code)
    event = DOGS[code] if kind == "tell_when" else ARGUMENTS.get(kind, "")
    live.worker._responder.act(Question("", code, "", live.turns.begin(), Command(kind, event)))
    assert in_english(live.told, "fr" if kind == "language" else code) == []


@pytest.mark.parametrize(("code", "event"), [("de", "jemand springt über den Zaun"), ("fr", "quelqu'un saute la barrière")])
def test_what_cant_be_waited_for_is_refused_in_the_language_of_the_session(code: str, event: str) -> None:
    """It was looked for in the words of that language, which matched by chance or never."""
    live = session(code)
    live.conversation._translators = []
    live.worker.do(Obey(language=code, command=Command("tell_when", event), turn=live.turns.begin()))
    assert event in live.told[-1].text and live.told[-1].language == code
    assert in_english(live.told, code) == []


@pytest.mark.parametrize("code", SESSIONS)
def test_every_kind_of_question_is_answered_in_the_language_of_the_session(code: str) -> None:
    asked = tomllib.loads((SUPPORT / "asked" / f"{code}.toml").read_text(encoding="utf-8"))
    wrong = list[str]()
    for questions in asked.values():
        first = questions[0] if isinstance(questions, list) and questions else None
        if text := first[0] if isinstance(first, list) else first:
            live = session(code)
            live.worker._responder.act(live.conversation.written(str(text), code))
            wrong += [f"{text} -> {each}" for each in in_english(live.told, code)]
    assert wrong == []
