"""Train the caption translator: English into eight languages, on a processor.

    python -m models.training.translator --data ../shared/data --out OUT [--minutes 80] [--threads 1]

Writes a checkpoint to OUT every few minutes and goes on from it; each run's learning rate falls to nothing at the end of its minutes.
To go on from committed weights, put weights.npz and pieces.spm (as pieces.model) of `models/translator` into OUT, and lower --rate.
An English sentence is encoded once for all of its translations, and the softmax of a language is over that language's pieces alone.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch
from torch import Tensor
from torch.nn import functional as F

from assistant.export.scene_translator import WEIGHTS
from models.training.commands import run_command
from models.training.program_sentences import program_rows
from models.training.translation_data import TARGETS, Row, caption_rows, varied, with_stand_ins
from models.training.translator_model import PAD, CaptionTranslator, Shape, load_weights

PIECES = 12_000
STAND_INS = [f"X{number}" for number in range(1, 7)]
SHARES = {"de": 1.0, "fr": 1.0, "cs": 1.0, "pt": 0.1, "es": 0.25, "uk": 0.2, "zh": 0.0, "ar": 0.35}
"""Of the batches in which a language takes part: those that people translated come first, but Portuguese has Firefox's translator too,
and Chinese isn't told, since its data lacks characters."""
BATCH_PIECES = 320
"""Of English in a batch, padding included."""
LONGEST_PIECES = 60
PEAK_RATE, WARM_UP_STEPS = 1.8e-3, 400
SMOOTHING, DROPOUT = 0.1, 0.1
AVERAGE = 0.999
"""Of the weights' moving average, by step."""
CHECKPOINT_S, TOLD_STEPS = 180.0, 100


@dataclass(frozen=True)
class Encoded:
    """A sentence as pieces, with its translations."""

    source: list[int]
    targets: dict[str, list[int]]


def train_pieces(rows: Sequence[Row], path: Path) -> None:
    """Write a SentencePiece vocabulary of English and all targets to `path` + ".model"."""
    lines = [row.english for row in rows] + [text for row in rows for text in row.translations.values()]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(path),
        vocab_size=PIECES,
        model_type="unigram",
        character_coverage=0.9998,
        normalization_rule_name="identity",
        num_threads=2,
        input_sentence_size=0,
        minloglevel=2,
        user_defined_symbols=[f"<{language}>" for language in TARGETS] + STAND_INS,
    )


class Corpus:
    """Rows as pieces, varied anew in each pass, in batches of sentences of like length."""

    def __init__(self, rows: Sequence[Row], pieces: Any) -> None:
        self._rows, self._pieces = rows, pieces
        self.end, self.unknown = pieces.eos_id(), pieces.unk_id()
        texts = [(code, text) for row in rows for code, text in row.translations.items()]
        found: dict[str, set[int]] = {code: {self.end, self.unknown} for code in TARGETS}
        for (code, _), ids in zip(texts, pieces.encode([text for _, text in texts]), strict=True):
            found[code].update(ids)
        self.allowed = {code: sorted(ids) for code, ids in found.items()}
        self.language_tokens = {code: pieces.piece_to_id(f"<{code}>") for code in TARGETS}

    def batches(self, dice: random.Random) -> Iterator[list[Encoded]]:
        """Yield one pass over the rows."""
        rows = [self._encode(row, dice) for row in self._rows]
        rows = [row for row in rows if row.targets and len(row.source) <= LONGEST_PIECES]
        rows.sort(key=lambda row: (len(row.source), max(map(len, row.targets.values())) + dice.random()))
        batches: list[list[Encoded]] = []
        batch: list[Encoded] = []
        for row in rows:
            if batch and (len(batch) + 1) * len(row.source) > BATCH_PIECES:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
        dice.shuffle(batches)
        yield from batches

    def _encode(self, row: Row, dice: random.Random) -> Encoded:
        """One variant of a row. Its translations must take the same turn, so the dice are thrown from one seed."""
        seed = dice.random()
        english, targets = row.english, {}
        for code, text in row.translations.items():
            english, translation = varied(row.english, text, random.Random(seed))
            ids = self._pieces.encode(translation)
            if self.unknown not in ids and len(ids) <= LONGEST_PIECES:
                targets[code] = ids
        return Encoded([*self._pieces.encode(english), self.end], targets)


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Return ids with padding behind them: [rows, longest]."""
    ids = torch.full((len(rows), max(map(len, rows))), PAD)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
    return ids


def batch_loss(model: CaptionTranslator, batch: list[Encoded], corpus: Corpus, codes: Sequence[str]) -> tuple[Tensor, int]:
    """Return the summed loss over a batch's translations into some languages, and their number of pieces."""
    places = {code: [place for place, row in enumerate(batch) if code in row.targets] for code in codes}
    codes = [code for code in codes if places[code]]
    texts = {code: [batch[place].targets[code] for place in places[code]] for code in codes}
    source = padded([row.source for row in batch])
    given = [padded([[corpus.language_tokens[code], *text] for text in texts[code]]) for code in codes]
    allowed = [torch.tensor(corpus.allowed[code]) for code in codes]
    embedded, *rows = model.embed(source, *given, *allowed)
    encoded, mask = model.encode(source, embedded)
    memories = model.memories(encoded)
    losses, count = [], 0
    for number, code in enumerate(codes):
        chosen = torch.tensor(places[code])
        own = memories if len(chosen) == len(batch) else [(key[chosen], value[chosen]) for key, value in memories]
        decoded = model.decode(rows[number], own, mask[chosen])
        right = padded([[*text, corpus.end] for text in texts[code]])
        real = right != PAD
        scores = F.linear(decoded[real], rows[len(codes) + number], model.output_bias[allowed[number]])
        right = torch.searchsorted(allowed[number], right[real])
        losses.append(F.cross_entropy(scores, right, label_smoothing=SMOOTHING, reduction="sum"))
        count += len(right)
    return torch.stack(losses).sum(), count


def train(data: Path, out: Path, minutes: float, threads: int, peak_rate: float = PEAK_RATE) -> None:
    """Train until the minutes, those of earlier runs included, are over."""
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    captions = caption_rows(data, "train")
    if not (out / "pieces.model").exists():
        train_pieces(captions, out / "pieces")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(out / "pieces.model"))
    corpus = Corpus([*captions, *with_stand_ins(captions) * 3, *program_rows()], pieces)
    model = CaptionTranslator(Shape(PIECES), DROPOUT)
    optimizer = torch.optim.Adam(model.parameters(), lr=peak_rate, betas=(0.9, 0.98), eps=1e-9, fused=True)
    average = {name: value.clone() for name, value in model.state_dict().items()}
    state = {"step": 0, "seconds": 0.0, "passes": 0}
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average, state = saved["average"], saved["state"]
    elif (out / WEIGHTS).exists():  # what an earlier session committed, without the optimiser's state
        with np.load(out / WEIGHTS) as file:
            load_weights(model, {name: file[name] for name in model.state_dict()})
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} million parameters; at step {state['step']}", flush=True)
    budget_s, told, saved_s = minutes * 60, [0.0, 0, time.monotonic()], time.monotonic()
    while state["seconds"] < budget_s:
        dice = random.Random(int(state["step"]))  # a resumed pass goes on with other batches
        for batch in corpus.batches(dice):
            began_s = time.monotonic()
            codes = [code for code in TARGETS if dice.random() < SHARES[code] and any(code in row.targets for row in batch)]
            if not codes:
                continue
            rate = peak_rate * min(1.0, (state["step"] + 1) / WARM_UP_STEPS) * max(0.01, 1 - state["seconds"] / budget_s)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss, count = batch_loss(model, batch, corpus, codes)
            optimizer.zero_grad()
            (loss / count).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            kept = min(AVERAGE, (state["step"] + 1) / (state["step"] + 10))
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - kept)
            state["step"] += 1
            state["seconds"] += time.monotonic() - began_s
            told[0] += loss.item()
            told[1] += count
            if state["step"] % TOLD_STEPS == 0:
                speed = told[1] / (time.monotonic() - told[2])
                print(
                    f"step {state['step']} pass {state['passes']} minute {state['seconds'] / 60:.1f} rate {rate:.5f} "
                    f"loss {told[0] / told[1]:.3f} pieces/s {speed:.0f}",
                    flush=True,
                )
                told = [0.0, 0, time.monotonic()]
            is_over = state["seconds"] >= budget_s
            if is_over or time.monotonic() - saved_s > CHECKPOINT_S:
                partial = checkpoint.with_suffix(".partial")
                torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "state": state}, partial)
                partial.replace(checkpoint)
                saved_s = time.monotonic()
            if is_over:
                return
        state["passes"] += 1


def main() -> int:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the vocabulary and the checkpoint")
    parser.add_argument("--minutes", type=float, default=80, help="of training in all")
    parser.add_argument("--threads", type=int, default=1, help="one is best where other programs want the processor too")
    parser.add_argument("--rate", type=float, default=PEAK_RATE, help="the highest; lower it to go on from committed weights")
    options = parser.parse_args()
    torch.manual_seed(0)
    np.random.seed(0)
    return run_command("translator", lambda: train(options.data, options.out, options.minutes, options.threads, options.rate))


if __name__ == "__main__":
    raise SystemExit(main())
