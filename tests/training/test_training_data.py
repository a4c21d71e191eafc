"""The sentences that the starter model learns from, and the rules its answers are judged by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.answering.answer_checks import article
from assistant.engines.vlm.starter.encoder_heads import seen_labels, seen_text
from models.training.data import flickr_examples, imagenet_examples, mentions_person, names, shop_words, tidy_caption


def test_captions_are_set_as_people_write_them() -> None:
    assert tidy_caption("A man 's dog runs , barking .") == "A man's dog runs, barking."
    assert tidy_caption("two  girls , one in red") == "Two girls, one in red."


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Apple", "apples"),
        ("Oat-Milk", "cartons of oat milk"),
        ("Tomato", "tomatoes"),
        ("Avocado", "avocados"),
        ("Peach", "peaches"),
        ("Carrots", "carrots"),
    ],
)
def test_shop_labels_become_words(label: str, words: str) -> None:
    assert shop_words(label) == words
    assert names(f"{words} on a shelf in a shop.", label)


def test_a_class_is_named_only_by_its_own_words() -> None:
    assert names("A picture of a great white shark.", "great white shark")
    assert names("Two Wine glasses.", "wine glass")
    assert names("A red-backed sandpiper.", "red-backed sandpiper")
    assert not names("A pineapple.", "Apple")
    assert not names("A shark.", "great white shark")


def test_people_are_noticed_in_any_wording() -> None:
    assert all(mentions_person(text) for text in ("A Man sits.", "Two girls play.", "A crowd cheers."))
    assert not mentions_person("A mango on a shelf.")


def test_articles_follow_the_sound_of_the_letter() -> None:
    assert (article("espresso"), article("tabby")) == ("an", "a")


def test_the_heads_labels_are_worded_by_their_certainty() -> None:
    classes = ["tabby", "lynx", "lemon", "sofa"]
    assert seen_text(seen_labels(np.log(np.array([0.6, 0.25, 0.1, 0.05])), classes)) == "Seen: surely tabby, probably lynx, maybe lemon.\n"
    assert seen_text(seen_labels(np.zeros(40, np.float32), [str(i) for i in range(40)])) == "Seen: unsure.\n"


def test_development_pictures_are_never_trained_on(tmp_path: Path) -> None:
    (tmp_path / "imagenet_samples").mkdir()
    (tmp_path / "imagenet_samples" / "labels.tsv").write_text("".join(f"{i}.jpg\tclass {i}\n" for i in range(1000)))
    (tmp_path / "flickr8k").mkdir()
    (tmp_path / "flickr8k" / "captions.tsv").write_text("a.jpg\ttrain\tA dog .\na.jpg\ttrain\tDogs .\nb.jpg\tdev\tA cat .\n")
    train, dev = ({e.picture for e in imagenet_examples(tmp_path, split)} for split in ("train", "dev"))
    assert (len(train), len(dev)) == (700, 300) and not train & dev
    assert [e.answers for e in flickr_examples(tmp_path, "train")] == [("A dog.", "Dogs.")]
