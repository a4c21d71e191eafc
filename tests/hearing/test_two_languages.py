"""Of a recording in two languages nothing is dropped, and one language isn't cut in two."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.hearing.two_languages import heard_in_main_language, parts_if_dropped
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


def parts(heard: list[Transcript], whole: str, pause_chunks: int = 10, known: bool = False) -> list[str]:
    """What is told of two parts of speech with a pause between them; nothing where the whole is all that was said."""
    speech = (CHUNKS - pause_chunks) // 2
    shares = [1.0] * speech + [0.0] * pause_chunks + [1.0] * speech
    found = np.array(shares if known else [], np.float32)
    both = Utterance(np.full(512 * CHUNKS, 0.1, np.float32), 16000, 0.0, CHUNKS * 0.032, speech_probabilities=found)
    detector = None if known else ScriptedVoiceDetector(shares)
    return [said.text for _, said in parts_if_dropped(both, whole, _Transcriber(*heard), EarSettings(), detector)]


BOTH = [ENGLISH.text, SPANISH.text]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("whole", [ENGLISH.text, SPANISH.text, "¿Qué es en frente de mí?"])
def test_of_two_languages_the_one_that_the_recogniser_dropped_is_told(whole: str, known: bool) -> None:
    assert parts([ENGLISH, SPANISH], whole, known=known) == BOTH


def test_a_part_that_nobody_can_tell_is_told_where_another_was_surely_dropped_with_it() -> None:
    assert parts([ENGLISH, Transcript("Ponka sposo", "pl", 0.1, "", 0.2)], ENGLISH.text) == [ENGLISH.text, "Ponka sposo"]


@pytest.mark.parametrize(
    ("heard", "whole"),
    [
        ([ENGLISH, Transcript("And the dog?", "en", 0.9, "", 0.9)], "What's in front of me, and the dog?"),
        ([ENGLISH, Transcript("", "", 0.0, "", 0.0)], ENGLISH.text),
        ([Transcript("Wha", "nl", 0.2, "", 0.2), Transcript("Wubble", "pl", 0.1, "", 0.2)], "What a bubble"),
    ],
    ids=["one language", "a cough", "nothing sure"],
)
def test_where_nothing_was_surely_dropped_it_stays_one(heard: list[Transcript], whole: str) -> None:
    assert parts(heard, whole) == []


def test_without_a_pause_nothing_is_heard_twice() -> None:
    assert parts([], ENGLISH.text, pause_chunks=2) == []


def test_a_part_of_which_nobody_is_sure_of_the_language_is_heard_again_in_that_of_the_others() -> None:
    """A German film in which "Give him the task of time." was told for "Geben Sie das Passwort ein."."""
    german, again = Transcript("Öffnen Sie das Fenster.", "de", 0.9, "", 0.8), Transcript("Geben Sie es ein.", "de", 1.0, "", 0.7)
    english = Transcript("Give him the task.", "en", 0.2, "", 0.4)
    long, part = (Utterance(np.full(512, 0.1, np.float32), 16000, 0.0, end_s) for end_s in (5.0, 2.0))
    told = heard_in_main_language([(long, german), (part, english), (part, ENGLISH)], _Transcriber(again))
    assert [said.text for _, said in told] == [german.text, again.text, ENGLISH.text]
    assert heard_in_main_language([], _Transcriber()) == []
