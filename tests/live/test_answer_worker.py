"""What a user hears after what they said: the answering thread's work, job by job, without threads."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.languages import phrase
from assistant.live.answer_worker import sounds_whole
from assistant.live.job_queue import Idle, Respond, Speculate
from assistant.messages import (
    Transcript,
    Utterance,
)
from assistant.settings import EarSettings
from assistant.turns import UNBEGUN
from tests.support.talking import Talking


def test_what_was_said_until_a_pause_is_answered_ahead_and_not_again() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    assert talk.utter("What is this?", Speculate) == ["A red cup."]
    assert talk.ended_early
    assert talk.ask("What is this?", turn=1) == []
    assert len(talk.transcriber.heard) == 1
    assert talk.describer.questions == ["What is this?"]


def test_a_sentence_that_breaks_off_is_waited_for() -> None:
    talk = Talking(["It is blue."])
    talk.see()
    assert not talk.utter("What is the...", Speculate)
    assert not talk.ended_early
    assert talk.segmenter._ends_late
    assert talk.ask("How does it look?") == ["It is blue."]


def test_a_command_is_obeyed_only_when_the_user_has_really_stopped() -> None:
    talk = Talking(["A red cup."])
    assert talk.utter("faster", Speculate) == []
    assert talk.ended_early
    assert talk.voice.settings.rate == 1.0
    assert talk.ask("faster", turn=1) == [phrase("faster", "en")[0]]
    assert talk.voice.settings.rate > 1.0


@pytest.mark.parametrize("word", ["What?", "Describe"])
def test_a_command_that_may_begin_a_question_is_given_time_and_obeyed(word: str) -> None:
    """ "What ... does the sign say?" was asked to repeat, and then whether the sign says something."""
    talk = Talking(["A red cup."])
    talk.see()
    talk.utter(word, Speculate)
    assert not talk.ended_early and not talk.segmenter._ends_late
    assert talk.ask(word, turn=1) != [phrase("say_again", "en")[0]]
    assert not talk.segmenter._is_whole


def test_what_was_answered_ahead_in_vain_is_not_repeated() -> None:
    """A pause in "what ... repeat that" must not make the unheard answer the one to repeat."""
    talk = Talking(["A red cup.", "Nothing to hear."])
    talk.see()
    talk.ask("What is this?")
    talk.utter("Tell me.", Speculate)
    assert talk.ask("Repeat that.") == ["A red cup."]


@pytest.mark.parametrize("words", ["Stop.", "Stop talking."])
def test_after_stop_nothing_is_said(words: str) -> None:
    assert Talking(["x"]).ask(words) == []


def test_a_cough_while_the_assistant_speaks_changes_nothing_but_a_short_word_does() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    before = talk.turns.current
    assert talk.ask("", turn=UNBEGUN) == []
    assert talk.turns.current == before
    talk.ask("Stop.", turn=UNBEGUN)
    assert talk.turns.current == before + 1


def test_with_a_wake_word_other_talk_is_left_alone() -> None:
    talk = Talking(["A red cup."], wake_word="computer")
    talk.see()
    assert talk.ask("What is this?", turn=UNBEGUN) == []
    assert talk.ask("Computer, what is this?", turn=UNBEGUN) == ["A red cup."]
    assert talk.describer.questions == ["What is this?"]


@pytest.mark.parametrize(
    ("text", "whole"), [("What is this?", True), ("Stop.", True), ("What is the...", False), ("Is there", False), ("这是什么？", True)]
)
def test_a_question_that_breaks_off_doesnt_sound_whole(text: str, whole: bool) -> None:
    assert sounds_whole(text) == whole


def test_a_mere_beginning_is_never_answered_but_asked_for_again_once_it_wont_go_on() -> None:
    talk = Talking(["A dog."])
    talk.see()
    talk.now_s = 1.0  # it ended just now
    assert talk.ask("Is there?") == []
    talk.worker.do(Idle())
    assert [sentence.text for sentence in talk.said] == []
    talk.now_s = 2.6
    talk.worker.do(Idle())
    assert [sentence.text for sentence in talk.said] == [phrase("say_again", "en")[0]]


def test_a_beginning_that_goes_on_is_answered_whole() -> None:
    talk = Talking(["A dog."])
    talk.see()
    talk.now_s = 1.0
    talk.ask("What is")
    assert talk.ask("What is this?") == ["A dog."]
    talk.now_s = 10.0
    talk.worker.do(Idle())
    assert len(talk.said) == 1


def test_what_the_assistant_was_saying_itself_is_no_question() -> None:
    """Where the canceller fails, the words tell: they stand in what is being said."""
    talk = Talking(["A dog."])
    talk.see()
    said = "You can say: describe, read, more, repeat, stop."
    assert talk.ask("you can say", turn=UNBEGUN, said=said) == []
    assert talk.ask("What is this?", turn=UNBEGUN, said=said) == ["A dog."]


def test_words_over_its_voice_that_nobody_can_tell_are_answered_with_a_sound() -> None:
    talk = Talking(["A dog."])
    talk.see()
    spoken_over = Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, UNBEGUN)
    for text, confidence in (("", 0.0), ("Wubble", 0.1)):
        talk.transcriber._transcripts = type(talk.transcriber._transcripts)([Transcript(text, "en", 0.9, text, confidence)])
        talk.worker.do(Respond(spoken_over))
    assert talk.earcons == ["error"]
    assert talk.said == []


def test_a_radio_isnt_asked_to_say_it_again_for_ever() -> None:
    talk = Talking(["A dog."])
    talk.see()
    talk.conversation._ears = EarSettings(confidence_floor=0.9)
    answers = [talk.hear_unsure("la la la") for _ in range(4)]
    assert [bool(answer) for answer in answers] == [True, True, False, False]
    assert talk.earcons == ["error", "error"]
    assert talk.ask("What is this?") == ["A dog."]
    assert talk.hear_unsure("la la la")
