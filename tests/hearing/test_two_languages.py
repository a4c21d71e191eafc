"""Of a recording in two languages nothing is dropped, and one language isn't cut in two."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.hearing.two_languages import parts_by_language
from assistant.messages import Transcript, Utterance
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedVoiceDetector

CHUNKS = 100
ENGLISH = Transcript("What is in front of me?", "en", 0.98, "What is in front of me?", 0.9)
SPANISH = Transcript("Que es esto?", "es", 0.56, "What is this?", 0.4)


class _Transcriber:
    def __init__(self, *heard: Transcript) -> None:
        self._heard = list(heard)

    def transcribe(self, samples: np.ndarray, sample_rate_hz: int, language: str | None = None, **_: object) -> Transcript:
        return self._heard.pop(0)


def parts(heard: list[Transcript], pause_chunks: int = 10) -> list[str | None]:
    """Two parts of speech with a pause between them."""
    speech = (CHUNKS - pause_chunks) // 2
    whole = Utterance(np.full(512 * CHUNKS, 0.1, np.float32), 16000, 0.0, CHUNKS * 0.032)
    detector = ScriptedVoiceDetector([1.0] * speech + [0.0] * pause_chunks + [1.0] * speech)
    found = parts_by_language(whole, detector, _Transcriber(*heard), EarSettings())
    assert found[0][1] is not None or found[0][0] is whole
    return [language for _, language in found]


def test_two_questions_in_two_languages_are_two() -> None:
    assert parts([ENGLISH, SPANISH]) == ["en", "es"]


@pytest.mark.parametrize(
    "second",
    [
        ENGLISH,
        Transcript("Nee", "nl", 0.4, "No", 0.9),
        Transcript("Que", "es", 0.9, "What", 0.1),
        Transcript("", "", 0.0, "", 0.0),
    ],
    ids=["the same language", "a doubtful language", "doubtful words", "a cough"],
)
def test_what_is_not_surely_another_language_stays_one_question(second: Transcript) -> None:
    assert parts([ENGLISH, second]) == [None]


def test_without_a_pause_nothing_is_heard_twice() -> None:
    assert parts([], pause_chunks=2) == [None]
