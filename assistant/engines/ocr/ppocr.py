"""Reads text with PP-OCR's networks (https://github.com/PaddlePaddle/PaddleOCR): where lines are, which way up, what they say.

The steps of `read` are the algorithm. PaddleOCR's and RapidOCR's own code isn't used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.engines.ocr.ctc import NOTHING, ReadText
from assistant.engines.ocr.detection import AIMING_SIDE, TextDetector
from assistant.engines.ocr.direction import DirectionClassifier
from assistant.engines.ocr.line_crops import cut_line
from assistant.engines.ocr.picture_size import corners_in, shares_of
from assistant.engines.ocr.recognition import LineRecognizer
from assistant.engines.ocr.text_boxes import TURNED_FROM, Corners, TextBox, in_reading_order
from assistant.engines.onnx.session import SessionSettings, trim_heap
from assistant.engines.picture_checks import check_picture
from assistant.messages import Picture, TextLine

MAX_LINES = 400
"""Of a picture; the first ones from the top are read."""
READABLE_FROM = 0.8
"""Geometric mean of the characters' probabilities below which a line counts as one that can't be read."""
LONE_CHARACTER_FROM = 0.95
"""The same of a single character, which many a thing looks like. On 309 photographs of people and dogs outdoors (Flickr8k) nine such were
told with 0.8 to 0.95, among them 心, 业 and 应. Of the 34 lines that these limits leave there, 32 are text."""
UPSIDE_DOWN_FROM = 0.5
"""Probability from which a line is tried the other way up too."""
_MAYBE_ONE_CHARACTER = 3.0
"""Height divided by width up to which a tall box may hold a single upright character, such as a 1, and not turned text."""


@dataclass(frozen=True)
class _Networks:
    detector: TextDetector
    direction: DirectionClassifier
    recognizers: tuple[LineRecognizer, ...]


class PpocrReader:
    """Implements `interfaces.TextReader`. One network runs at a time, so that threads don't add to its memory."""

    def __init__(self, folder: Path, other_scripts: Sequence[Path] = (), settings: SessionSettings | None = None) -> None:
        """Take note of the folders; nothing is loaded yet.

        Args:
            folder: of ppocr-v6: detection.onnx, direction.onnx and recognition.onnx.
            other_scripts: folders of PaddleOCR's recognisers for other scripts (inference.onnx, inference.yml). They are tried on
                lines that the first one can't read.
            settings: of the sessions.
        """
        self._folder, self._other_scripts = folder, other_scripts
        self._settings = settings or SessionSettings(spin=False)
        self._loaded: _Networks | None = None
        self._lock = threading.Lock()

    def find(self, picture: Picture) -> Sequence[TextLine]:
        """Return where text stands in uint8 [H, W, 3], unread, from top to bottom; `probability` is that it is text.

        Raises MissingModel, DamagedModel, or BadInput for what is no picture.
        """
        check_picture(picture, "text can't be read")
        networks = self._networks()
        with self._lock:
            boxes = networks.detector.find(picture, AIMING_SIDE)
        return [_as_line(box.corners, picture, NOTHING, box.probability) for box in in_reading_order(boxes)]

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        """Yield lines of text of uint8 [H, W, 3] as they are read, from top to bottom; after MAX_LINES without their text.

        `probability` is the product of the characters' probabilities. Raises as `find` does.
        """
        check_picture(picture, "text can't be read")
        networks = self._networks()
        wanted = self._corners(picture, lines, networks)
        trim_heap()  # what detection has freed, up to 200 MB, would stay with the process
        for corners in wanted[:MAX_LINES]:
            with self._lock:
                corners, read = _read_line(picture, corners, networks)
            yield _as_line(corners, picture, read, read.probability)
        trim_heap()
        for corners in wanted[MAX_LINES:]:
            yield _as_line(corners, picture, NOTHING, 0.0)

    def unload(self) -> None:
        """Free the networks until the next call; what is being read is finished with them."""
        self._loaded = None
        trim_heap()

    def _networks(self) -> _Networks:
        with self._lock:
            if self._loaded is None:
                detector = TextDetector(self._folder / "detection.onnx", self._settings)
                direction = DirectionClassifier(self._folder / "direction.onnx", self._settings)
                paths = [self._folder / "recognition.onnx", *(folder / "inference.onnx" for folder in self._other_scripts)]
                self._loaded = _Networks(detector, direction, tuple(LineRecognizer(path, self._settings) for path in paths))
            return self._loaded

    def _corners(self, picture: Picture, lines: Sequence[TextLine] | None, networks: _Networks) -> list[Corners]:
        if lines is not None:
            return [corners_in(picture, line) for line in lines]
        with self._lock:
            boxes: list[TextBox] = networks.detector.find_closely(picture)
        return [box.corners for box in in_reading_order(boxes)]


def _read_line(picture: Picture, corners: Corners, networks: _Networks) -> tuple[Corners, ReadText]:
    """The corners from where the line really begins, and what it says; nothing, or its script and numbers, where no recogniser is sure."""
    ways = [corners]
    width, height = np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[1] - corners[0])
    runs_down = abs(corners[1] - corners[0])[1] > abs(corners[1] - corners[0])[0]
    if runs_down and TURNED_FROM * width <= height < _MAYBE_ONE_CHARACTER * width:
        ways.append(np.roll(corners, 1, axis=0))
    if networks.direction.upside_down_probability(cut_line(picture, corners)) >= UPSIDE_DOWN_FROM:
        ways.append(np.roll(corners, 2, axis=0))
    best = in_other_script = corners, NOTHING
    for recognizer in networks.recognizers:
        for way in ways:
            [read] = recognizer.read([cut_line(picture, way)])
            if read.script and (not in_other_script[1].script or len(read.text) > len(in_other_script[1].text)):
                in_other_script = way, read
            elif read.mean_probability > best[1].mean_probability:
                best = way, read
        if best[1].mean_probability >= (READABLE_FROM if len(best[1].text) > 1 else LONE_CHARACTER_FROM):
            return best
    return in_other_script if in_other_script[1].script else (best[0], NOTHING)


def _as_line(corners: Corners, picture: Picture, read: ReadText, probability: float) -> TextLine:
    return TextLine(read.text, probability, shares_of(picture, corners), read.character_probabilities, read.script)
