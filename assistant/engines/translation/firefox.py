"""Translates with the small models of Firefox on onnxruntime, from the graphs that export/firefox.py made. Knows no fetching."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import onnxruntime

from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.translation.sentence_pieces import SentencePieces
from assistant.problems import BadInput, DamagedModel, MissingModel, shorten
from assistant.translatable import Translatable, in_english

LONGEST_SOURCE = 128
"""Pieces translated at once; models that were trained on sentences lose the thread of longer texts."""
LONGEST_FACTOR = 2.5
"""Pieces that a translation may have for each of the source's, beside a few more; the published settings say the same."""
_FEW = 8
_END = "</s>"


class FirefoxTranslator:
    """Implements `interfaces.Translator` for every folder XX-YY below a folder. A direction is loaded when it is first used."""

    def __init__(self, folder: Path, session: SessionSettings | None = None) -> None:
        """Find the folders. MissingModel if there is none."""
        found = [path for path in sorted(folder.glob("*-*")) if re.fullmatch("[a-z]{2}-[a-z]{2}", path.name)]
        if not found:
            raise MissingModel("no Firefox translator is in {folder}", "run `{command}`", command="assistant setup", folder=shorten(folder))
        self._folders = {(path.name[:2], path.name[3:]): path for path in found}
        self._session = session or SessionSettings(spin=False)
        self._loaded: dict[tuple[str, str], _Direction] = {}
        self._lock = threading.Lock()

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return the (source, target) pairs of languages that have a folder."""
        return frozenset(self._folders)

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Translate one sentence greedily. BadInput for a pair that isn't here, DamagedModel if its files can't be used."""
        if (source, target) not in self._folders:
            raise BadInput(in_english(f"this translator has no {source!r} to {target!r}"), in_english("see `assistant models list`"))
        with self._lock:
            if (source, target) not in self._loaded:
                self._loaded[source, target] = _Direction(self._folders[source, target], self._session)
        return self._loaded[source, target].translate(sentence)


class _Direction:
    """One model, loaded."""

    def __init__(self, folder: Path, session: SessionSettings) -> None:
        self._encoder = OnnxGraph(folder / "encoder.onnx", session)
        self._decoder = OnnxGraph(folder / "decoder.onnx", session)
        try:
            self._source, self._target = SentencePieces(folder / "source.spm"), SentencePieces(folder / "target.spm")
        except (OSError, ValueError) as error:
            what = Translatable("the translator in {folder} is damaged ({error})", folder=shorten(folder), error=shorten(error, 60))
            raise DamagedModel(what, "run `{command}`, then `{then}`", command="assistant models verify", then="assistant setup") from error
        self._encoder.input("pieces", (None,), np.int64)
        cells = [port for name, port in self._decoder.inputs.items() if name.startswith("cell.")]
        self._first_cells = {port.name: np.zeros([length or 1 for length in port.shape], np.float32) for port in cells}
        self._next_cells = {f"next_{port.name}": port.name for port in cells}
        self._memory = [name for name in self._decoder.inputs if name.startswith(("key.", "value."))]
        self._end = self._target.id_of(_END)

    def translate(self, sentence: str) -> str:
        ids = self._source.encode(sentence)
        parts = [ids[start : start + LONGEST_SOURCE] for start in range(0, len(ids), LONGEST_SOURCE)]
        return " ".join(self._target.decode(self._decode(part)) for part in parts)

    def _decode(self, source: list[int]) -> list[int]:
        source = [*source, self._source.id_of(_END)]
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        feed = dict(zip(self._memory, self._encoder.run_values({"pieces": value(np.array(source))}, self._memory), strict=True))
        feed |= {name: value(cell) for name, cell in self._first_cells.items()}
        target: list[int] = []
        while len(target) < LONGEST_FACTOR * len(source) + _FEW:
            feed |= {"piece": value(np.array(target[-1:] or [0])), "position": value(np.array([len(target)]))}
            best, *cells = self._decoder.run_values(feed, ["next", *self._next_cells])
            if int(best.numpy()[0]) == self._end:
                break
            target.append(int(best.numpy()[0]))
            feed |= dict(zip(self._next_cells.values(), cells, strict=True))
        return target
