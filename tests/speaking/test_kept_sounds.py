"""What is said again is heard at once, in the voice as it is now."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.messages import AudioChunk, Sentence
from assistant.problems import Problem
from assistant.settings import VoiceSettings
from assistant.speaking.kept_sounds import LONGEST_LETTERS, MOST_S, KeptSounds
from assistant.speaking.synthesis_buffer import SynthesisBuffer
from assistant.turns import Turns
from tests.support.fakes import ToneSynthesizer

YES = Sentence("Yes.", "en")


@pytest.fixture
def voice() -> ToneSynthesizer:
    return ToneSynthesizer()


def said(kept: KeptSounds, voice: ToneSynthesizer, sentence: Sentence) -> float:
    """Seconds of its sound."""

    def make(sentence: Sentence) -> Iterator[AudioChunk]:
        return voice.synthesize(sentence.text, sentence.language)

    return sum(chunk.duration_s for chunk in kept.sound(sentence, voice.settings, make))


def test_what_was_said_is_not_made_again(voice: ToneSynthesizer) -> None:
    kept = KeptSounds()
    assert said(kept, voice, YES) == said(kept, voice, YES) == pytest.approx(0.1)
    assert voice.said == ["Yes."]


def test_at_another_rate_it_is(voice: ToneSynthesizer) -> None:
    kept = KeptSounds()
    said(kept, voice, YES)
    voice.settings = VoiceSettings(rate=2.0)
    assert said(kept, voice, YES) == pytest.approx(0.05)


def test_long_sentences_are_not_kept_and_the_oldest_are_dropped(voice: ToneSynthesizer) -> None:
    kept = KeptSounds()
    long = Sentence("word " * LONGEST_LETTERS, "en")
    said(kept, voice, long)
    assert not kept.knows(long, voice.settings)
    said(kept, voice, YES)
    for number in range(round(MOST_S / 2) + 1):  # of twenty words, two seconds, each
        said(kept, voice, Sentence(f"{number} {'a ' * 19}", "en"))
    assert not kept.knows(YES, voice.settings)


def test_what_is_interrupted_is_not_kept_by_half(voice: ToneSynthesizer) -> None:
    kept, two = KeptSounds(), Sentence("Yes. No.", "en")
    next(kept.sound(two, voice.settings, lambda each: voice.synthesize(each.text, each.language)))
    assert not kept.knows(two, voice.settings)


def test_a_phrase_is_rehearsed_once(voice: ToneSynthesizer) -> None:
    def trouble(problem: Problem) -> None:
        raise problem

    buffer = SynthesisBuffer([voice], Turns(), trouble)
    assert buffer.rehearse(YES)
    assert not buffer.rehearse(YES)
    buffer.make([YES])
    assert voice.said == ["Yes."]
