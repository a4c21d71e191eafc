"""Reads the page that pictures show: long ones in strips, several of the same page voted together, and anew only when it changes."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.instruments.picture_strips import joined, strips
from assistant.interfaces import TextReader
from assistant.messages import Picture, TextLine
from assistant.reading.doubts import is_noise, pieces_of_line
from assistant.reading.page import Page
from assistant.reading.reading_order import arrange
from assistant.reading.voting import is_same_page, vote

MOST_PICTURES = 3
"""Pictures of a page that are read: two more take most errors out, and further ones hardly any (reading/voting.py)."""

LEAST_LINES = 4
"""From which a page is known by where its lines stand; of fewer two signs look alike, and they are soon read."""


class PageReader:
    """Remembers the last page that it has read, and of pictures nothing. Used by one thread at a time."""

    def __init__(self, reader: TextReader) -> None:
        self._reader = reader
        self._found: Sequence[TextLine] = ()
        """Where the text of the last page stands."""
        self._page: Page | None = None

    def find(self, picture: Picture) -> list[TextLine]:
        """Return where text stands in uint8 [H, W, 3], unread."""
        return joined((strip, self._reader.find(strip.picture)) for strip in strips(picture))

    def read(self, pictures: Sequence[Picture], found: Sequence[TextLine] | None = None) -> Page:
        """Return the text of the newest picture in reading order, as sure as the earlier ones of the same page make it.

        Args:
            pictures: uint8 [H, W, 3], the newest last; the earlier ones are read only where that leaves something in doubt.
            found: what `find` gave of the newest.
        """
        newest = pictures[-1]
        found = self.find(newest) if found is None else found
        if self._page is not None and len(found) >= LEAST_LINES and is_same_page(self._found, found):
            return self._page
        frames = [self._lines(newest)]
        lines = frames[-1]
        for picture in reversed(pictures[-MOST_PICTURES:-1]):
            if not any(map(_is_doubtful, lines)):
                break
            earlier = self._lines(picture)
            if not is_same_page(earlier, frames[-1]):
                break
            frames.insert(0, earlier)
            lines = vote(frames)
        height, width = newest.shape[:2]
        self._found, self._page = found, arrange([line for line in lines if not is_noise(line)], width / height)
        return self._page

    def forget(self) -> None:
        """Drop the last page, and free the reader's memory until it is asked again."""
        self._found, self._page = (), None
        self._reader.unload()

    def _lines(self, picture: Picture) -> list[TextLine]:
        return joined((strip, list(self._reader.read(strip.picture))) for strip in strips(picture))


def _is_doubtful(line: TextLine) -> bool:
    return any(piece.kind != "sure" for piece in pieces_of_line(line))
