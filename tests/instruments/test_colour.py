"""What a user hears of colours: a name where it is sure, two where it isn't, and nothing of what isn't found."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.benchmarks.colours import ask as examined
from assistant.benchmarks.colours import judged, outcome, told, truth_of
from assistant.benchmarks.rendered_garments import LAMPS, render
from assistant.conversation import Conversation
from assistant.instruments.colour import ColourInstrument, Finder
from assistant.languages import Language, colour_name, languages
from assistant.messages import Ask, Keyframe, Picture, Region, View
from assistant.seeing.colours import ANCHORS, NEIGHBOURS, are_near, difference, name_probabilities, to_lab
from assistant.seeing.thing_colours import thing_colours
from assistant.seeing.white_balance import planckian
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedDescriber
from tests.support.shown_things import held, keyframes

RED, WHITE, BLUE, GREEN = (200, 20, 25), (238, 238, 236), (25, 60, 190), (20, 130, 45)
each_language = pytest.mark.parametrize("language", languages().values(), ids=lambda language: language.code)


def heard(shown: list[Keyframe], question: str, language: str = "en", find: Finder | None = None) -> list[str]:
    talk = Conversation(None, ScriptedDescriber(["A cat."]), EarSettings(), language, instruments=[ColourInstrument(find)])
    asked = talk.written(question, language)
    return [sentence.text for sentence in talk.answer(talk.glance(shown, question=asked), asked)]


def test_a_red_cloth_is_red() -> None:
    assert heard(keyframes(held(RED)), "What colour is this?") == ["Red."]


@pytest.mark.parametrize(
    ("question", "language", "answer"),
    [("Welche Farbe hat das?", "de", "Rot."), ("¿De qué color es esto?", "es", "Rojo."), ("これは何色ですか？", "ja", "あかです。")],
)
def test_it_is_told_in_the_language_of_the_question_without_a_translator(question: str, language: str, answer: str) -> None:
    assert heard(keyframes(held(RED)), question, language) == [answer]


def test_stripes_are_told_with_both_colours() -> None:
    assert heard(keyframes(held(WHITE, RED, ground=(90, 110, 90))), "What colour is this?") == ["White and red.", "Striped."]


def test_the_ground_is_not_taken_for_the_thing() -> None:
    assert heard(keyframes(held(BLUE, ground=(150, 30, 30))), "What colour is it?") == ["Blue."]


def test_what_fills_the_picture_is_only_perhaps_so_and_how_to_be_surer_is_told() -> None:
    rng = np.random.default_rng(1)
    picture = np.clip(np.array(GREEN) + rng.normal(0, 4, (360, 640, 3)), 0, 255).astype(np.uint8)
    said = heard(keyframes(picture), "What colour is this?")
    assert said == ["Perhaps green.", "Hold it farther away, so that I can be surer."]


def test_an_empty_and_a_blurred_picture_keep_nobody_from_hearing_the_colour() -> None:
    (blank,) = keyframes(held(RED))
    for problem in ("blank", "blurred"):
        spoilt = Keyframe(blank.frame, "change", problem=problem)
        assert heard([spoilt], "What colour is this?") == ["Red."]
    covered = Keyframe(blank.frame, "change", problem="covered")
    assert heard([covered], "What colour is this?")[0].startswith("The camera seems to be covered.")


def test_in_the_dark_no_colour_is_told() -> None:
    dark = (held(RED).astype(float) * 0.09).astype(np.uint8)
    assert heard(keyframes(dark), "What colour is this?") == ["There is too little light to tell the colour. A lamp or a torch would help."]


def test_of_a_named_thing_that_nothing_can_find_the_middle_is_told_and_that_it_is_that() -> None:
    said = heard(keyframes(held(RED)), "What colour is my shirt?")
    assert said == ["This is about what is in the middle of the picture.", "Red."]


def test_a_named_thing_is_looked_at_where_it_is_found_and_not_elsewhere() -> None:
    picture = held(RED)
    picture[120:250, 20:140] = BLUE
    found = heard(keyframes(picture), "What colour is the cup?", find=lambda view, thing: Region(0.0, 0.25, 0.25, 0.5))
    assert found == ["Blue."]
    missed = heard(keyframes(picture), "What colour is the cup?", find=lambda view, ask: None)
    assert missed[0] == "This is about what is in the middle of the picture.", "who isn't told would think it the cup's"


def test_two_things_are_compared_by_their_colours_alone() -> None:
    red, other_red, blue = held(RED), held((190, 25, 30), seed=1), held(BLUE, seed=2)
    assert heard(keyframes(red, other_red), "Does this match that?") == ["Nearly the same colour: red."]
    assert heard(keyframes(red, blue), "Do these match?") == ["Different colours: red and blue."]
    assert heard(keyframes(red), "Do these match?")[0] == "Show me one thing, then the other, and ask again."


def test_which_one_is_bigger_is_no_question_of_colour() -> None:
    assert heard(keyframes(held(RED), held(BLUE)), "Which one is bigger?")[0] == "I can't tell that."


def test_without_a_picture_nothing_is_told() -> None:
    assert list(ColourInstrument().examine(View(), Ask("colour"))) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (7, 7), (9, 2000)])
def test_the_oddest_pictures_have_some_colour(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3)).astype(np.uint8)
    assert len(thing_colours(picture).colours) >= 1
    assert len(thing_colours(picture, Region(0.5, 0.5, 0.1, 0.1)).colours) >= 1


@pytest.mark.parametrize("kelvin", [2700, 4000, 6500, 8000])
def test_white_stays_white_under_every_lamp_that_a_camera_half_makes_up_for(kelvin: int) -> None:
    scene: Picture = held(WHITE, BLUE, ground=(120, 120, 122))
    tinted = np.clip((scene / 255.0) ** 2.2 * np.sqrt(planckian(kelvin)), 0, 1) ** (1 / 2.2)
    _, (first, *_) = told(examined("colour", [np.asarray(tinted * 255, np.uint8)]))
    assert are_near(first, "white")


def test_most_rendered_garments_are_named_right_and_plain_answers_are_rarely_wrong() -> None:
    lamps = list(LAMPS)
    garments = [render(seed, "report", lamps[seed % 5]) for seed in range(500, 540)]
    outcomes = [outcome(examined("colour", [each.picture]), truth_of(each)) for each in garments]
    assert sum(each.endswith("right") for each in outcomes) >= 28
    assert outcomes.count("plain wrong") <= 6


def test_differences_are_those_of_the_paper() -> None:
    """Pairs of Sharma, Wu and Dalal (2005), table 1."""
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((50, 0, 0), (50, -1, 2), 2.3669),
    ]
    for one, other, apart in pairs:
        assert difference(np.array(one, float), np.array(other, float)) == pytest.approx(apart, abs=1e-4)


@pytest.mark.parametrize(
    ("code", "name"),
    [("ff0000", "red"), ("0000ff", "blue"), ("ffffff", "white"), ("000000", "black"), ("808080", "grey"), ("ffff00", "yellow"),
     ("000080", "navy"), ("800000", "dark_red"), ("808000", "olive"), ("ffa500", "orange"), ("ffc0cb", "light_pink"), ("008080", "teal")],
)  # fmt: skip
def test_well_known_colours_have_their_names(code: str, name: str) -> None:
    said = next(iter(name_probabilities(to_lab(np.array(list(bytes.fromhex(code)), np.uint8)))))
    assert said == name or are_near(said, name)


def test_neighbours_are_names_and_mutual() -> None:
    assert {*NEIGHBOURS} | {name for near in NEIGHBOURS.values() for name in near.split()} <= ANCHORS.keys()
    assert all(are_near(one, other) == are_near(other, one) for one, other in product(ANCHORS, ANCHORS))


@each_language
def test_every_language_has_a_word_of_its_own_for_every_colour(language: Language) -> None:
    assert language.colours.keys() == ANCHORS.keys()
    names = [colour_name(key, language.code) for key in ANCHORS]
    assert all(names) and len(set(names)) == len(names)


@each_language
def test_every_phrase_about_colours_is_whole_in_every_language(language: Language) -> None:
    phrases = {key: text for key, text in language.phrases.items() if key.startswith(("colour_", "match_")) and "{" in text}
    assert len(phrases) == 9
    for text, name in product(phrases.values(), language.colours.values()):
        filled = text.format(colour=name, other=name)
        assert name in filled and "{" not in filled


def test_judged_photographs_are_read_from_a_table(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), held(RED)[..., ::-1])
    (tmp_path / "t.tsv").write_text("a.png\tred|dark_red\t\tplain\n", encoding="utf-8")
    ((findings, truth),) = judged(tmp_path, tmp_path / "t.tsv")
    assert outcome(findings, truth) == "plain right"
