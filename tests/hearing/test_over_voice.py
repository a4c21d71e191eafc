"""What is said while the assistant speaks is heard, and its echo isn't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assistant.hearing.over_voice import OverVoice
from assistant.messages import Echoed, Transcript, Utterance
from tests.hearing.test_echo_delay import syllables
from tests.hearing.test_echo_fit import echoed

STOP, SCOTT = Transcript("Stop.", "en", 0.9, "Stop.", 0.6), Transcript("Scott.", "en", 0.9, "Scott.", 0.5)


class Hearing:
    """Hears one thing after another; keeps what it was given."""

    def __init__(self, *transcripts: Transcript) -> None:
        self._transcripts, self.given = list(transcripts), list[Utterance]()

    def __call__(self, utterance: Utterance) -> Transcript:
        self.given.append(utterance)
        return self._transcripts.pop(0)


def over_voice(hearing: Hearing) -> OverVoice:
    return OverVoice(hearing, lambda heard: heard == STOP, 0.5)


def utterance(word: float) -> Utterance:
    """Two seconds of an echo of the voice, with a word over it as loud as that."""
    heard, played = echoed(0.11)
    heard[16000:21000] += word * syllables(1, 7)[:5000]
    shares = np.ones(len(heard) // 512, np.float32)
    return Utterance(heard, 16000, 5.0, 5.0 + len(heard) / 16000, -1, shares, True, "", Echoed(heard, played))


def test_an_echo_is_not_even_given_to_the_recogniser() -> None:
    hearing = Hearing()
    assert over_voice(hearing).hear(utterance(word=0.0)).text == ""
    assert not hearing.given


def test_a_command_is_heard_once() -> None:
    hearing = Hearing(STOP)
    assert over_voice(hearing).hear(utterance(word=0.5)) == STOP
    assert len(hearing.given) == 1


def test_what_is_no_command_is_heard_again_in_the_raw_sound_without_its_echo() -> None:
    """Of "Stop" the canceller takes the first sound, and "Scott" is left."""
    hearing = Hearing(SCOTT, STOP)
    said = utterance(word=0.5)
    assert over_voice(hearing).hear(said) == STOP
    assert np.square(hearing.given[1].samples).sum() < np.square(said.samples).sum()


def test_what_the_judge_has_heard_is_not_heard_again_to_be_answered() -> None:
    hearing = Hearing(STOP)
    hears, said = over_voice(hearing), utterance(word=0.5)
    longer = replace(said, samples=np.pad(said.samples, (0, 5120)), end_s=said.end_s + 0.32)
    longer = replace(longer, speech_probabilities=np.pad(said.speech_probabilities, (0, 10)))
    assert hears.hear(said) == hears.hear(longer) == STOP


def test_with_headphones_there_is_no_echo_to_look_for() -> None:
    hearing = Hearing(SCOTT)
    assert over_voice(hearing).hear(replace(utterance(word=0.5), echoed=None)) == SCOTT
