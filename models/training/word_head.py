"""Trains the vision encoder's second head: which words people would use of a picture ("dog", "running", "two", "apples").

    python -m models.training.word_head --data ../shared/data --sources MODELS_DIR --work DIR

Writes models/starter/word_head.npz and seen_words.txt, and beside the features in DIR what the head says of every training
picture. A head over words, learned from captions and told to the language model, is what Wu et al. 2016 ("What value do explicit
high level concepts have in vision to language problems?") do. Its last blocks are tuned; the tokens and the 1,000 classes keep
theirs as they were.

The language model must learn how far these words can be trusted, so in its training they come from a head that never saw the
picture: the pictures are cut in FOLDS parts, and each part's words come from a head trained on the others.
"""

from __future__ import annotations

import argparse
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assistant.building.efficientnet_lite import folded_convolutions, last_blocks, last_convolutions
from assistant.building.sources import VISION_MODEL_FILE, find_source
from assistant.building.starter import word_head_file
from assistant.building.torch_file import read_state_dict
from assistant.building.word_head import WordHead, save_word_head
from assistant.messages import plain_words
from assistant.runtimes.seen_labels import HEAD_FILES, read_head
from assistant.runtimes.seen_labels import WORD_HEAD as WORD_OUTPUT
from models.training.augment import swap_sides
from models.training.data import Example, flickr_examples, grocery_examples, imagenet_examples, shop_words
from models.training.features import Features, load_copies, load_unreadable

FOLDS, EPOCHS, BATCH = 3, 6, 64
COPIES = 3
"""Rows that show the same picture, about: the picture as it is and varied copies."""
HEAD_RATE, TUNING_RATE, WEIGHT_DECAY, WARM_UP = 1e-3, 1e-4, 0.02, 0.1
POOLED_DROPOUT, BLOCK_DROPOUT = 0.3, 0.1
LEAST_PICTURES = 25
"""In which a word must occur to be learned."""
UNASKED_WEIGHT = 0.3
"""Of "no" to words that nobody was asked about: a captioned picture's groceries, a labelled picture's captions."""
SEED = 7

# Words that tell nothing seen.
_UNTOLD = frozenset(
    re.findall(
        r"\w+",
        """a an the is are was be being has have in on of with and at to up down by for from into it its his her their while as that
        this over near through behind around under off out front next other another one each who there several some s t him them he
        she they looks looking like top side very which all""",
    )
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k, grocery, imagenet_samples")
    parser.add_argument("--sources", type=Path, required=True, help="folder with the .pth that `assistant setup` fetched")
    parser.add_argument("--work", type=Path, required=True, help="folder for features")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args(arguments)
    torch.manual_seed(SEED)
    convs = last_convolutions(folded_convolutions(read_state_dict(find_source(options.sources, VISION_MODEL_FILE))))
    vocabulary = Vocabulary.of(flickr_examples(options.data, "train"), grocery_examples(options.data, "train"))
    groups = list(_groups(options.data, options.sources, options.work, vocabulary))
    whole = fit(convs, groups, None, options.epochs)
    save_word_head(word_head_file(), whole.kept(convs))
    lines = (f"{word}\t{share:.2g}\n" for word, share in zip(vocabulary.words, usual(groups), strict=True))
    _names_file().write_text("".join(lines), encoding="utf-8")
    parts = [fit(convs, groups, part, options.epochs) for part in range(FOLDS)]
    for group in groups:
        said = whole.predict(group.features.trunk)
        for part, tower in enumerate(parts):
            own = [place for place, fold in zip(group.places, group.folds, strict=True) if fold == part]
            said[own] = tower.predict(group.features.trunk[own])
        group.features.keep_words(said)


def read_words() -> list[str]:
    """What the committed head says, in its order."""
    return read_head(_names_file().read_text(encoding="utf-8"), shares=True).names


def _names_file() -> Path:
    return word_head_file().with_name(HEAD_FILES[WORD_OUTPUT])


@dataclass(frozen=True)
class Vocabulary:
    """Words of captions, most frequent first, then what shops sell."""

    words: list[str]
    caption_words: int
    """How many come from captions."""

    @classmethod
    def of(cls, captioned: Sequence[Example], sold: Sequence[Example]) -> Vocabulary:
        counts = Counter(word for e in captioned for word in {word for text in e.answers for word in plain_words(text)} - _UNTOLD)
        told = sorted((word for word, count in counts.items() if count >= LEAST_PICTURES), key=lambda word: (-counts[word], word))
        return cls([*told, *sorted({shop_words(e.label) for e in sold} - set(told))], len(told))

    def captioned(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """f32 [words] each: which share of the captions says a word, and how much that answer counts."""
        said = [set(plain_words(text)) for text in texts]
        target, weight = self.nothing()
        target[: self.caption_words] = [sum(word in words for words in said) / len(said) for word in self.words[: self.caption_words]]
        weight[self.caption_words :] = UNASKED_WEIGHT
        return target, weight

    def sold(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The same of a picture of goods."""
        target, weight = self.nothing()
        target[self.words.index(name)] = 1
        weight[: self.caption_words] = UNASKED_WEIGHT
        return target, weight

    def other(self) -> tuple[np.ndarray, np.ndarray]:
        """The same of a picture of something else."""
        target, weight = self.nothing()
        return target, weight * UNASKED_WEIGHT

    def nothing(self) -> tuple[np.ndarray, np.ndarray]:
        """The same of a picture that shows nothing."""
        return np.zeros(len(self.words), np.float32), np.ones(len(self.words), np.float32)


@dataclass(frozen=True)
class Group:
    """The training pictures among some features: where each stands, to which part it belongs, and its answers."""

    features: Features
    places: list[int]
    folds: list[int]
    targets: np.ndarray
    """f32 [pictures, words]"""
    weights: np.ndarray
    """f32 [pictures, words]"""

    @classmethod
    def of(cls, features: Features, pictures: Sequence[str], answers: Sequence[tuple[np.ndarray, np.ndarray]]) -> Group:
        place = {name: i for i, name in enumerate(features.names)}
        folds = [zlib.crc32(picture.encode()) % FOLDS for picture in pictures]  # all copies of a picture in one part
        targets, weights = (np.stack(arrays) for arrays in zip(*answers, strict=True))
        return cls(features, [place[picture] for picture in pictures], folds, targets, weights)


def _groups(data: Path, sources: Path, work: Path, vocabulary: Vocabulary) -> Iterator[Group]:
    collections = {
        "flickr8k": flickr_examples(data, "train"),
        "grocery": grocery_examples(data, "train"),
        "imagenet_samples": imagenet_examples(data, "train"),
    }
    for name, examples in collections.items():
        pictures = [e.picture for e in examples]
        for copy, features in enumerate(load_copies(data, sources, work, name, set(pictures))):
            yield Group.of(features, pictures, [_answers(vocabulary, e, mirrored=copy > 0) for e in examples])
    unreadable = load_unreadable(data, sources, work, {e.picture for e in collections["flickr8k"]})
    yield Group.of(unreadable, unreadable.names, [vocabulary.nothing()] * len(unreadable.names))


def _answers(vocabulary: Vocabulary, example: Example, *, mirrored: bool) -> tuple[np.ndarray, np.ndarray]:
    if example.collection == "flickr8k":
        return vocabulary.captioned([swap_sides(text) if mirrored else text for text in example.answers])
    return vocabulary.sold(shop_words(example.label)) if example.collection == "grocery" else vocabulary.other()


class Tower(nn.Module):
    """The encoder's last blocks and a linear head over words: trunk [B, 208, 8, 8] -> logits [B, words]."""

    def __init__(self, convs: Mapping[str, np.ndarray], prior: Tensor) -> None:
        """`prior` [words]: how often each word is said of any picture."""
        super().__init__()
        self._names = list(convs)
        self.convs = nn.ParameterList(torch.from_numpy(value.copy()) for value in convs.values())
        self.blocks = [f"_blocks.{index}." for index in last_blocks(convs)]
        self.head = nn.Linear(len(convs["_conv_head.bias"]), len(prior))
        self.head.weight.data.zero_()
        self.head.bias.data.copy_(torch.logit(prior.clamp(1e-4, 0.99)))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            y = self._conv(x, f"{block}_expand_conv").clamp(0, 6)
            y = self._conv(y, f"{block}_depthwise_conv").clamp(0, 6)
            y = self._conv(y, f"{block}_project_conv")
            if y.shape != x.shape:
                x = y
                continue
            if self.training:  # stochastic depth: Huang et al. 2016
                y = y * (torch.rand(len(y), 1, 1, 1) >= BLOCK_DROPOUT) / (1 - BLOCK_DROPOUT)
            x = x + y
        pooled = self._conv(x, "_conv_head").clamp(0, 6).mean((2, 3))  # [B, 1280]
        return self.head(F.dropout(pooled, POOLED_DROPOUT, self.training))

    def kept(self, convs: Mapping[str, np.ndarray]) -> WordHead:
        """As set-up reads it; `convs` are those the tower began with."""
        changes = {name: value.detach().numpy() - convs[name] for name, value in zip(self._names, self.convs, strict=True)}
        return WordHead(self.head.weight.detach().numpy(), self.head.bias.detach().numpy(), changes)

    @torch.no_grad()
    def predict(self, trunk: np.ndarray) -> np.ndarray:
        """f16 [N, 208, 8, 8] -> logits f32 [N, words]."""
        self.eval()
        blocks = [self(torch.from_numpy(np.asarray(trunk[i : i + BATCH], np.float32))) for i in range(0, len(trunk), BATCH)]
        return np.asarray(torch.cat(blocks))

    def _conv(self, x: Tensor, name: str) -> Tensor:
        weight, bias = (self.convs[self._names.index(f"{name}.{part}")] for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight) if "depthwise" in name else 1)


def usual(groups: Sequence[Group]) -> np.ndarray:
    """f32 [words]: the share of those who say each word, among all who were asked about any picture."""
    asked = [group.weights == 1 for group in groups]
    said = np.sum([(group.targets * each).sum(0) for group, each in zip(groups, asked, strict=True)], 0)
    return np.asarray(said / np.sum([each.sum(0) for each in asked], 0), np.float32)


def fit(convs: Mapping[str, np.ndarray], groups: Sequence[Group], left_out: int | None, epochs: int) -> Tower:
    """Train on all parts but one (None: on all of them). An epoch shows each captioned picture once, in one of its copies."""
    rows = [(g, i) for g, group in enumerate(groups) for i, fold in enumerate(group.folds) if fold != left_out]
    tower = Tower(convs, torch.from_numpy(usual(groups)))
    optimiser = torch.optim.AdamW(
        [{"params": tower.head.parameters(), "lr": HEAD_RATE}, {"params": tower.convs.parameters(), "lr": TUNING_RATE}],
        weight_decay=WEIGHT_DECAY,
    )
    an_epoch = len(rows) // COPIES // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [HEAD_RATE, TUNING_RATE], total_steps=epochs * an_epoch, pct_start=WARM_UP)
    tower.train()
    rng, total = np.random.default_rng(SEED), 0.0
    order = np.concatenate([rng.permutation(len(rows)) for _ in range(-(-epochs // COPIES))])
    for step in range(epochs * an_epoch):
        chosen = [rows[i] for i in order[step * BATCH : (step + 1) * BATCH]]
        trunk = np.stack([groups[g].features.trunk[groups[g].places[i]] for g, i in chosen]).astype(np.float32)
        targets, weights = (np.stack([getattr(groups[g], part)[i] for g, i in chosen]) for part in ("targets", "weights"))
        with torch.autocast("cpu", torch.bfloat16):
            logits = tower(torch.from_numpy(trunk))
        losses = F.binary_cross_entropy_with_logits(logits.float(), torch.from_numpy(targets), reduction="none")
        loss = (losses * torch.from_numpy(weights)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if (step + 1) % an_epoch == 0:
            print(f"without part {left_out}: epoch {(step + 1) // an_epoch}, loss {total / an_epoch:.2f}", flush=True)
            total = 0.0
    return tower


if __name__ == "__main__":
    main()
