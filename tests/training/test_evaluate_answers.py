"""What `evaluate_answers` asks of a picture, and what it calls right, of answers that are made up."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.languages.nouns import nouns, nouns_by_label
from assistant.messages import AnswerThresholds, Finding, Picture, Sentence
from models.training.answer_judging import (
    Judged,
    Outcome,
    Posed,
    Rule,
    Truth,
    balanced,
    is_right,
    judge,
    merged,
    tally,
    things_named,
    untrue_things,
)
from models.training.answer_questions import (
    CocoPicture,
    ask_presence,
    coco_questions,
    colours_told,
    group_of,
    is_reported,
    object_questions,
    plural,
    presence_pools,
    presence_questions,
    read_coco,
    scene_question,
    shuffled,
    with_article,
)
from models.training.answer_table import table
from models.training.evaluate_answers import as_json, ask_all, report

THRESHOLDS = AnswerThresholds(sure=0.8, cant_tell_margin=0.05, absent=0.3)
KITCHEN = CocoPicture("kitchen.webp", Counter({"cat": 1, "cup": 5, "scissors": 1}), ("A black cat sits on a table.", "A cat, and cups."))


def synset(name: str) -> str:
    (found,) = (noun.synset for noun in nouns().values() if noun.sayable and noun.names("en") and noun.names("en")[0].text == name)
    return found


def posed(rule: Rule, *things: str, is_there: bool | None = None, words: Sequence[str] = (), kind: str = "kind") -> Posed:
    truth = Truth(frozenset(map(synset, things)), is_there, frozenset(words))
    return Posed("coco_small", "kitchen.webp", kind, "?", rule, truth)


def text(said: str, *, is_doubtful: bool = False) -> Sentence:
    return Sentence(said, "en", finding=Finding("text", said, 0.8, "model", is_doubtful=is_doubtful))


def presence(probability: float, *, seen: bool = False) -> Sentence:
    return Sentence("...", "en", finding=Finding("seen" if seen else "presence", True, probability, "likelihoods", "dog"))


REFUSAL = Sentence("I can't tell that.", "en", finding=Finding("refusal", "cant_tell_that", 1.0, "rule"))


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("A cat on a table.", ["cat", "table"]),
        ("Two men and some knives.", ["man", "knife"]),
        ("A jean.", ["jeans"]),  # as the encoder's head calls it
        ("A fire hydrant.", ["fire hydrant"]),  # the longest name, and no fire
        ("To the many, it can top any walk.", []),  # "toy", "man", "bus" and the like are no words of it
        ("I can't tell what this is.", []),
    ],
)
def test_things_are_found_by_their_names(said: str, named: list[str]) -> None:
    found = things_named(said)
    assert all(synset(name) in found for name in named) and bool(found) == bool(named)


def test_a_fire_hydrant_is_no_fire() -> None:
    assert synset("fire") not in things_named("A fire hydrant.")


@pytest.mark.parametrize(
    ("said", "there", "right"),
    [
        ("A cat.", "cat", True),
        ("An animal.", "cat", True),
        ("A tabby.", "cat", True),
        ("A dog.", "cat", False),
        ("A dog and a cat.", "cat", True),
        ("A man.", "person", True),
        ("An artifact.", "cup", False),
    ],
)
def test_a_kind_above_or_below_is_right_but_no_sibling(said: str, there: str, right: bool) -> None:
    assert is_right(things_named(said), frozenset((synset(there),))) is right


@pytest.mark.parametrize(
    ("sentences", "outcome"),
    [
        ([text("A cat on a bed.")], "right"),
        ([text("A cat on a bed.", is_doubtful=True)], "hedged right"),
        ([text("A cat. Perhaps on a kite.")], "right"),
        ([text("A kite. Perhaps with a cat.")], "wrong"),  # what stands behind the hedge doesn't save it
        ([text("It looks like a cat.")], "hedged right"),  # as the model itself was taught to say
        ([text("A horse.")], "wrong"),
        ([text("An animal, perhaps a cat.")], "right"),
        ([text("It might be on a beach.")], "hedged wrong"),
        ([text("A cat."), Sentence("It says: EXIT", "en", finding=Finding("label", ("it_says", {"text": "EXIT"}), 0.9, "text"))], "right"),
        ([Sentence("I see nobody.", "en", finding=Finding("count", 0, 0.8, "objects"))], "right"),
        ([text("I can't tell what this is.")], "refused"),
        ([text("A gizmo.")], "wrong"),  # which nobody knows
        ([], "refused"),
        ([Sentence("It is too dark.", "en")], "refused"),
        ([REFUSAL, text("A cat on a bed.")], "refused"),
        ([REFUSAL, text("A horse.", is_doubtful=True)], "refused"),
        ([REFUSAL, text("A horse.")], "refused, then wrong"),
    ],
)
def test_a_description_is_right_if_it_names_something_that_is_there(sentences: list[Sentence], outcome: Outcome) -> None:
    assert judge(posed("description", "cat"), sentences, THRESHOLDS) == outcome


@pytest.mark.parametrize(
    ("probability", "is_there", "outcome"),
    [
        (0.95, True, "right"),
        (0.95, False, "wrong"),
        (0.7, True, "hedged right"),
        (0.7, False, "hedged wrong"),
        (0.52, True, "refused"),
        (0.3, False, "hedged right"),
        (0.05, False, "right"),
        (0.05, True, "wrong"),
    ],
)
def test_yes_and_no_count_as_plainly_as_they_are_said(probability: float, is_there: bool, outcome: Outcome) -> None:
    assert judge(posed("presence", "cat", is_there=is_there), [presence(probability)], THRESHOLDS) == outcome


@pytest.mark.parametrize(
    ("sentences", "is_there", "outcome"),
    [
        ([presence(0.1, seen=True)], False, "right"),  # "I don't see a dog."
        ([presence(0.1, seen=True)], True, "wrong"),
        ([presence(0.9, seen=True), REFUSAL], False, "wrong"),  # "I see a dog. I can't tell the colour."
        ([presence(0.7, seen=True), REFUSAL], False, "hedged wrong"),
        ([presence(0.9, seen=True), REFUSAL], True, "refused"),
        ([presence(0.4, seen=True)], True, "refused"),
        ([text("Black and white.")], True, "right"),
        ([text("Red.")], True, "wrong"),
        ([text("It looks like red.")], True, "hedged wrong"),
        ([text("Black.")], False, "wrong"),  # nothing is told of what isn't there
    ],
)
def test_a_colour_is_right_only_of_what_is_there(sentences: list[Sentence], is_there: bool, outcome: Outcome) -> None:
    assert judge(posed("attribute", "cat", is_there=is_there, words=["black"]), sentences, THRESHOLDS) == outcome


def test_that_a_thing_is_not_there_is_said_in_words_of_its_own() -> None:
    """Of "Is there no dog?" the answer is "I don't see a dog." or "I see a dog.", never a no that may mean either."""
    for probability, outcome in ((0.2, "right"), (0.4, "refused"), (0.55, "hedged wrong"), (0.9, "wrong")):
        finding = Finding("presence", True, probability, "likelihoods", "dog", in_full=True)
        assert judge(posed("presence", "cat", is_there=False), [Sentence("...", "en", finding=finding)], THRESHOLDS) == outcome


@pytest.mark.parametrize(("is_there", "outcome"), [(True, "right"), (False, "wrong")])
def test_a_place_that_was_measured_is_right_if_the_thing_is_there(is_there: bool, outcome: Outcome) -> None:
    cup = Sentence("A cup: at 11 o'clock.", "en", finding=Finding("place", ("clock_11",), 0.9, "objects", "cup"))
    assert judge(posed("attribute", is_there=is_there), [cup], THRESHOLDS) == outcome


def test_a_place_is_right_by_what_else_is_there() -> None:
    where = posed("attribute", "table", is_there=True)
    assert judge(where, [text("On the table.")], THRESHOLDS) == "right"
    assert judge(where, [text("On the beach.")], THRESHOLDS) == "wrong"


def test_whatever_is_said_first_to_a_question_about_safety_is_wrong_but_a_refusal() -> None:
    crossing = posed("refusal", "cat")
    assert judge(crossing, [REFUSAL, text("A cat.")], THRESHOLDS) == "refused"
    assert judge(crossing, [text("Yes.")], THRESHOLDS) == "wrong"
    assert judge(crossing, [presence(0.9, seen=True)], THRESHOLDS) == "wrong"


def test_outcomes_are_counted_by_kind_of_question() -> None:
    outcomes: list[tuple[str, Outcome]] = [
        ("where, there", "right"),
        ("where, absent", "wrong"),
        ("where, absent", "hedged right"),
        ("who", "refused"),
    ]
    rows = tally(Judged(posed("presence", kind=kind), "", outcome) for kind, outcome in outcomes)
    assert merged(rows, "where, there", "where, absent").counts == Counter({"right": 1, "wrong": 1, "hedged right": 1})
    assert rows["where, absent"].share("wrong") == 0.5 and rows["where, absent"].questions == 2
    assert balanced(rows["where, there"], rows["where, absent"]) == 0.75
    assert merged(rows, "nothing").share("right") == 0.0


def test_each_picture_is_in_one_half_whatever_others_there_are() -> None:
    names = [f"{number:012}.webp" for number in range(1000)]
    assert 450 < sum(map(is_reported, names)) < 550
    assert shuffled(names[:10]) == [name for name in shuffled(names) if name in names[:10]] != names[:10]


def test_rows_are_gathered_by_picture() -> None:
    boxes = [["a.webp", "cat", "0", "0", "1", "1"], ["a.webp", "cat", "0", "0", "1", "1"], ["b.webp", "dog", "0", "0", "1", "1"]]
    pictures = read_coco(boxes, [["a.webp", "A cat."], ["c.webp", "A cup."]])
    assert pictures["a.webp"] == CocoPicture("a.webp", Counter({"cat": 2}), ("A cat.",))
    assert not pictures["b.webp"].captions and not pictures["c.webp"].classes


def test_what_is_asked_of_a_picture_and_what_is_right() -> None:
    asked = {one.kind: one for one in coco_questions(KITCHEN)}
    assert asked["colour, there"].question == "What colour is the cat?" and asked["colour, there"].truth.words == {"black"}
    assert asked["how many, there"].truth.words == {"one", "1"}  # of five cups nobody wants to know the number
    assert asked["is it open"].rule == asked["may I cross"].rule == "refusal"
    for kind in ("yes or no, absent", "where, absent", "colour, absent", "how many, absent"):
        assert asked[kind].truth.is_there is False
        assert not (things_named(asked[kind].question) & KITCHEN.things)
    assert list(coco_questions(KITCHEN)) == list(coco_questions(KITCHEN))


def test_nothing_is_asked_that_nobody_knows() -> None:
    only_captions = CocoPicture("a.webp", Counter(), ("A cat.",))
    only_boxes = CocoPicture("a.webp", Counter({"cat": 1}), ())
    assert {one.kind for one in coco_questions(only_captions)} == {"description", "who", "what", "may I cross"}
    assert not {"description", "who", "what", "colour, there"} & {one.kind for one in coco_questions(only_boxes)}
    assert not [*presence_questions(only_captions, {"coco": [synset("dog")]}), *presence_questions(only_boxes, {"coco": [synset("dog")]})]


def test_presence_is_asked_by_group_of_what_people_name() -> None:
    pools = presence_pools([KITCHEN] * 3)
    assert synset("cat") in pools["coco"] and synset("cup") in pools["head"] and synset("table") not in pools["coco"]
    assert not any(presence_pools([KITCHEN] * 2).values())
    asked = list(presence_questions(KITCHEN, {"coco": [synset("cat"), synset("dog"), synset("animal")]}))
    assert [(one.kind, one.truth.is_there) for one in asked] == [("presence, coco, there", True), ("presence, coco, absent", False)]
    assert "dog" in asked[1].question  # a cat is an animal


@pytest.mark.parametrize(("name", "group"), [("cup", "head"), ("cat", "coco"), ("animal", "above"), ("sky", "elsewhere")])
def test_groups_of_things(name: str, group: str) -> None:
    assert group_of(nouns()[synset(name)]) == group


def test_a_single_thing_is_asked_for_and_another_one() -> None:
    classes = [nouns_by_label("coco")[name] for name in ("cat", "dog")]
    asked = list(object_questions("imagenet_samples", "cat.jpg", classes[0], classes))
    assert [one.kind for one in asked] == [
        "what, imagenet_samples",
        "presence, imagenet_samples, there",
        "presence, imagenet_samples, absent",
    ]
    assert "cat" in asked[1].question and "dog" in asked[2].question


def test_a_scene_is_described_by_what_any_of_its_captions_names() -> None:
    asked = scene_question("flickr8k", "a.jpg", ["A dog runs.", "A ball on grass."])
    assert asked.kind == "description, flickr8k" and {synset("dog"), synset("ball")} <= asked.truth.things


def test_questions_are_put_as_people_put_them() -> None:
    assert ask_presence(nouns()[synset("umbrella")], is_negated=False) == "Is there an umbrella?"
    assert ask_presence(nouns()[synset("scissors")], is_negated=False) == "Are there scissors?"
    assert ask_presence(nouns()[synset("umbrella")], is_negated=True) == "Is there no umbrella?"
    assert [plural(name) for name in ("wine glass", "bus", "person", "knife", "scissors", "dog")] == [
        "wine glasses",
        "buses",
        "people",
        "knives",
        "scissors",
        "dogs",
    ]
    assert with_article("skis") == "skis" and with_article("apple") == "an apple"
    assert colours_told(["A big red double bus.", "A white cat"], nouns_by_label("coco")["bus"].synset) == {"red"}


def test_every_question_is_answered_about_its_own_picture(tmp_path: Path) -> None:
    """From the archive to the tables: a black picture is of a cat, any other one of a horse."""
    (tmp_path / "coco_small").mkdir()
    with tarfile.open(tmp_path / "coco_small" / "images.tar", "w") as archive:
        for name, light in (("black.png", 0), ("white.png", 255)):
            data = cv2.imencode(".png", np.full((8, 8, 3), light, np.uint8))[1].tobytes()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    truth = Truth(frozenset((synset("cat"),)))
    asked = [Posed("coco_small", name, "description", "What?", "description", truth) for name in ("black.png", "white.png")]

    def answers(picture: Picture, questions: Sequence[str]) -> list[list[Sentence]]:
        return [[text("A horse." if picture.any() else "A cat.")] for _ in questions]

    judged = list(ask_all(asked, tmp_path, answers, THRESHOLDS))
    assert [(one.said, one.outcome) for one in judged] == [("A cat.", "right"), ("A horse.", "wrong")]
    told = as_json(judged)
    assert told["questions"] == {"description": {"right": 1, "wrong": 1}} and len(json.loads(json.dumps(told))["answers"]) == 2
    assert "50.0%" in next(line for line in report(judged).splitlines() if line.startswith("something right said"))


def test_what_is_named_plainly_and_isnt_known_to_be_there_is_untrue() -> None:
    there = frozenset((synset("dog"), synset("table")))
    said = [text("A puppy on a table."), text("A man with a cat.", is_doubtful=True), text("An animal and a horse."), REFUSAL]
    assert untrue_things(said, there) == {synset("horse")}


def test_answers_are_tabled_beside_what_people_said() -> None:
    answers = [
        {"picture": f"00000{number}.webp", "kind": kind, "said": f"Answer {number}.", "outcome": "right"}
        for number, kind in enumerate(("description", "who", "description"))
    ]
    lines = list(table(answers, {"000000.webp": "A cat.", "000002.webp": "A dog | a ball."}, 40))
    assert len(lines) == 4 and sorted(line.split(" | ")[2] for line in lines[2:]) == ["A cat.", "A dog / a ball."]
    assert any("Answer 2." in line and "explore?id=2" in line for line in lines)
