"""Tells English descriptions of pictures in other languages with the models that were trained here. Knows no fetching.

A folder holds a CTranslate2 model for each language, one vocabulary of pieces, and a lexicon of words. What isn't sure is left out:
so small a model invents fluently where it doesn't know a word.
"""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from assistant.engines.translation.sentence_pieces import SentencePieces
from assistant.engines.translation.word_lexicon import WordLexicon, english_words, must_survive
from assistant.problems import BadInput, DamagedModel, MissingModel, shorten
from assistant.translatable import Translatable, in_english

BEAM = 4
"""Sentences kept at each step of the beam search; the likeliest of them that loses nothing is told."""
LONGEST_SOURCE = 60
"""Pieces in one sentence; longer ones weren't trained on."""
LEAST_SENTENCES = 3
"""Training sentences that must have had a word for it to be known."""
_END, _UNKNOWN = "</s>", "<unk>"
MOST_LOADED = 3
"""Languages in memory; the one used longest ago goes first. Seven took 85 MB, three take 55 (asked: 60); reading one takes 0.05 s."""
_FIX = Translatable("run `{command}`, then `{then}`", command="assistant models remove scene-translator", then="assistant setup")
_STAND_IN = re.compile(r'"?\bX\d\b"?')
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"])")
_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-", "\u00a0": " "})
_REPEATED = re.compile(r"(.)\1{3}|\b(\w{3,}) \2\b|\b(\w{5,})\b.*\b\3\b.*\b\3\b")
"""A letter four times, a word twice in a row or three times in all."""
_NEGATION = re.compile(r"\b(?:not?|never|none|nobody|nothing|without|cannot|\w+n't)\b", re.IGNORECASE)
"""Captions hardly ever say what isn't there, so the model can't be trusted with it."""


class Limits(NamedTuple):
    """What a translation must keep to; see models/translator/README.md for how they were chosen."""

    mean: float = -0.55
    """Mean log-probability of its pieces, at least."""
    least: float = -2.5
    """Log-probability of each piece, at least."""


class Told(NamedTuple):
    """A translation, and why it isn't to be trusted; "" if nothing speaks against it."""

    text: str
    doubt: str
    mean: float = 0.0
    least: float = 0.0
    lost: tuple[str, ...] = ()


class SceneTranslator:
    """Implements `interfaces.SceneTranslator`. A language is loaded when it is first used."""

    def __init__(self, folder: Path, threads: int = 0, limits: Limits | None = None) -> None:
        """Find the languages. MissingModel if there is none.

        Args:
            folder: as `export/scene_translator.py` writes it.
            threads: of one translation; 0 = CTranslate2's choice.
            limits: how sure it must be.
        """
        self._folder, self._threads, self._limits = folder, threads, limits or Limits()
        self.scene_languages = frozenset(path.parent.name for path in folder.glob("??/model.bin"))
        if not self.scene_languages:
            raise MissingModel(
                "no translator of scenes is in {folder}", "run `{command}`", command="assistant setup", folder=shorten(folder)
            )
        self._models: dict[str, Any] = {}
        self._shared: _Shared | None = None
        self._lock = threading.Lock()

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return nothing: it translates no other text than descriptions."""
        return frozenset()

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Refuse: BadInput, for it has no pairs."""
        raise BadInput(
            in_english(f"this translator has no {source!r} to {target!r}"), in_english("it knows descriptions of pictures alone")
        )

    @property
    def lexicon(self) -> WordLexicon:
        """Return the words that stand for others. DamagedModel if the file can't be read."""
        return self._load(min(self.scene_languages))[0].lexicon

    def translate_scene(self, description: str, language: str) -> str:
        """Return an English description in a language, "" where it isn't sure of every sentence of it. DamagedModel."""
        told = [self.explain(sentence, language) for sentence in _SENTENCE.split(description.strip()) if sentence]
        return "" if any(one.doubt for one in told) else ("" if language == "zh" else " ").join(one.text for one in told)

    def explain(self, sentence: str, language: str) -> Told:
        """Translate one sentence, and tell what speaks against the translation."""
        shared, model = self._load(language)
        english = " ".join(sentence.translate(_TYPOGRAPHIC).split())
        words = [word for word in english_words(_STAND_IN.sub(" ", english)) if len(word) > 1]
        unknown = shared.lexicon.unknown([word.removesuffix("'s") for word in words], LEAST_SENTENCES)
        pieces = shared.pieces.pieces(english)
        if not pieces or len(pieces) > LONGEST_SOURCE:
            return Told("", "nothing to translate" if not pieces else "a long sentence")
        if unknown:
            return Told("", f"unknown: {', '.join(unknown)}")
        if _NEGATION.search(english):
            return Told("", "a negation")
        found = self._search(pieces, model)
        scored = model.score_batch([[*pieces, _END]] * len(found), found)
        told = [
            self._judge(shared.pieces.join(each).strip(), list(score.log_probs), words, language, shared)
            for each, score in zip(found, scored, strict=True)
        ]
        return next((one for one in told if not one.doubt), told[0])

    def translation(self, sentence: str, language: str) -> str:
        """Translate one sentence however unsure, for measuring."""
        shared, model = self._load(language)
        return shared.pieces.join(self._search(shared.pieces.pieces(sentence), model)[0]).strip()

    @staticmethod
    def _search(pieces: list[str], model: Any) -> list[list[str]]:
        """The likeliest translations, the best first."""
        options = {"beam_size": BEAM, "num_hypotheses": BEAM, "max_decoding_length": 2 * len(pieces) + 8}
        found: list[list[str]] = model.translate_batch([[*pieces, _END]], **options)[0].hypotheses
        return found

    def _judge(self, text: str, sure: list[float], words: list[str], language: str, shared: _Shared) -> Told:
        """Whether a translation keeps to the limits."""
        mean, least, limits = math.fsum(sure) / len(sure), min(sure), self._limits
        lost = shared.lexicon.lost(words, text, language)
        missing = [word for word in lost if must_survive(word) or shared.lexicon.is_content(word, language)]
        doubt = ""
        if _UNKNOWN in text or "⁇" in text:
            doubt = "an unknown piece"
        elif missing:
            doubt = f"lost: {', '.join(missing)}"
        elif _REPEATED.search(text.lower()):
            doubt = "it stammers"
        elif mean < limits.mean or least < limits.least:
            doubt = "unsure"
        return Told(text, doubt, mean, least, tuple(lost))

    def _load(self, language: str) -> tuple[_Shared, Any]:
        import ctranslate2

        if language not in self.scene_languages:
            raise BadInput(
                in_english(f"scenes aren't told in {language!r} here"),
                in_english(f"use some of {', '.join(sorted(self.scene_languages))}"),
            )
        with self._lock:
            try:
                if self._shared is None:
                    self._shared = _Shared.read(self._folder)
                if language not in self._models:
                    if len(self._models) >= MOST_LOADED:
                        del self._models[next(iter(self._models))]
                    place = str(self._folder / language)
                    self._models[language] = ctranslate2.Translator(place, device="cpu", inter_threads=1, intra_threads=self._threads)
                else:
                    self._models[language] = self._models.pop(language)  # the last that was used stays longest
            except (RuntimeError, ValueError, OSError) as error:
                raise DamagedModel(
                    "the translator in {folder} is damaged ({error})", _FIX, folder=shorten(self._folder), error=shorten(error, 60)
                ) from error
            return self._shared, self._models[language]


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all languages need."""

    pieces: SentencePieces
    lexicon: WordLexicon

    @classmethod
    def read(cls, folder: Path) -> _Shared:
        return cls(SentencePieces(folder / "pieces.spm"), WordLexicon.read((folder / "lexicon.tsv").read_text(encoding="utf-8")))
