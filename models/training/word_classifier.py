"""Trains the word classifier, a second head on the vision encoder: which words people would use of a picture ("dog", "running", "two").

    python -m models.training.word_classifier --data ../shared/data --sources MODELS_DIR --work DIR [--pairs-only]

Writes models/starter/word_head.npz and seen_words.txt, and beside the features in DIR what the head says of every training
picture. A head over words, learned from captions and told to the language model, is what Wu et al. 2016 ("What value do explicit
high level concepts have in vision to language problems?") do. Its last blocks are tuned; the tokens and the 1,000 classes keep
theirs as they were. Pairs of words ("black dog") are learned when those are finished, and aren't told to the language model, but
its answers are judged by them; --pairs-only learns them anew for the committed head.

The language model must learn how far these words can be trusted, so in its training they come from a head that never saw the
picture: the pictures are cut in FOLDS parts, and each part's words come from a head trained on the others.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from assistant.engines.vlm.starter.encoder_heads import HEAD_FILES, read_head
from assistant.engines.vlm.starter.encoder_heads import WORD_HEAD as WORD_OUTPUT
from assistant.export.efficientnet_lite import folded_convolutions, last_blocks, last_convolutions
from assistant.export.sources import VISION_MODEL_FILE, find_source
from assistant.export.starter import word_classifier_file
from assistant.export.torch_file import read_state_dict
from assistant.export.word_classifier import WordClassifier, read_word_classifier, replace_rows, save_word_classifier
from models.training.augment import swap_sides
from models.training.data import Example, flickr_examples, grocery_examples, imagenet_examples, shop_words
from models.training.features import Features, load_copies, load_unreadable
from models.training.vocabulary import Vocabulary

FOLDS, EPOCHS, BATCH = 3, 6, 64
COPIES = 3
"""Rows that show the same picture, about: the picture as it is and varied copies."""
HEAD_RATE, TUNING_RATE, WEIGHT_DECAY, WARM_UP = 1e-3, 1e-4, 0.02, 0.1
PAIR_RATE, PAIR_DECAY, PAIR_DROPOUT = 3e-4, 0.1, 0.5
POOLED_DROPOUT, BLOCK_DROPOUT = 0.3, 0.1
SEED = 7


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k, grocery, imagenet_samples")
    parser.add_argument("--sources", type=Path, required=True, help="folder with the .pth that `assistant setup` fetched")
    parser.add_argument("--work", type=Path, required=True, help="folder for features")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--pairs-only", action="store_true", help="keep the committed words")
    options = parser.parse_args(arguments)
    torch.manual_seed(SEED)
    convs = last_convolutions(folded_convolutions(read_state_dict(find_source(options.sources, VISION_MODEL_FILE))))
    captioned = flickr_examples(options.data, "train")
    if not options.pairs_only:
        vocabulary = Vocabulary.of(captioned, grocery_examples(options.data, "train"))
        groups = list(_groups(options.data, options.sources, options.work, vocabulary))
        whole = fit(convs, groups, None, options.epochs)
        save_word_classifier(word_classifier_file(), whole.kept(convs))
        _names_file().write_text(_lines(vocabulary.terms, usual(groups)), encoding="utf-8")
        _tell(groups, whole, [fit(convs, groups, part, options.epochs) for part in range(FOLDS)])
    words = len(read_words())
    pairs = Vocabulary.of_pairs(captioned)
    groups = list(_groups(options.data, options.sources, options.work, pairs))
    layer = fit_pairs(Tower.of(convs, read_word_classifier(word_classifier_file())), groups, options.epochs)
    replace_rows(word_classifier_file(), words, layer.weight.detach().numpy(), layer.bias.detach().numpy())
    kept = _names_file().read_text(encoding="utf-8").splitlines(keepends=True)[:words]
    _names_file().write_text("".join(kept) + _lines(pairs.terms, usual(groups)), encoding="utf-8")


def _lines(terms: Iterable[str], shares: Iterable[float]) -> str:
    """Of the file that names what the head says."""
    return "".join(f"{term}\t{share:.2g}\n" for term, share in zip(terms, shares, strict=True))


def _tell(groups: Sequence[Group], whole: Tower, parts: Sequence[Tower]) -> None:
    """Keep beside the features what heads say of each picture that never saw it; of those that nobody saw, what the whole one says."""
    for group in groups:
        said = whole.predict(group.features.trunk)
        for part, tower in enumerate(parts):
            own = [place for place, fold in zip(group.places, group.folds, strict=True) if fold == part]
            said[own] = tower.predict(group.features.trunk[own])
        group.features.keep_words(said)


def read_words() -> list[str]:
    """Return the words that the committed word classifier knows, in its order."""
    head = read_head(_names_file().read_text(encoding="utf-8"), shares=True)
    return head.names[: head.words]


def _names_file() -> Path:
    return word_classifier_file().with_name(HEAD_FILES[WORD_OUTPUT])


@dataclass(frozen=True)
class Group:
    """The training pictures among some features: where each stands, to which part it belongs, and its answers."""

    features: Features
    places: list[int]
    folds: list[int]
    targets: np.ndarray
    """f32 [pictures, terms]"""
    weights: np.ndarray
    """f32 [pictures, terms]"""

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
        self.head = _linear(len(convs["_conv_head.bias"]), prior)

    @classmethod
    def of(cls, convs: Mapping[str, np.ndarray], head: WordClassifier) -> Tower:
        """Rebuild the tower that was kept; `convs` are those it began with."""
        tower = cls(convs, torch.zeros(len(head.bias)))
        for name, parameter in zip(convs, tower.convs, strict=True):
            parameter.data.copy_(torch.from_numpy(convs[name] + head.changes[name]))
        tower.head.weight.data.copy_(torch.from_numpy(head.weight))
        tower.head.bias.data.copy_(torch.from_numpy(head.bias))
        return tower

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.dropout(self.pooled(x), POOLED_DROPOUT, self.training))

    def pooled(self, x: Tensor) -> Tensor:
        """What the head is over: [B, 1280]."""
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
        return self._conv(x, "_conv_head").clamp(0, 6).mean((2, 3))

    def kept(self, convs: Mapping[str, np.ndarray]) -> WordClassifier:
        """Return what set-up reads; `convs` are those the tower began with."""
        changes = {name: value.detach().numpy() - convs[name] for name, value in zip(self._names, self.convs, strict=True)}
        return WordClassifier(self.head.weight.detach().numpy(), self.head.bias.detach().numpy(), changes)

    @torch.no_grad()
    def predict(self, trunk: np.ndarray) -> np.ndarray:
        """f16 [N, 208, 8, 8] -> logits f32 [N, words]."""
        return np.asarray(self.head(self.look(trunk)))

    @torch.no_grad()
    def look(self, trunk: np.ndarray) -> Tensor:
        """f16 [N, 208, 8, 8] -> what the head is over, f32 [N, 1280]."""
        self.eval()
        return torch.cat([self.pooled(torch.from_numpy(np.asarray(trunk[i : i + BATCH], np.float32))) for i in range(0, len(trunk), BATCH)])

    def _conv(self, x: Tensor, name: str) -> Tensor:
        weight, bias = (self.convs[self._names.index(f"{name}.{part}")] for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight) if "depthwise" in name else 1)


def usual(groups: Sequence[Group]) -> np.ndarray:
    """f32 [terms]: the share of those who say each, among all who were asked about any picture."""
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
        total += _learn(logits.float(), torch.from_numpy(targets), torch.from_numpy(weights), optimiser)
        schedule.step()
        if (step + 1) % an_epoch == 0:
            print(f"without part {left_out}: epoch {(step + 1) // an_epoch}, loss {total / an_epoch:.2f}", flush=True)
            total = 0.0
    return tower


def fit_pairs(tower: Tower, groups: Sequence[Group], epochs: int) -> nn.Linear:
    """A layer beside the finished tower's head; its answers are pairs."""
    pooled = torch.cat([tower.look(group.features.trunk[group.places]) for group in groups])
    targets, weights = (torch.from_numpy(np.concatenate([getattr(group, part) for group in groups])) for part in ("targets", "weights"))
    layer = _linear(pooled.shape[1], torch.from_numpy(usual(groups)))
    optimiser = torch.optim.AdamW(layer.parameters(), PAIR_RATE, weight_decay=PAIR_DECAY)
    steps = epochs * (len(pooled) // COPIES // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PAIR_RATE, total_steps=steps, pct_start=WARM_UP)
    order = torch.cat([torch.randperm(len(pooled)) for _ in range(-(-epochs // COPIES))])
    for step in range(steps):
        rows = order[step * BATCH : (step + 1) * BATCH]
        loss = _learn(layer(F.dropout(pooled[rows], PAIR_DROPOUT)), targets[rows], weights[rows], optimiser)
        schedule.step()
    print(f"pairs: loss {loss:.2f}", flush=True)
    return layer


def _learn(logits: Tensor, targets: Tensor, weights: Tensor, optimiser: torch.optim.Optimizer) -> float:
    """One step towards the answers, f32 [B, terms] each; the loss before it."""
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    loss = (losses * weights).sum(1).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def _linear(inputs: int, prior: Tensor) -> nn.Linear:
    """A layer that begins by saying of everything how usual it is: `prior` [outputs]."""
    layer = nn.Linear(inputs, len(prior))
    layer.weight.data.zero_()
    layer.bias.data.copy_(torch.logit(prior.clamp(1e-4, 0.99)))
    return layer


if __name__ == "__main__":
    main()
