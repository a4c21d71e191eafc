"""CIDEr-D and BLEU-4 by pycocoevalcap, with its Java tokenizer's effect in one line: lower case, no punctuation."""

from __future__ import annotations

import contextlib
import io
import re

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.cider.cider_scorer import CiderScorer, cook_refs, cook_test

END_WORD = "eos"


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


class CaptionReward:
    """CIDEr-D of single captions, words weighed by how rare they are in a whole training set.

    The end of a caption counts as a word, or captions that break off ("a man in a") would score as well.
    """

    def __init__(self, captions: dict[str, list[str]]) -> None:
        self._references = {picture: cook_refs([_ended(text) for text in texts]) for picture, texts in captions.items()}
        self._scorer = CiderScorer()
        self._scorer.crefs = list(self._references.values())
        self._scorer.compute_doc_freq()

    def score(self, picture: str, said: list[str]) -> list[float]:
        """Of each text said about the picture; one without a full stop counts as broken off."""
        self._scorer.ctest = [cook_test(_ended(text)) for text in said]
        # The scorer takes the number of pictures from the length of this list, and scores as far as `ctest` goes.
        self._scorer.crefs = [self._references[picture]] * len(said) + [[]] * (len(self._references) - len(said))
        return [float(score) for score in self._scorer.compute_cider()]


def bleu4(references: list[list[str]], outputs: list[str]) -> float:
    """Papineni et al. 2002, corpus level, closest reference length."""
    with contextlib.redirect_stdout(io.StringIO()):  # pycocoevalcap prints its counts
        return float(Bleu(4).compute_score(*_by_number(references, outputs))[0][3])


def _by_number(references: list[list[str]], outputs: list[str]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    return {i: [_tokens(r) for r in rs] for i, rs in enumerate(references)}, {i: [_tokens(o)] for i, o in enumerate(outputs)}


def _ended(text: str) -> str:
    return f"{_tokens(text)} {END_WORD}" if text.endswith(".") else _tokens(text)


def _tokens(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+(?:[-'][a-z0-9]+)*", text.lower()))
