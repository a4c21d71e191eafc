"""What is asked about each training picture, and what the right answers are: examples and features to rows."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.answering.answer_checks import article
from assistant.engines.vlm.starter.encoder_heads import seen_labels, seen_text, seen_words, softmax
from assistant.export.sources import VISION_MODEL_FILE, find_source
from assistant.export.torch_file import read_state_dict
from models.training.augment import swap_sides
from models.training.batches import Row
from models.training.data import (
    CANT_TELL,
    CAPTION_QUESTIONS,
    MORE_QUESTIONS,
    NAME_QUESTIONS,
    OBJECT_QUESTIONS,
    Example,
    flickr_examples,
    grocery_examples,
    imagenet_examples,
    shop_words,
)
from models.training.features import TOKENS, WIDTH, Features, load_copies, load_unreadable
from models.training.questions import (
    Exchange,
    cant_tell_question,
    caption_questions,
    label_questions,
    presence_question,
    present_things,
)

ROWS_A_STEP = {"flickr8k": 9, "grocery": 3, "imagenet_samples": 3, "labels": 2}
UNREADABLE_EVERY_STEPS = 2
CAPTIONS_A_ROW, QUESTIONS_A_ROW = 3, 2
TYPICAL_POWER = 2
"""To which a caption's worth is raised: the higher, the more often the most typical of five is taught."""
# The head's certainty of its first label: below the first a thing is not named at all, below the second with a doubt.
UNSURE, CERTAIN = 0.2, 0.5
SEED = 7

# What isn't in a shop's shelf or a single object's picture though a caption model would see it there.
_SCENE_THINGS = ("a person", "a person", "a person", "a man", "a woman", "a dog", "a car", "a ball", "grass", "snow", "a bicycle")


class Lessons:
    """All training examples with their features; `steps` yields the rows of step after step."""

    def __init__(
        self, data: Path, sources: Path, work: Path, class_names: list[str], words: list[str], caption_worth: dict[str, list[float]]
    ) -> None:
        """`words`: those that the word classifier knows. `caption_worth`: how typical each caption of a Flickr8k picture is; the more
        so, the more often it is taught.
        """
        self.class_names, self._words = class_names, words
        self.examples = {
            "flickr8k": flickr_examples(data, "train"),
            "grocery": grocery_examples(data, "train"),
            "imagenet_samples": imagenet_examples(data, "train"),
        }
        self._worth = caption_worth
        self._copies: dict[str, list[_Lookup]] = {}
        for name, examples in self.examples.items():
            self._copies[name] = [_Lookup(f) for f in load_copies(data, sources, work, name, {e.picture for e in examples})]
        self._unreadable = _Lookup(load_unreadable(data, sources, work, {e.picture for e in self.examples["flickr8k"]}))
        self._class_features = _class_features(sources, self._copies["imagenet_samples"][0].features, class_names)
        self._groups = sorted({e.label for e in self.examples["grocery"]})
        self._with_thing = defaultdict(list)
        for example in self.examples["flickr8k"]:
            for thing in sorted(present_things(example.answers)):
                self._with_thing[thing].append(example)

    def steps(self, first_step: int) -> Iterator[list[Row]]:
        """Each collection goes round in an order shuffled anew, the same however often training is resumed."""
        groups: dict[str, list[Example]] = {**self.examples, "labels": [Example("labels", n, (), n) for n in self.class_names]}
        rounds = {name: _rounds(groups[name], random.Random(f"{SEED} {name}")) for name in ROWS_A_STEP}
        step = 0
        while True:
            chosen = [next(rounds[name]) for name, count in ROWS_A_STEP.items() for _ in range(count)]
            if step >= first_step:
                rng = random.Random(f"{SEED} step {step}")
                rows = [row for example in chosen if (row := self._row(example, rng))]
                yield rows + ([self._unreadable_row(rng)] if step % UNREADABLE_EVERY_STEPS == 0 else [])
            step += 1

    def features(self, example: Example) -> Sight:
        """Of the picture as it is."""
        return self._copies[example.collection][0].find(example.picture)

    def seen(self, sight: Sight) -> str:
        """The heads' text in the prompt."""
        words = () if sight.words is None else seen_words(sight.words, self._words)
        return seen_text(seen_labels(sight.logits, self.class_names), words)

    def _row(self, example: Example, rng: random.Random) -> Row | None:
        if example.collection == "labels":
            sight = self._class_features.find(example.picture)
        else:
            copies = self._copies[example.collection]
            copy = 0 if rng.random() < 0.5 else rng.randrange(1, len(copies))
            sight = copies[copy].find(example.picture)
        exchanges: list[Exchange] | None
        if example.collection == "flickr8k":
            exchanges = self._scene_exchanges(example, copy > 0, rng)
        elif example.collection == "grocery":
            exchanges = self._shop_exchanges(example, rng)
        else:
            exchanges = self._object_exchanges(example, sight.logits, rng)
        if not exchanges:
            return None
        asked = tuple(Exchange(_spelt(e.question, rng), e.answers) for e in exchanges)
        return Row(self.seen(sight), asked, sight.tokens)

    def _scene_exchanges(self, example: Example, mirrored: bool, rng: random.Random) -> list[Exchange]:
        worth = self._worth[example.picture]
        # Drawn by worth without putting back: Efraimidis & Spirakis 2006.
        order = sorted(range(len(worth)), key=lambda i: rng.random() ** (1 / max(worth[i] ** TYPICAL_POWER, 1e-6)), reverse=True)
        exchanges = [Exchange(rng.choice(CAPTION_QUESTIONS), tuple(example.answers[i] for i in order[:CAPTIONS_A_ROW]))]
        things = sorted(present_things(example.answers))
        other = rng.choice(self._with_thing[rng.choice(things)] if things else self.examples["flickr8k"])
        exchanges += caption_questions(example.answers, other.answers, rng, QUESTIONS_A_ROW)
        if rng.random() < 0.1:
            exchanges.append(Exchange(rng.choice(MORE_QUESTIONS), (max(example.answers, key=len),)))
        if mirrored:
            return [Exchange(e.question, tuple(map(swap_sides, e.answers))) for e in exchanges]
        return exchanges

    def _shop_exchanges(self, example: Example, rng: random.Random) -> list[Exchange]:
        sentence, name = example.answers
        absent = [shop_words(label) for label in self._groups if label != example.label and label.split("-")[-1] not in example.label]
        exchanges = [Exchange(rng.choice(CAPTION_QUESTIONS), (sentence,)), Exchange(rng.choice(NAME_QUESTIONS), (name,))]
        if rng.random() < 0.5:
            return exchanges + label_questions([shop_words(example.label)], absent, rng)
        return [*exchanges, presence_question(rng.choice(_SCENE_THINGS), False, rng)]

    def _object_exchanges(self, example: Example, logits: np.ndarray, rng: random.Random) -> list[Exchange] | None:
        """Named as surely as the head is of its first label; None: leave the picture out, for the head is sure of a wrong class."""
        probabilities = softmax(logits)
        sure, named = float(probabilities.max()), example.label in seen_text(seen_labels(logits, self.class_names))
        if not named and sure >= CERTAIN:
            return None
        question = rng.choice(OBJECT_QUESTIONS)
        noun = f"{article(example.label)} {example.label}"
        if not named or sure < UNSURE:
            return [Exchange(question, (CANT_TELL,))]
        likely = np.argsort(-probabilities)[5:60]  # plausible but not the same thing by another name
        absent = rng.choice([self.class_names[i] for i in likely])
        exchanges = [Exchange(question, (f"{noun[:1].upper()}{noun[1:]}." if sure >= CERTAIN else f"It looks like {noun}.",))]
        if example.collection != "labels":
            exchanges += label_questions([noun], [f"{article(absent)} {absent}", rng.choice(_SCENE_THINGS[:4])], rng)
        return exchanges

    def _unreadable_row(self, rng: random.Random) -> Row:
        sight = self._unreadable.find(rng.choice(self._unreadable.features.names))
        exchanges = (Exchange(rng.choice((*CAPTION_QUESTIONS, *NAME_QUESTIONS)), (CANT_TELL,)), cant_tell_question(rng))
        return Row(self.seen(sight), exchanges, sight.tokens)


@dataclass(frozen=True)
class Sight:
    """What the vision encoder makes of one picture: `tokens` f32 [16, 5120], `logits` [1000], `words` [words] or None."""

    tokens: np.ndarray
    logits: np.ndarray
    words: np.ndarray | None


class _Lookup:
    """Features by picture name."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self._place = {name: i for i, name in enumerate(features.names)}

    def find(self, picture: str) -> Sight:
        place = self._place[picture]
        words = None if self.features.words is None else self.features.words[place]
        return Sight(np.asarray(self.features.tokens[place], np.float32), self.features.logits[place], words)


def _class_features(sources: Path, pictures: Features, class_names: list[str]) -> _Lookup:
    """For each class a picture that isn't there: the mean picture pushed along the class's vector in the head until that is sure of it.

    So every class word can be spoken, also those of classes whose pictures are kept out of training.
    """
    weights = read_state_dict(find_source(sources, VISION_MODEL_FILE))
    head, bias = weights["_fc.weight"], weights["_fc.bias"]  # [1000, 1280], [1000]
    mean = np.mean([pictures.tokens[i].reshape(-1, head.shape[1]).mean(0, dtype=np.float32) for i in range(len(pictures.names))], axis=0)
    pushed = np.maximum(mean + head * (np.linalg.norm(mean) / np.linalg.norm(head, axis=1, keepdims=True)), 0)  # [1000, 1280]
    logits = (pushed @ head.T + bias).astype(np.float32)
    tokens = np.broadcast_to(np.tile(pushed, WIDTH // head.shape[1])[:, None], (len(head), TOKENS, WIDTH))
    return _Lookup(Features(None, class_names, tokens, np.empty(0), logits, None))


def _spelt(question: str, rng: random.Random) -> str:
    """Half of the world writes "color"."""
    return question.replace("colour", "color") if rng.random() < 0.5 else question


def _rounds(group: list[Example], rng: random.Random) -> Iterator[Example]:
    while True:
        yield from rng.sample(group, len(group))
