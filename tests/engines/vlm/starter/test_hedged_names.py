"""A thing is called what the class head is sure of: its own name, or that of what it is a kind of."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.answering.wording import Phrase, words_of
from assistant.conversation import Conversation
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.engines.vlm.starter.encoder_heads import softmax
from assistant.engines.vlm.starter.hedged_names import NameThresholds, NounTree, noun_tree
from assistant.engines.vlm.starter.picture_classes import ClassifiedPicture
from assistant.languages.nouns import ancestors, find_noun, labels_to_nouns, nouns
from assistant.messages import AnswerThresholds, Frame, Keyframe, Picture, SingleObject
from assistant.settings import EarSettings
from tests.support.folders import PROJECT
from tests.support.tiny_onnx import CLASS_NAMES, write_tiny_model

LINEAGES = (
    ("redbone", "dog", "animal"),
    ("beagle", "dog", "animal"),
    ("whippet", "dog", "animal"),
    ("tabby", "cat", "animal"),
    ("abacus",),
    (),  # nothing that people call it, nor what it is a kind of
)
TREE = NounTree(LINEAGES)
THRESHOLDS = NameThresholds(sure=0.8, perhaps=0.5)


def named(*shares: float, thresholds: NameThresholds = THRESHOLDS) -> tuple[str | None, str | None]:
    """What is said surely and perhaps where the head gives each class such a share."""
    found = TREE.name(np.log(np.array(shares, np.float32)), thresholds)
    return found.noun, found.specific


@pytest.mark.parametrize(
    ("shares", "said", "perhaps"),
    [
        pytest.param((0.9, 0.02, 0.02, 0.02, 0.02, 0.02), "redbone", None, id="a sure leaf"),
        pytest.param((0.46, 0.46, 0.02, 0.02, 0.02, 0.02), "dog", None, id="two siblings"),
        pytest.param((0.6, 0.3, 0.02, 0.04, 0.02, 0.02), "dog", "redbone", id="one sibling is likelier than not"),
        pytest.param((0.3, 0.2, 0.1, 0.36, 0.02, 0.02), "animal", "dog", id="a family and a bit"),
        pytest.param((0.16, 0.16, 0.16, 0.46, 0.03, 0.03), "animal", None, id="spread over a family"),
        pytest.param((0.02, 0.02, 0.02, 0.02, 0.9, 0.02), "abacus", None, id="of no kind that has a name"),
        pytest.param((0.17, 0.17, 0.16, 0.16, 0.17, 0.17), None, None, id="spread over everything"),
        pytest.param((0.02, 0.02, 0.02, 0.02, 0.02, 0.9), None, None, id="sure of what nobody has a name for"),
        pytest.param((0.6, 0.02, 0.02, 0.02, 0.32, 0.02), None, None, id="likely, but what kind of thing it is isn't sure"),
    ],
)
def test_the_most_precise_name_that_is_sure_is_said(shares: tuple[float, ...], said: str | None, perhaps: str | None) -> None:
    assert named(*shares) == (said, perhaps)


def test_probabilities_are_those_of_all_that_the_name_fits() -> None:
    found = TREE.name(np.log(np.array((0.6, 0.3, 0.02, 0.04, 0.02, 0.02), np.float32)), THRESHOLDS)
    assert [found.probability, found.specific_probability] == pytest.approx([0.92, 0.6], abs=1e-5)
    assert TREE.probabilities(np.ones(6) / 6)[TREE.nouns.index("animal")] == pytest.approx(4 / 6)


def test_a_head_that_doubts_too_much_is_believed_more() -> None:
    shares = (0.7, 0.06, 0.06, 0.06, 0.06, 0.06)
    assert named(*shares)[0] == "dog"
    assert named(*shares, thresholds=NameThresholds(temperature=0.5, sure=0.8))[0] == "redbone"


def test_of_two_names_for_the_same_classes_the_nearest_is_said() -> None:
    """There is one cat only, so "cat" tells as much as "tabby", and "animal" would no less if it were alone."""
    tree = NounTree([("tabby", "cat", "animal"), ("abacus", "device")])
    assert tree.name(np.array((9.0, 0.0), np.float32), THRESHOLDS).noun == "tabby"


def pictured(**shares: float) -> SingleObject:
    """What the head's 1,000 classes come to, of which a few have these shares: can_opener=0.4."""
    logits = np.full(1000, -20.0, np.float32)
    for label, share in shares.items():
        noun = find_noun(label.replace("_", " "), "en")
        assert noun is not None
        logits[labels_to_nouns().index(noun)] = np.log(share)
    assert softmax(logits).max() < 1
    return noun_tree([noun.synset for noun in labels_to_nouns()]).name(logits, NameThresholds())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pictured(can_opener=0.45, corkscrew=0.3, hammer=0.2), "tool"),  # keys
        (pictured(rain_barrel=0.4, bucket=0.35, water_jug=0.2), "container"),  # a watering can
        (pictured(tabby=0.4, tiger_cat=0.35, Egyptian_cat=0.2), "cat"),
        (pictured(redbone=0.4, beagle=0.3, whippet=0.25), "dog"),
    ],
)
def test_where_the_head_knows_the_kind_only_the_kind_is_said(found: SingleObject, said: str) -> None:
    assert found.noun and nouns()[found.noun].names("en")[0].text == said


def test_names_that_a_head_of_its_own_has_are_looked_up(tmp_path: Path) -> None:
    tree = noun_tree(CLASS_NAMES)
    assert {noun.synset for name in CLASS_NAMES if (noun := find_noun(name, "en"))} <= set(tree.nouns)
    seen = Smolvlm2Describer(write_tiny_model(tmp_path / "m", labels=True).folder).see(np.full((40, 40, 3), 90, np.uint8))
    assert isinstance(seen, ClassifiedPicture)
    assert seen.class_logits.shape == (len(CLASS_NAMES),)
    assert noun_tree(["no such thing", "nor this"]).name(np.array((5.0, 0.0), np.float32), THRESHOLDS) == SingleObject(None)


def test_thresholds_are_read_from_the_models_folder_and_have_defaults(tmp_path: Path) -> None:
    """Folders that were built before names were hedged have no such file."""
    folder = write_tiny_model(tmp_path / "m", labels=True).folder
    picture = np.full((40, 40, 3), 90, np.uint8)
    tree = noun_tree(CLASS_NAMES)

    def seen() -> ClassifiedPicture:
        found = Smolvlm2Describer(folder).see(picture)
        assert isinstance(found, ClassifiedPicture)
        return found

    assert seen().name == tree.name(seen().class_logits, NameThresholds())
    (folder / "name_thresholds.json").write_text(json.dumps({"temperature": 0.001, "sure": 0.9, "perhaps": 0.5}))
    likeliest = find_noun(seen().labels[0].name, "en")
    assert likeliest and seen().name.noun == likeliest.synset


def test_what_was_measured_of_the_starter_is_kept_with_it() -> None:
    measured = json.loads((PROJECT / "models" / "starter" / "name_thresholds.json").read_text(encoding="utf-8"))
    assert set(measured) == set(vars(NameThresholds()))
    assert 0.5 < measured["sure"] < 1


@pytest.fixture(scope="module")
def cat() -> Picture:
    picture: Picture = cv2.cvtColor(cv2.imread(str(PROJECT / "models" / "starter" / "example.png")), cv2.COLOR_BGR2RGB)
    return picture


@pytest.mark.models
def test_the_starter_knows_a_cat_and_has_words_for_it_in_other_languages(models_dir: Path, cat: Picture) -> None:
    describer = Smolvlm2Describer(models_dir / "starter")
    view = describer.look([Keyframe(Frame(cat, 0.0), "only")])
    assert view.classes is not None and view.classes.name.noun is not None
    said = nouns()[view.classes.name.noun]
    assert find_noun("cat", "en") in (said, *ancestors(said))
    conversation = Conversation(None, describer, EarSettings())
    (answer,) = conversation.answer(view, conversation.written("What is this?", "en"))
    assert " cat" in answer.text
    assert answer.finding is not None
    for language, word in (("es", "gato"), ("de", "Katze"), ("ru", "кошка")):
        words = words_of(answer.finding, AnswerThresholds(), language)
        assert isinstance(words, Phrase) and word in words.values["thing"]
