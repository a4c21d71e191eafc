"""Pictures with what is to be said about them. Pure: everything random comes from a generator that is passed in."""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass
from pathlib import Path

from assistant.answering.answer_checks import article

HELD_OUT_CLASSES = 300
SPLIT_SEED = 20

CAPTION_QUESTIONS = (
    "What is in front of me?",
    "What do you see?",
    "Describe the picture.",
    "What is in the picture?",
    "What is happening?",
    "Describe what you see.",
    "What's in front of me?",
    "What can you see?",
    "What is in this image?",
    "Can you describe this image?",
    "What does the picture show?",
)
MORE_QUESTIONS = ("Tell me more.", "Describe it in more detail.")
NAME_QUESTIONS = ("What is this?", "What's this?", "What am I holding?", "What kind of thing is this?")
OBJECT_QUESTIONS = (*CAPTION_QUESTIONS, *NAME_QUESTIONS)
CANT_TELL = "I can't tell what this is."

_SHOP_SENTENCE = "{} on a shelf in a shop."
_CARTONS = {"Juice", "Milk", "Yoghurt", "Sour-Cream", "Soyghurt", "Oatghurt", "Oat-Milk", "Soy-Milk", "Sour-Milk"}
_NO_PLURAL = {"Garlic", "Ginger", "Asparagus", "Kiwi"}

_PEOPLE = re.compile(
    r"\b(man|men|woman|women|boys?|girls?|child|children|kids?|person|people|lady|ladies|guys?|baby|babies|toddlers?|players?|crowd)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Example:
    """One picture: the collection and name to find its features by, and every right description."""

    collection: str
    picture: str
    answers: tuple[str, ...]
    label: str = ""


def flickr_examples(data: Path, split: str) -> list[Example]:
    captions: dict[str, list[str]] = {}
    for picture, where, caption in read_rows(data / "flickr8k" / "captions.tsv"):
        if where == split:
            captions.setdefault(picture, []).append(tidy_caption(caption))
    return [Example("flickr8k", picture, tuple(texts)) for picture, texts in captions.items()]


def grocery_examples(data: Path, split: str) -> list[Example]:
    examples = []
    for picture, where, _, coarse in read_rows(data / "grocery" / "labels.tsv"):
        if where == split:
            things = _capital(shop_words(coarse))
            examples.append(Example("grocery", picture, (_SHOP_SENTENCE.format(things), f"{things}."), coarse))
    return examples


def imagenet_examples(data: Path, split: str) -> list[Example]:
    """`split` "train" is 700 classes, "dev" the 300 kept out (by a fixed seed), "all" both; in the head's order."""
    rows = list(read_rows(data / "imagenet_samples" / "labels.tsv"))
    held_out = set(random.Random(SPLIT_SEED).sample(range(len(rows)), HELD_OUT_CLASSES))
    return [
        Example(
            "imagenet_samples",
            picture,
            (f"{article(name).capitalize()} {name}.",),
            name,
        )
        for index, (picture, name) in enumerate(rows)
        if split == "all" or (index in held_out) == (split == "dev")
    ]


def clothing_examples(data: Path) -> list[Example]:
    return [Example("clothing", picture, (), kind) for picture, kind, _ in read_rows(data / "clothing" / "labels.tsv")]


def class_names(data: Path) -> list[str]:
    """The 1,000 class names in the order of the vision encoder's head."""
    return [name for _, name in read_rows(data / "imagenet_samples" / "labels.tsv")]


def shop_words(coarse: str) -> str:
    """ "Apple" -> "apples", "Oat-Milk" -> "cartons of oat milk"."""
    words = coarse.replace("-", " ").lower()
    if coarse in _CARTONS:
        return f"cartons of {words}"
    if coarse in _NO_PLURAL or words.endswith("s"):
        return words
    return words + ("es" if words.endswith(("o", "ch")) and words not in ("avocado",) else "s")


def tidy_caption(caption: str) -> str:
    """ "A dog runs , barking ." -> "A dog runs, barking."."""
    text = " ".join(caption.split())
    for mark in (".", ",", "!", "?", "'s", "n't", ";", ":"):
        text = text.replace(f" {mark}", mark)
    return _capital(text.rstrip(" .").strip('" ')) + "."


def names(text: str, label: str) -> bool:
    """Whether a class is named: its words in order, hyphens aside, the last in singular or plural ("Oat-Milk": "cartons of oat milk")."""
    words, said = label.replace("-", " ").lower(), text.replace("-", " ").lower()
    return any(re.search(rf"\b{re.escape(form)}(s|es)?\b", said) for form in (words, words.removesuffix("s")))


def mentions_person(text: str) -> bool:
    return _PEOPLE.search(text) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def read_rows(path: Path) -> list[list[str]]:
    """Read a table whose columns are separated by tabs."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
