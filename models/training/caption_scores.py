"""CIDEr-D and BLEU-4 by pycocoevalcap, with its Java tokenizer's effect in one line: lower case, no punctuation."""

from __future__ import annotations

import contextlib
import io
import re

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider


def cider_d(references: list[list[str]], outputs: list[str]) -> float:
    """Vedantam et al. 2015, as pycocoevalcap computes it (clipped counts, sigma 6), over the whole set."""
    return float(Cider().compute_score(*_by_number(references, outputs))[0])


def typical(captions: dict[str, list[str]]) -> dict[str, list[float]]:
    """For each caption of each picture its CIDEr-D against the picture's other captions: what most people would say scores high.

    Taught more often, typical captions make a caption model agree with people more (Phan et al. 2017, "Consensus-based
    sequence training").
    """
    worth = {picture: [0.0] * len(texts) for picture, texts in captions.items()}
    for place in range(max(map(len, captions.values()))):
        pictures = [p for p, texts in captions.items() if len(texts) > max(place, 1)]
        others = [[t for i, t in enumerate(captions[p]) if i != place] for p in pictures]
        _, scores = Cider().compute_score(*_by_number(others, [captions[p][place] for p in pictures]))
        for picture, score in zip(pictures, scores, strict=True):
            worth[picture][place] = float(score)
    return worth


def bleu4(references: list[list[str]], outputs: list[str]) -> float:
    """Papineni et al. 2002, corpus level, closest reference length."""
    with contextlib.redirect_stdout(io.StringIO()):  # pycocoevalcap prints its counts
        return float(Bleu(4).compute_score(*_by_number(references, outputs))[0][3])


def _by_number(references: list[list[str]], outputs: list[str]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    return {i: [_tokens(r) for r in rs] for i, rs in enumerate(references)}, {i: [_tokens(o)] for i, o in enumerate(outputs)}


def _tokens(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+(?:[-'][a-z0-9]+)*", text.lower()))
