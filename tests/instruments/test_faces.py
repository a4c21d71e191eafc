"""What a user hears who asks about faces: how many, whether one is turned to them, and where; never whose."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.answering.question_parser import parse_question
from assistant.conversation import Conversation
from assistant.engines.detection.centerface import is_turned_here
from assistant.instruments.faces import FaceInstrument
from assistant.languages import languages
from assistant.messages import FACING, Ask, DetectedThing, Frame, Keyframe, View
from assistant.settings import EarSettings
from tests.instruments.test_objects import LEFT, MIDDLE, Found, seen, shown
from tests.support.fakes import ScriptedDescriber

ASKED = {
    "en": "Is anybody looking at me?", "de": "Schaut mich jemand an?", "es": "¿Me está mirando alguien?",
    "pt": "Está alguém a olhar para mim?", "fr": "Est-ce que quelqu'un me regarde ?", "it": "C'è qualcuno che mi sta guardando?",
    "nl": "Kijkt er iemand naar mij?",
    "pl": "Czy ktoś na mnie patrzy?", "ru": "На меня кто-нибудь смотрит?", "uk": "На мене хтось дивиться?", "tr": "Bana bakan biri var mı?",
    "ar": "هل ينظر إلي أحد؟", "hi": "क्या कोई मुझे देख रहा है?", "zh": "有人在看我吗？", "ja": "誰かこっちを見ていますか？",
    "cs": "Dívá se na mě někdo?",
    "ko": "누가 나를 보고 있어요?", "vi": "Có ai đang nhìn tôi không?", "id": "Apakah ada orang yang melihat saya?",
}  # fmt: skip


def heard(question: str, *faces: DetectedThing, language: str = "en") -> str:
    instruments = [FaceInstrument(Found(faces, ["face", FACING]), 70.0)]
    talk = Conversation(None, ScriptedDescriber(["A room."]), EarSettings(), language, instruments=instruments)
    return " ".join(sentence.text for sentence in talk.answer(talk.glance([shown()]), talk.written(question, language)))


def test_a_face_that_is_turned_here_is_told_with_its_place() -> None:
    assert heard("Is anybody looking at me?", seen(FACING, MIDDLE)) == "A face is turned towards you. A face: straight ahead."


def test_one_that_looks_elsewhere_is_told_apart_from_none() -> None:
    assert heard("Is anybody looking at me?", seen("face", LEFT)) == "I see a face, but none that is turned towards you."
    assert heard("Is anybody looking at me?") == "I see no face."


def test_faces_are_counted_whichever_way_they_look() -> None:
    assert heard("How many faces are there?", seen(FACING, MIDDLE), seen("face", LEFT)) == "Faces: 2."


def test_an_unlikely_face_is_none() -> None:
    assert heard("Is anybody looking at me?", seen(FACING, MIDDLE, 0.4)) == "I see no face."


def test_who_it_is_is_never_told() -> None:
    assert heard("Who is this?", seen(FACING, MIDDLE)).startswith("I don't recognise people.")


@pytest.mark.parametrize("code", languages())
def test_every_language_asks_and_is_answered_in_it(code: str) -> None:
    [ask] = parse_question(ASKED[code], code)
    assert ask.intent == "facing"
    assert heard(ASKED[code], language=code) == languages()[code].phrases["no_face"]


@pytest.mark.parametrize(("nose", "eyes", "expected"), [(0.5, 0.4, True), (0.35, 0.4, True), (0.1, 0.4, False), (0.5, 0.1, False)])
def test_a_nose_in_the_middle_between_two_eyes_is_a_face_turned_here(nose: float, eyes: float, expected: bool) -> None:
    """`nose`: its place between the eyes; `eyes`: their distance as a share of the face's width. Tilted as a head may be."""
    along, down = np.array([0.9, 0.4]) / np.hypot(0.9, 0.4), np.array([-0.4, 0.9]) / np.hypot(0.9, 0.4)
    left = np.array([30.0, 40.0])
    points = np.stack([left, left + 100 * eyes * along, left + 100 * eyes * nose * along + 20 * down, left, left])[None].astype(np.float32)
    assert is_turned_here(points, np.array([100.0], np.float32)).tolist() == [expected]


@pytest.mark.models
def test_a_portrait_looks_here(models_dir: Path) -> None:
    """Grace Hopper's, which matplotlib brings along; none looks here where only her shoulders are seen."""
    from assistant.engines.detection.detector import OnnxDetector

    cbook = pytest.importorskip("matplotlib.cbook")
    portrait = np.asarray(cv2.imread(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))))[..., ::-1]
    faces = FaceInstrument(OnnxDetector(models_dir / "centerface"), 70.0)
    for picture, expected in ((portrait, ["label", "place"]), (portrait[len(portrait) // 2 :], ["label"])):
        view = View((Keyframe(Frame(np.ascontiguousarray(picture), 0.0), "only"),))
        assert [finding.kind for finding in faces.examine(view, Ask("facing"))] == expected
