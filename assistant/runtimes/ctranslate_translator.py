"""Translation with a CTranslate2 model such as the converted OPUS-MT ones. Knows no fetching.

A folder holds model.bin, its vocabulary and config.json, as CTranslate2's converters write them, and source.spm and target.spm.
"""

from __future__ import annotations

from pathlib import Path

from assistant.problems import BadInput, DamagedModel, MissingModel, shorten
from assistant.runtimes.sentence_pieces import SentencePieces

BEAM = 2
"""Sentences kept at each step."""
LONGEST_SOURCE = 128
"""Pieces translated at once; models that were trained on sentences lose the thread of longer texts."""
_END = "</s>"


class CTranslateTranslator:
    """Implements `interfaces.Translator` for the one pair of a folder."""

    def __init__(self, folder: Path, source: str, target: str, threads: int = 0, prefix: str = "") -> None:
        """Load the model.

        Args:
            folder: the files.
            source: language that goes in.
            target: language that comes out.
            threads: of one translation; 0 = CTranslate2's choice.
            prefix: a token that stands before each sentence, such as ">>por<<": models of many languages want to be told.

        Raises:
            MissingModel: a file isn't there.
            DamagedModel: a file can't be used.
        """
        import ctranslate2

        fix = "fetch the model again with `assistant models fetch`, or give a whole copy of its folder"
        for name in ("model.bin", "source.spm", "target.spm"):
            if not (folder / name).is_file():
                raise MissingModel(f"the translator's file {name} is missing in {shorten(folder)}", fix)
        try:
            self._model = ctranslate2.Translator(str(folder), device="cpu", inter_threads=1, intra_threads=threads)
            self._source, self._target = SentencePieces(folder / "source.spm"), SentencePieces(folder / "target.spm")
        except (RuntimeError, ValueError, OSError) as error:
            raise DamagedModel(f"the translator in {shorten(folder)} is damaged ({shorten(error, 60)})", fix) from error
        self._pair = source, target
        self._prefix = [prefix] if prefix else []

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset([self._pair])

    def translate(self, sentence: str, source: str, target: str) -> str:
        """One sentence. BadInput for another pair."""
        if (source, target) != self._pair:
            raise BadInput(f"this translator has no {source!r} to {target!r}", "see `assistant models list`")
        pieces = self._source.pieces(sentence)
        parts = [[*self._prefix, *pieces[start : start + LONGEST_SOURCE], _END] for start in range(0, len(pieces), LONGEST_SOURCE)]
        if not parts:
            return ""
        results = self._model.translate_batch(parts, beam_size=BEAM, max_decoding_length=2 * LONGEST_SOURCE)
        return " ".join(self._target.join([piece for piece in result.hypotheses[0] if piece != _END]) for result in results)
