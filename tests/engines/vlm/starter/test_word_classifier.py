"""The words that the word classifier sees: how they are worded, learned, kept and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from assistant.engines.vlm.starter.encoder_heads import SeenLabel, seen_text, seen_words  # noqa: E402
from assistant.export.efficientnet_lite import folded_convolutions, last_convolutions, vision_encoder  # noqa: E402
from assistant.export.word_classifier import WordClassifier, read_word_classifier, replace_rows, save_word_classifier  # noqa: E402
from models.training.data import Example  # noqa: E402
from models.training.features import Features  # noqa: E402
from models.training.vocabulary import Vocabulary  # noqa: E402
from models.training.word_classifier import Group, Tower, fit, fit_pairs, usual  # noqa: E402
from tests.export.test_starter import tiny_efficientnet  # noqa: E402

SIDE = 64
RNG = np.random.default_rng(5)


def run(weights: dict[str, np.ndarray], head: WordClassifier | None, pixels: np.ndarray, *outputs: str) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(vision_encoder(weights, None, head, image_size=SIDE).model().SerializeToString())
    feed = {"pixel_values": pixels[None], "pixel_attention_mask": np.ones((1, len(pixels), SIDE, SIDE), bool)}
    return [np.asarray(found) for found in session.run(list(outputs), feed)]


def test_words_stand_behind_the_labels_by_their_certainty() -> None:
    words = seen_words(np.array([-9.0, 0.1, -1.0, 3.0, -1.8]), ["bus", "dog", "ball", "grass", "brown"])
    assert seen_text([SeenLabel("tabby", 0.6)], words) == "Seen: surely tabby. Surely grass, dog. Probably ball. Maybe brown.\n"
    assert seen_text([], words) == "Seen: unsure. Surely grass, dog. Probably ball. Maybe brown.\n"
    assert seen_text([], seen_words(np.full(30, -5.0), [str(i) for i in range(30)])) == "Seen: unsure.\n"


def test_no_more_than_twelve_words_are_told() -> None:
    assert seen_text([], seen_words(np.arange(30.0), [f"w{i}" for i in range(30)])).count("w") == 12


def test_words_are_learned_from_captions_and_goods_by_how_many_people_say_them() -> None:
    captioned = [Example("flickr8k", f"{i}", ("A dog runs.", "The dog jumps."), "") for i in range(25)]
    vocabulary = Vocabulary.of(captioned, [Example("grocery", "a", ("Apples on a shelf in a shop.", "Apples."), "Apple")])
    assert sorted(vocabulary.terms[:3]) == ["dog", "jumps", "runs"]
    assert vocabulary.terms[3:] == ["apples"]
    told, weight = vocabulary.captioned(["A dog runs.", "A cat runs.", "Dog!", "It jumps."])
    shares = dict(zip(vocabulary.terms, told, strict=True))
    assert shares == {"dog": 0.5, "runs": 0.5, "jumps": 0.25, "apples": 0}
    assert weight[3] < weight[0] == 1  # nobody was asked about apples
    assert list(vocabulary.sold("apples")[0]) == [0, 0, 0, 1]


def test_pairs_are_learned_from_captions_alone() -> None:
    captioned = [Example("flickr8k", f"{i}", ("A dog runs.",), "") for i in range(25)]
    vocabulary = Vocabulary.of_pairs(captioned)
    assert vocabulary.terms == ["a_dog", "dog_runs"]
    assert vocabulary.captioned(["A dog runs.", "A dog jumps."])[0].tolist() == [1, 0.5]
    assert vocabulary.sold("apples")[0].tolist() == [0, 0]


def test_how_usual_a_word_is_counts_those_who_were_asked() -> None:
    features = Features(None, ["a", "b"], np.zeros((2, 1)), np.zeros((2, 1)), np.zeros((2, 1)), None)
    told = [(np.array([1, 0], np.float32), np.array([1, 0.3], np.float32)), (np.array([0, 1], np.float32), np.array([0.3, 1], np.float32))]
    asked = [*told, (np.zeros(2, np.float32), np.ones(2, np.float32))]
    groups = [Group.of(features, ["a", "b"], told), Group.of(features, ["a"], asked[2:])]
    assert usual(groups) == pytest.approx([0.5, 0.5])


def test_a_kept_head_is_the_head_but_for_rounding(tmp_path: Path) -> None:
    head = WordClassifier(
        RNG.normal(size=(4, 1280)).astype(np.float32),
        RNG.normal(size=4).astype(np.float32),
        {"_conv_head.weight": RNG.normal(0, 1e-3, (1280, 8, 1, 1)).astype(np.float32), "_conv_head.bias": np.zeros(1280, np.float32)},
    )
    save_word_classifier(tmp_path / "head.npz", head)
    again = read_word_classifier(tmp_path / "head.npz")
    np.testing.assert_allclose(again.weight, head.weight, atol=0.02)
    np.testing.assert_allclose(again.changes["_conv_head.weight"], head.changes["_conv_head.weight"], atol=2e-5)
    assert again.changes["_conv_head.weight"].shape == (1280, 8, 1, 1)


def test_new_pairs_leave_the_kept_words_as_they_are_to_the_last_bit(tmp_path: Path) -> None:
    weight, bias = RNG.normal(size=(4, 1280)).astype(np.float32), RNG.normal(size=4).astype(np.float32)
    save_word_classifier(
        tmp_path / "head.npz", WordClassifier(weight, bias, {"_conv_head.weight": np.full((8, 8, 1, 1), 1e-6, np.float32)})
    )
    before = read_word_classifier(tmp_path / "head.npz")
    replace_rows(tmp_path / "head.npz", 3, 2 * weight[:2], 2 * bias[:2])
    after = read_word_classifier(tmp_path / "head.npz")
    np.testing.assert_array_equal(after.weight[:3], before.weight[:3])
    np.testing.assert_array_equal(after.bias[:3], before.bias[:3])
    np.testing.assert_array_equal(after.changes["_conv_head.weight"], before.changes["_conv_head.weight"])
    np.testing.assert_allclose(after.weight[3:], 2 * weight[:2], atol=0.04)


def test_what_was_trained_is_what_the_graph_says_and_leaves_classes_and_tokens_alone(tmp_path: Path) -> None:
    """Pictures of two kinds, light and dark: the head learns to say so, and the finished graph says it too."""
    weights = tiny_efficientnet()
    light = np.arange(40) % 2 == 0
    pixels = (RNG.normal(0, 0.3, (40, 3, SIDE, SIDE)) + np.where(light, 1.0, -1.0)[:, None, None, None]).astype(np.float32)
    tokens, logits, trunk = run(weights, None, pixels, "image_features", "class_logits", "trunk")
    targets = np.stack([light, ~light], 1).astype(np.float32)
    features = Features(None, [str(i) for i in range(40)], tokens, trunk, logits, None)
    answers = [(target, np.ones(2, np.float32)) for target in targets]
    convs = last_convolutions(folded_convolutions(weights))
    tower = fit(convs, [Group.of(features, features.names, answers)] * 16, None, epochs=30)
    save_word_classifier(tmp_path / "head.npz", tower.kept(convs))
    head = read_word_classifier(tmp_path / "head.npz")
    again, same, words = run(weights, head, pixels, "image_features", "class_logits", "word_logits")
    np.testing.assert_array_equal(again, tokens)
    np.testing.assert_array_equal(same, logits)
    np.testing.assert_allclose(words, tower.predict(trunk), atol=0.1)
    sure_of_light = words[:, 0] - words[:, 1]
    assert sure_of_light[light].min() > sure_of_light[~light].max()
    pairs = fit_pairs(Tower.of(convs, head), [Group.of(features, features.names, answers)] * 16, epochs=30)
    told = pairs(tower.look(trunk)).detach().numpy()
    assert (told[:, 0] - told[:, 1])[light].mean() > (told[:, 0] - told[:, 1])[~light].mean()
    assert any(np.abs(change).max() > 0 for name, change in head.changes.items() if name.startswith("_blocks.17."))
