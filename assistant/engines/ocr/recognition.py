"""Reads lines of text, by PP-OCR's recognisers (CTC) on onnxruntime, of any script that one was trained for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from assistant.engines.ocr.ctc import ReadText, decode, numbers_alone, to_logical_order
from assistant.engines.ocr.detection import network_input
from assistant.engines.ocr.line_crops import LINE_HEIGHT
from assistant.engines.ocr.line_scripts import scripts_of
from assistant.engines.onnx.session import FETCH_AGAIN, OnnxGraph, SessionSettings
from assistant.messages import Picture, Probabilities
from assistant.problems import DamagedModel, MissingModel, shorten
from assistant.translatable import in_english

_INPUT = "x"
_STRIDE = 8
"""Pixels of a line a step of the outputs."""


class LineRecognizer:
    """Reads lines in one script. Safe from several threads."""

    def __init__(self, path: Path, settings: SessionSettings) -> None:
        """Load the graph, and its characters from its own metadata or PaddleOCR's `inference.yml` beside it.

        MissingModel or DamagedModel if that can't be done.
        """
        self._graph = OnnxGraph(path, settings, shrink=True)
        self._graph.input(_INPUT, (None, 3, None, None), np.float32)
        [self._output] = self._graph.outputs
        characters = self._graph.metadata["character"].split("\n") if "character" in self._graph.metadata else _listed_beside(path)
        self.characters = ["", *characters, " "]
        self._graph.output(self._output, (None, None, len(self.characters)), np.float32)
        self._scripts = scripts_of(self.characters)

    def read(self, lines: Sequence[Picture]) -> list[ReadText]:
        """Return what each line says, uint8 [48, W, 3]; its script and numbers alone where it lacks that script's letters.

        It is one run of the network, so lines of about one width take least time.
        """
        return [self._read(outputs) for outputs in self.outputs(lines)]

    def outputs(self, lines: Sequence[Picture]) -> Probabilities:
        """Return the probability of each character at each step of lines of uint8 [48, W, 3]: float32 [lines, steps, characters]."""
        widest = max(line.shape[1] for line in lines)
        batch = np.zeros((len(lines), 3, LINE_HEIGHT, widest + -widest % _STRIDE), np.float32)
        for row, line in zip(batch, lines, strict=True):
            row[:, :, : line.shape[1]] = network_input(line)[0]
        [outputs] = self._graph.run({_INPUT: batch}, [self._output])
        return outputs

    def _read(self, outputs: Probabilities) -> ReadText:
        read = to_logical_order(decode(outputs, self.characters))
        script = self._scripts.foreign_script(outputs) if self._scripts else ""
        return numbers_alone(read, script) if script else read


class _PostProcess(msgspec.Struct):
    character_dict: list[str]


class _InferenceFile(msgspec.Struct):
    """What is needed of PaddleOCR's description of a recogniser."""

    PostProcess: _PostProcess


def _listed_beside(path: Path) -> list[str]:
    """The characters that `inference.yml` lists."""
    file = path.with_name("inference.yml")
    try:
        return msgspec.yaml.decode(file.read_bytes(), type=_InferenceFile, strict=False).PostProcess.character_dict
    except OSError as error:
        raise MissingModel(in_english(f"the file {shorten(file)} can't be read, which lists the characters"), FETCH_AGAIN) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise DamagedModel(in_english(f"the file {shorten(file)} lists no characters"), FETCH_AGAIN) from error
