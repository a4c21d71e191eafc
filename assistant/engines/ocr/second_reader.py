"""Lets a second reader try the lines that the first one can't read, such as those in another script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.interfaces import TextReader
from assistant.messages import Picture, TextLine
from assistant.problems import Problem

MAX_SECOND_TRIES = 10
"""Lines of a picture that the slow second reader may try; each takes it about a third of a second."""


class TwoReaders:
    """Implements `interfaces.TextReader` by a fast reader that finds the lines, and a slower one that knows more scripts."""

    def __init__(self, first: TextReader, second: TextReader) -> None:
        self._first, self._second = first, second

    def find(self, picture: Picture) -> Sequence[TextLine]:
        """Return where the first reader finds text in uint8 [H, W, 3]."""
        return self._first.find(picture)

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        """Yield lines of text of uint8 [H, W, 3] from top to bottom; an empty text only where neither reader can read it."""
        tries_left = MAX_SECOND_TRIES
        for line in self._first.read(picture, lines):
            if (line.text and not line.script) or not tries_left:
                yield line
                continue
            try:
                read = next((tried for tried in self._second.read(picture, [line]) if tried.text), line)
                tries_left -= 1
            except Problem:  # on a busy machine it may take too long: nothing that the first has read is lost by that
                read, tries_left = line, 0
            yield read

    def unload(self) -> None:
        """Free the memory of both until the next call."""
        self._first.unload()
        self._second.unload()
