"""Translates with a CTranslate2 model such as the converted OPUS-MT ones. Knows no fetching.

A folder holds model.bin, its vocabulary and config.json, as CTranslate2's converters write them, and source.spm and target.spm.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.engines.translation.sentence_pieces import SentencePieces
from assistant.problems import BadInput, DamagedModel, MissingModel, shorten
from assistant.translatable import Translatable, in_english

BEAM = 2
"""Sentences kept at each step of the beam search."""
LONGEST_SOURCE = 128
"""Pieces translated at once; models that were trained on sentences lose the thread of longer texts."""
LONGEST_FACTOR = 3
"""A translation has at most this many pieces for each of the source's."""
_END = "</s>"
_FIX = Translatable("fetch the model again with `assistant models fetch`, or give a whole copy of its folder")


class CTranslateTranslator:
    """Implements `interfaces.Translator` for the one pair of a folder."""

    def __init__(self, folder: Path, source: str, target: str, threads: int = 0, prefix: str = "") -> None:
        """Check that the files are there; the model is loaded when it is first used.

        Args:
            folder: the files. MissingModel if one isn't there.
            source: language that goes in.
            target: language that comes out.
            threads: of one translation; 0 = CTranslate2's choice.
            prefix: a token that stands before each sentence, such as ">>por<<": models of many languages want to be told.
        """
        for name in ("model.bin", "config.json", "source.spm", "target.spm"):
            if not (folder / name).is_file():
                raise MissingModel("the translator's file {name} is missing in {folder}", _FIX, name=name, folder=shorten(folder))
        self._folder = folder
        self._pair = source, target
        self._threads = threads
        self._prefix = [prefix] if prefix else []
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return the folder's one (source, target) pair of languages."""
        return frozenset([self._pair])

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Translate one sentence. BadInput for another pair, DamagedModel if a file can't be used."""
        if (source, target) != self._pair:
            raise BadInput(in_english(f"this translator has no {source!r} to {target!r}"), in_english("see `assistant models list`"))
        model = self._load()
        pieces = model.source.pieces(sentence)
        starts = range(0, len(pieces), LONGEST_SOURCE)
        parts = [[*self._prefix, *pieces[start : start + LONGEST_SOURCE], *model.source_end] for start in starts]
        if not parts:
            return ""
        results = model.translator.translate_batch(parts, beam_size=BEAM, max_decoding_length=LONGEST_FACTOR * max(map(len, parts)))
        return " ".join(model.target.join([piece for piece in result.hypotheses[0] if piece != _END]) for result in results)

    def _load(self) -> _Loaded:
        import ctranslate2

        with self._lock:
            if self._loaded is None:
                try:
                    config = json.loads((self._folder / "config.json").read_text(encoding="utf-8"))
                    self._loaded = _Loaded(
                        ctranslate2.Translator(str(self._folder), device="cpu", inter_threads=1, intra_threads=self._threads),
                        SentencePieces(self._folder / "source.spm"),
                        SentencePieces(self._folder / "target.spm"),
                        [] if config.get("add_source_eos") else [_END],
                    )
                except (RuntimeError, ValueError, OSError, AttributeError) as error:
                    raise DamagedModel(
                        "the translator in {folder} is damaged ({error})", _FIX, folder=shorten(self._folder), error=shorten(error, 60)
                    ) from error
            return self._loaded


@dataclass(frozen=True, eq=False)
class _Loaded:
    translator: Any
    source: SentencePieces
    target: SentencePieces
    source_end: list[str]
    """Models converted from transformers expect the end of the source; those from Marian add it themselves."""
