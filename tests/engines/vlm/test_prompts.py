"""A SmolVLM2 is asked as its makers ask it, by what it is shown; the starter as it was taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.answering.answer_checks import MORE_QUESTION, SCENE_QUESTION
from assistant.answering.model_answers import ModelInstrument
from assistant.engines.vlm.prompt import IMAGE_PROMPTS, VIDEO_PROMPTS
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import Ask, Detail, Frame, Keyframe, Prompts, View
from tests.support.fakes import ScriptedDescriber
from tests.support.tiny_onnx import write_tiny_model

GREY = np.full((48, 64, 3), 128, np.uint8)


def keyframes(count: int) -> list[Keyframe]:
    return [Keyframe(Frame(GREY, float(n)), "change") for n in range(count)]


def test_one_picture_is_called_an_image_and_several_a_video(tmp_path: Path) -> None:
    describer = Smolvlm2Describer(write_tiny_model(tmp_path / "model", max_pictures=3).folder, threads=1)
    assert describer.look(keyframes(1)).prompts == IMAGE_PROMPTS
    assert describer.look(keyframes(2)).prompts == VIDEO_PROMPTS


class Shown(ScriptedDescriber):
    """Likes to be asked about what it is shown as `prompts` has it."""

    def __init__(self, prompts: Prompts) -> None:
        super().__init__(["A cup."])
        self._prompts = prompts

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        return View(tuple(keyframes), prompts=self._prompts)


def asked(ask: Ask, prompts: Prompts, detail: Detail = "brief") -> str:
    describer = Shown(prompts)
    describer.reliability = {"colour": 0.9, "where": 0.9, "how_many": 0.9}
    list(ModelInstrument(describer).examine(describer.look(keyframes(1)), ask, detail))
    return describer.questions[-1]


@pytest.mark.parametrize(
    ("ask", "detail", "prompt"),
    [
        (Ask("scene", text=SCENE_QUESTION, english=SCENE_QUESTION), "brief", "Can you describe this image in one short sentence?"),
        (Ask("scene", text=SCENE_QUESTION, english=SCENE_QUESTION), "normal", "Can you describe this image?"),
        (Ask("free", english=MORE_QUESTION), "full", "Describe this image in detail."),
        (Ask("what", english="What is this?"), "brief", "What is this?\nGive a very brief answer."),
        (Ask("colour", "cup", english="What colour is the cup?"), "brief", "What colour is the cup?\nGive a very brief answer."),
        (Ask("where", "cup", english="Where is the cup?"), "brief", "Where is the cup?\nGive a very brief answer."),
        (Ask("free", english="Is the cup full?"), "brief", "Is the cup full?"),
    ],
)
def test_questions_are_worded_for_the_model(ask: Ask, detail: Detail, prompt: str) -> None:
    assert asked(ask, IMAGE_PROMPTS, detail) == prompt


@pytest.mark.parametrize(
    "ask", [Ask("scene", text=SCENE_QUESTION), Ask("free", text=MORE_QUESTION), Ask("colour", text="What colour is the cup?")]
)
def test_a_model_that_was_taught_on_bare_questions_gets_them(ask: Ask) -> None:
    assert asked(replace(ask, english=ask.text), Prompts()) == ask.text
