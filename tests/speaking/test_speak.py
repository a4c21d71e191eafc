"""Sentences are spoken in the best voice there is for their language, and only what the user heard counts as heard."""

from __future__ import annotations

import pytest

from assistant.messages import Sentence
from assistant.problems import MissingModel
from assistant.speaking.speak import choose_synthesizer, speak
from assistant.turns import Turns
from tests.support.fakes import ListSpeaker, ToneSynthesizer


def test_each_sentence_is_said_by_the_first_voice_for_its_language() -> None:
    best, other = ToneSynthesizer(("en",)), ToneSynthesizer(("en", "es"))
    sentences = [Sentence("A cat.", "en"), Sentence("Un gato.", "es")]
    heard = list(speak(sentences, [best, other], ListSpeaker(), Turns()))
    assert [(part.sentence, part.share) for part in heard] == [(sentence, 1.0) for sentence in sentences]
    assert (best.said, other.said) == (["A cat."], ["Un gato."])


def test_an_interrupted_sentence_is_heard_in_part_and_the_rest_not_at_all() -> None:
    turns = Turns()
    speaker = ListSpeaker(after_chunk=lambda: len(speaker.heard) == 2 and turns.interrupt())
    voice = ToneSynthesizer()
    heard = list(speak([Sentence("one two three four", "en"), Sentence("five", "en")], [voice], speaker, turns))
    assert [part.share for part in heard] == [pytest.approx(2 / 3)]  # of the three words that had been made
    assert voice.said == ["one two three four"]


def test_a_sentence_of_an_old_turn_is_never_synthesised() -> None:
    turns, voice = Turns(), ToneSynthesizer()
    turns.begin()
    sentences = [Sentence("old", "en", turn=0), Sentence("new", "en", turn=1)]
    assert [part.sentence.text for part in speak(sentences, [voice], ListSpeaker(), turns)] == ["new"]
    assert voice.said == ["new"]


def test_a_sentence_without_words_counts_as_heard() -> None:
    assert [part.share for part in speak([Sentence("...", "en")], [ToneSynthesizer()], ListSpeaker(), Turns())] == [1.0]


def test_a_language_without_a_voice_is_a_problem_that_names_the_command() -> None:
    with pytest.raises(MissingModel, match="assistant voices fetch sw"):
        choose_synthesizer([ToneSynthesizer(("en",))], "sw")
