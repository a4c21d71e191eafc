"""A question about a clip is answered from the keyframes it is about, by a model that can't take them all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assistant.answering.question_parser import parse_question
from assistant.messages import AnswerThresholds, Ask, Frame, Keyframe, View
from assistant.videos.answer_about import anywhere, choose_keyframes
from tests.support.fakes import ScriptedDescriber

KEYFRAMES = [Keyframe(Frame(np.full((4, 4, 3), level, np.uint8), time_s), "change") for level, time_s in ((0, 0.0), (90, 3.0), (180, 20.0))]


class DogAt(ScriptedDescriber):
    """Sees a dog, and only in pictures of this level."""

    def __init__(self, level: int, max_pictures: int = 1) -> None:
        super().__init__([""], max_pictures, AnswerThresholds())
        self._level = level

    def log_likelihoods(self, view: View, question: str, answers: object, *, prune_below: float = -math.inf) -> list[float]:
        there = int(view.keyframes[-1].frame.picture[0, 0, 0]) == self._level
        return [-0.01, -5.0] if there != ("no dog" in question) else [-5.0, -0.01]  # of Yes and No


def parsed(question: str) -> Ask:
    return parse_question(question, "en")[0]


def times_s(keyframes: list[Keyframe]) -> list[float]:
    return [keyframe.frame.time_s for keyframe in keyframes]


def test_a_thing_is_looked_for_in_all_keyframes() -> None:
    choice = choose_keyframes(DogAt(90), KEYFRAMES, parsed("Is there a dog?"), 4, 30.0)
    assert times_s(choice.keyframes) == [3.0]
    assert choice.finding is not None and choice.finding.probability > 0.8
    assert times_s(list(choice.rests_on)) == [3.0]
    absent = choose_keyframes(DogAt(90), KEYFRAMES, parsed("Is there no dog?"), 4, 30.0).finding
    assert absent is not None and absent.in_full and absent.probability > 0.8


def test_that_a_thing_is_nowhere_rests_on_all_keyframes() -> None:
    choice = choose_keyframes(DogAt(-1), KEYFRAMES, parsed("Is there a dog?"), 4, 30.0)
    assert choice.finding is not None and choice.finding.probability < 0.2 and times_s(list(choice.rests_on)) == [0.0, 3.0, 20.0]


def test_a_question_that_takes_a_thing_for_granted_is_answered_where_it_is() -> None:
    choice = choose_keyframes(DogAt(180), KEYFRAMES, parsed("What colour is the dog?"), 4, 30.0)
    assert (times_s(choice.keyframes), choice.finding) == ([20.0], None)


def test_any_other_question_is_answered_from_the_longest_scenes_in_order() -> None:
    assert times_s(choose_keyframes(DogAt(0), KEYFRAMES, parsed("What is happening?"), 4, 30.0).keyframes) == [3.0]
    assert times_s(choose_keyframes(DogAt(0, max_pictures=2), KEYFRAMES, parsed("What is happening?"), 4, 30.0).keyframes) == [3.0, 20.0]


def test_a_model_that_cant_tell_likelihoods_is_asked_about_the_longest_scenes() -> None:
    describer = DogAt(90)
    describer.scorer = None
    choice = choose_keyframes(describer, KEYFRAMES, parsed("Is there a dog?"), 4, 30.0)
    assert (times_s(choice.keyframes), choice.finding) == ([3.0], None)


def test_a_model_that_takes_them_all_gets_them_all() -> None:
    choice = choose_keyframes(DogAt(90, max_pictures=64), KEYFRAMES, parsed("Is there a dog?"), 4, 30.0)
    assert (times_s(choice.keyframes), choice.finding) == ([0.0, 3.0, 20.0], None)


def test_many_doubtful_looks_are_no_yes() -> None:
    """The largest of 16 numbers is large by chance."""
    assert anywhere([0.7]) == pytest.approx(0.7)
    assert anywhere([0.3] * 16) < 0.3
    assert anywhere([0.05] * 15 + [0.999]) > 0.9
    assert anywhere([0.0, 1.0]) == pytest.approx(1.0)
