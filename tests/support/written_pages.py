"""A TextReader of pictures that say what it was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.messages import Picture, TextLine


class Written:
    """A TextReader of pictures that say what it was told: one text a grey level."""

    def __init__(self, *texts: Sequence[str | TextLine]) -> None:
        self._texts = [
            [line if isinstance(line, TextLine) else at(line, row, pitch=min(0.06, 0.9 / len(text))) for row, line in enumerate(text)]
            for text in texts
        ]
        self.reads = self.unloads = self.lines_read = 0

    def find(self, picture: Picture) -> Sequence[TextLine]:
        return [TextLine("", 0.9, line.corners) for line in self._texts[int(picture[0, 0, 0])]]

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        self.reads += 1
        for line in self._texts[int(picture[0, 0, 0])]:
            self.lines_read += 1
            yield line

    def unload(self) -> None:
        self.unloads += 1


def at(text: str, row: int, *, sure: float = 0.99, spoilt: str = "", pitch: float = 0.06) -> TextLine:
    """A line of so many letters in its row; those in `spoilt` are hardly read."""
    top, height = 0.05 + row * pitch, pitch / 2
    right = 0.1 + 0.015 * len(text)
    corners = ((0.1, top), (right, top), (right, top + height), (0.1, top + height))
    return TextLine(text, sure, corners, tuple(0.4 if character in spoilt else sure for character in text))
