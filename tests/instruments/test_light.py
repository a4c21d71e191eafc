"""What a user hears of the light: what can be known, and never a bare yes or no."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.benchmarks.rendered_garments import render
from assistant.benchmarks.rendered_light import exposed
from assistant.conversation import Conversation
from assistant.instruments.light import LightInstrument
from assistant.languages import languages
from assistant.messages import Frame, Keyframe, Picture, Region
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.light_levels import bright_lamp, light_level, side_of
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedDescriber

ROOM = render(3, "report", "daylight 6500 K").picture
QUESTIONS = ("Is the light on?", "Is it dark in here?", "How bright is it?", "Where does the light come from?")
DARK = "It is very dark here. A lamp or a torch would help."


def heard(picture: Picture, question: str, language: str = "en") -> list[str]:
    talk = Conversation(None, ScriptedDescriber(["A cat."]), EarSettings(), language, instruments=[LightInstrument()])
    asked = talk.written(question, language)
    shown = [Keyframe(Frame(picture, 0.0), "change", problem=picture_problem(picture))]
    return [sentence.text for sentence in talk.answer(talk.glance(shown, question=asked), asked)]


def with_lamp(across: float, down: float) -> Picture:
    height, width = ROOM.shape[:2]
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - down * height, x - across * width)
    light = np.where(away < 22, 2.0, 0.7 * np.exp(-(away - 22) / 30))
    return np.asarray(np.clip((ROOM / 255.0) ** 2.2 * 0.3 + light[..., None], 0, 1) ** (1 / 2.2) * 255, np.uint8)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_dark_picture_is_an_answer_and_no_trouble(question: str) -> None:
    assert heard(exposed(ROOM, 0.002), question) == [DARK]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("exposure", [1.0, 0.25, 0.06, 0.002])
def test_it_never_says_a_bare_yes_or_no(question: str, exposure: float) -> None:
    said = heard(exposed(ROOM, exposure), question)
    assert said and not {"Yes.", "No.", "I think so.", "I don't think so."} & set(said)


def test_other_questions_are_still_told_that_it_is_too_dark() -> None:
    assert heard(exposed(ROOM, 0.002), "What is this?")[0].startswith("It is too dark to see anything.")


def test_an_ordinary_room_has_light_and_perhaps_no_lamp() -> None:
    assert heard(ROOM, "Is the light on?") == ["There is enough light to see.", "I see no lamp in the picture."]


def test_a_lamp_is_told_with_its_side() -> None:
    said = heard(with_lamp(0.15, 0.5), "Where does the light come from?")
    assert "Something is very bright on the left: a lamp, a window or a reflection." in said


@pytest.mark.parametrize(("place", "side"), [((0.1, 0.5), "left"), ((0.9, 0.5), "right"), ((0.5, 0.1), "above"), ((0.5, 0.6), "middle")])
def test_the_side_is_where_the_lamp_is(place: Sequence[float], side: str) -> None:
    lamp = bright_lamp(with_lamp(*place))
    assert lamp is not None and side_of(lamp) == side
    assert abs(lamp.left + lamp.width / 2 - place[0]) < 0.05


def test_white_paper_is_no_lamp() -> None:
    paper = np.full((360, 640, 3), 150, np.uint8)
    paper[100:150, 200:260] = 255
    assert bright_lamp(paper) is None


def test_light_from_one_side_and_from_behind_is_told() -> None:
    gradient = np.broadcast_to(np.linspace(230, 20, 640)[None, :, None], (360, 640, 3))
    texture = np.random.default_rng(0).integers(0, 2, (45, 80, 1)).repeat(8, 0).repeat(8, 1)
    assert light_level(np.asarray(gradient * (0.7 + 0.3 * texture), np.uint8)) == ["light_enough", "view_lit_left"]


def test_it_takes_less_than_50_ms() -> None:
    picture = np.asarray(ROOM.repeat(2, 0).repeat(2, 1)[:720, :1280])
    light_level(picture)
    begun = time.process_time()
    for _ in range(5):
        light_level(picture)
        bright_lamp(picture)
    assert (time.process_time() - begun) / 5 < 0.05


def test_every_language_answers_in_its_own_words() -> None:
    keys = {"light_very_dark", "light_enough", "no_lamp", "light_went_out", "light_came_on"}
    keys |= {f"lamp_{side}" for side in ("left", "right", "above", "middle")}
    for key in keys:
        assert len({language.phrases[key] for language in languages().values()}) == len(languages())


def test_sides_of_a_picture() -> None:
    assert side_of(Region(0.0, 0.0, 0.2, 0.2)) == "left" and side_of(Region(0.45, 0.8, 0.1, 0.1)) == "middle"
