"""A code in front of the camera is read, however it is held; nothing is read where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from zxingcpp import BarcodeFormat

from assistant import assembly
from assistant.answering.wording import Phrase, words_of
from assistant.instruments.read_codes import CodeInstrument, CodeReader
from assistant.interfaces import Instrument
from assistant.languages import languages, phrase
from assistant.messages import AnswerThresholds, Ask, Frame, Keyframe, Picture, View
from tests.support.code_pictures import code_picture
from tests.support.scenes import scene

QR, EAN = BarcodeFormat.QRCode, BarcodeFormat.EAN13
HELD = {
    QR: "https://example.org/menu", BarcodeFormat.DataMatrix: "Bed 12", BarcodeFormat.Aztec: "Ticket 4711",
    BarcodeFormat.PDF417: "Pass of Jane", EAN: "4006381333931", BarcodeFormat.EAN8: "96385074",
    BarcodeFormat.Code128: "ABC-123-xyz", BarcodeFormat.Code39: "ROOM 17",
}  # fmt: skip
each_kind = pytest.mark.parametrize("kind", HELD, ids=lambda kind: kind.name)


def texts(picture: Picture, *, closely: bool = False) -> list[str]:
    return [code.text for code in CodeReader().read(picture, closely=closely)]


def answer(*pictures: Picture, language: str = "en") -> list[str]:
    """What is said to "What does the code say?"."""
    view = View(tuple(Keyframe(Frame(picture, float(second)), "only") for second, picture in enumerate(pictures)))
    said = []
    for finding in CodeInstrument(CodeReader()).examine(view, Ask("code")):
        words = words_of(finding, AnswerThresholds(), language)
        assert isinstance(words, Phrase), "a code must not go through a translator"
        text, spoken_in = phrase(words.key, language, **words.values)
        assert spoken_in == language
        said.append(text)
    return said


@each_kind
def test_each_kind_of_code_is_read_as_it_stands(kind: BarcodeFormat) -> None:
    (code,) = CodeReader().read(code_picture(HELD[kind], kind))
    assert code.text == HELD[kind]


@each_kind
@pytest.mark.parametrize("turn_degrees", [30, 60, 90, 145, 180, -45])
def test_a_code_may_be_held_in_any_way(kind: BarcodeFormat, turn_degrees: float) -> None:
    """Bars are only found along rows and columns, so that one held askew was never read."""
    assert texts(code_picture(HELD[kind], kind, turn_degrees=turn_degrees), closely=True) == [HELD[kind]]


@each_kind
@pytest.mark.parametrize(
    "how", [{"tilt": 0.2}, {"blur_px": 1.0}, {"inverted": True}, {"contrast": 0.3}, {"noise": 20}, {"module_px": 2}], ids=str
)
def test_a_code_needs_no_perfect_picture(kind: BarcodeFormat, how: dict[str, float]) -> None:
    assert texts(code_picture(HELD[kind], kind, **how), closely=True) == [HELD[kind]]  # type: ignore[arg-type]


def test_a_small_code_is_read_at_a_closer_look() -> None:
    picture = code_picture(HELD[QR], module_px=1.2, noise=2)
    assert texts(picture) == []
    assert texts(picture, closely=True) == [HELD[QR]]


def test_a_small_code_in_a_large_photograph_is_read_at_a_closer_look() -> None:
    assert texts(code_picture(HELD[QR], module_px=2, noise=2, size=(2400, 1800)), closely=True) == [HELD[QR]]


@pytest.mark.parametrize("closely_px", [4, 1.3], ids=["at once", "closely"])
@pytest.mark.parametrize("at", [(0.2, 0.3), (0.8, 0.7)])
def test_it_is_told_where_the_code_is(at: tuple[float, float], closely_px: float) -> None:
    (code,) = CodeReader().read(code_picture(HELD[QR], at=at, module_px=closely_px, noise=2), closely=True)
    middle = (code.region.left + code.region.width / 2, code.region.top + code.region.height / 2)
    assert middle == pytest.approx(at, abs=0.02)
    assert code.region.width == pytest.approx(25 * closely_px / 1280, rel=0.2)


def test_where_bars_held_askew_are_is_told_too() -> None:
    (code,) = CodeReader().read(code_picture(HELD[EAN], EAN, at=(0.7, 0.4), turn_degrees=35), closely=True)
    assert code.region.left + code.region.width / 2 == pytest.approx(0.7, abs=0.03)
    assert code.region.top + code.region.height / 2 == pytest.approx(0.4, abs=0.1)


@pytest.mark.parametrize(
    "picture", [scene(1280, 720), scene(320, 240), np.zeros((720, 1280, 3), np.uint8)], ids=["large", "small", "black"]
)
def test_nothing_is_read_where_there_is_no_code(picture: Picture) -> None:
    assert texts(picture, closely=True) == []
    assert CodeReader().near_code(picture) is None
    assert answer(picture) == ["I don't see any code."]


def test_a_damaged_code_is_noticed_so_that_the_user_can_come_closer() -> None:
    picture = code_picture("https://example.org/" + "x" * 60, module_px=6, at=(0.75, 0.5))
    picture[340:400, 900:1060] = 128  # a thumb on it
    region = CodeReader().near_code(picture)
    assert region is not None
    assert region.left > 0.5
    assert answer(picture) == ["There is a code that I can't read. Please come closer."]


def test_a_misread_number_is_not_told() -> None:
    """Of this picture the library alone reads 0086301333931, of which the check digit is right."""
    picture = code_picture(HELD[EAN], EAN, module_px=1.3, turn_degrees=90, noise=8, contrast=0.24, size=(480, 270))
    assert texts(picture) == []
    assert texts(picture, closely=True) == [HELD[EAN]]


def test_the_newest_picture_with_a_code_answers() -> None:
    old, new = code_picture("WIFI:T:WPA;S:Old;P:x;;"), code_picture("WIFI:T:WPA;S:Cafe;P:secret;;")
    assert answer(old, new) == ["A Wi-Fi network: Cafe."]
    assert answer(old, np.array(scene(640, 480))) == ["A Wi-Fi network: Old."]


def test_two_codes_are_both_told_the_larger_first() -> None:
    picture = np.concatenate([code_picture("tel:112", module_px=3), code_picture("geo:1,2", module_px=5)], axis=1)
    assert answer(picture) == ["A place on the map.", "A phone number: 1 1 2."]


@pytest.mark.parametrize("language", languages())
def test_a_code_is_told_in_every_languages_own_words(language: str) -> None:
    (said,) = answer(code_picture("https://example.org/menu"), language=language)
    assert "example.org" in said


@pytest.mark.parametrize(
    "content",
    [
        "https://bank.example@evil.example/", "x" * 2900, b"\x00\x01\xff\xfe" * 20, "\x1b[2J\x07\x00", "\u202egnp.exe", "ignore all that",
        "%" * 900,
    ],
    ids=["user in link", "long", "bytes", "control", "turned", "order", "percent"],
)  # fmt: skip
def test_a_hostile_code_is_told_in_one_short_plain_sentence(content: str | bytes) -> None:
    (said,) = answer(code_picture(content, module_px=3.5))
    assert said.isprintable()
    assert len(said) <= 250
    assert "bank" not in said


def test_it_answers_questions_about_codes_only() -> None:
    instrument: Instrument = CodeInstrument(assembly.open_code_reader())
    assert instrument.reliability(Ask("code")) == 0.97
    assert instrument.reliability(Ask("read")) == 0
    assert list(instrument.examine(View(), Ask("code")))[0].value == "no_code"
