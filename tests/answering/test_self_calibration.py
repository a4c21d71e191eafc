"""How far a model that nobody measured may be believed is found out on pictures whose truth is known, and never taken for more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.answering.answer_checks import presence_questions
from assistant.answering.known_pictures import KnownPicture, KnownQuestion, drawn_pictures
from assistant.answering.model_answers import SURE
from assistant.answering.self_calibration import FEWEST, answers, calibrate, fit_line, least_share
from assistant.messages import View
from tests.support.fakes import ScriptedDescriber

GREY = np.full((48, 64, 3), 128, np.uint8)
COLOUR = KnownQuestion("colour", "What colour is it?", frozenset(("red",)), frozenset(("green", "blue")))


class Knower(ScriptedDescriber):
    """Says yes to what it holds to be there, always with some liking for yes; every question that isn't of presence gets one answer."""

    def __init__(self, things: Sequence[str], *, yes_habit: float = 0.0, said: str = "Red.") -> None:
        super().__init__([said])
        self._log_odds = dict[str, float]()
        for thing in ("a cup", "a dog", "text"):
            sure = 3.0 if thing in things else -3.0
            there, absent = presence_questions(thing)
            self._log_odds |= {there: sure + yes_habit, absent: -sure + yes_habit}

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = 0.0) -> list[float]:
        yes = self._log_odds[question]
        return [-np.logaddexp(0, -yes), -np.logaddexp(0, yes)]


def known(questions: Sequence[KnownQuestion] = ()) -> list[KnownPicture]:
    return [KnownPicture(GREY, ("a cup",), ("a dog", "text"), questions)] * 6


def test_a_habit_of_saying_yes_is_taken_out() -> None:
    found = calibrate(Knower(["a cup"], yes_habit=5.0), known())
    assert found is not None
    assert found.presence_right == 1.0
    assert found.thresholds.slope > 0.5
    assert abs(found.thresholds.offset) < 1


def test_a_model_that_cant_tell_gets_a_flat_line() -> None:
    assert fit_line([(score, is_there) for score in (-3.0, 3.0) for is_there in (True, False)] * 10)[0] < 0.1
    assert fit_line([(-3.0, True), (3.0, False)] * 10)[0] == 0, "one that has it upside down isn't turned round"
    assert fit_line([]) == (1.0, 0.0)


def test_however_sure_it_is_nothing_is_told_plainly() -> None:
    found = calibrate(Knower(["a cup"]), known([COLOUR] * 10))
    assert found is not None
    assert found.thresholds.sure == float("inf")
    assert found.reliability["colour"] < SURE


@pytest.mark.parametrize(
    ("said", "right"), [("Red.", True), ("It is red", True), ("Green.", False), ("Red and green.", False), ("A reddish one.", False)]
)
def test_an_answer_is_right_by_its_words(said: str, right: bool) -> None:
    assert answers(COLOUR, said) == right


def test_of_few_questions_nothing_is_said_and_of_more_the_least_that_they_bear_out() -> None:
    found = calibrate(Knower(["a cup"]), known()[: FEWEST - 1])
    assert found is not None
    assert found.reliability == {}
    assert least_share([True] * 6) < least_share([True] * 8 + [False] * 0) <= SURE
    assert least_share([False] * 6) < 0.3
    assert least_share([True] * 10 + [False] * 10) < 0.5


def test_a_model_without_likelihoods_isnt_calibrated() -> None:
    describer = ScriptedDescriber(["Red."])
    describer.scorer = None
    assert calibrate(describer, known()) is None


def test_drawn_pictures_ask_for_what_they_show() -> None:
    pictures = list(drawn_pictures())
    assert all(each.picture.dtype == np.uint8 and not set(each.there) & set(each.absent) for each in pictures)
    intents = [question.intent for each in pictures for question in each.questions]
    assert all(intents.count(intent) >= FEWEST for intent in ("colour", "how_many", "where"))
    assert all(not question.right & question.wrong for each in pictures for question in each.questions)
