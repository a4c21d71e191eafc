"""Reads the page that pictures show: long ones in strips, several of the same page voted together, and anew only when it changes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice, pairwise

from assistant.instruments.picture_strips import Strip, joined, strips
from assistant.interfaces import TextReader
from assistant.messages import Picture, TextLine
from assistant.reading.doubts import is_noise, pieces_of_line
from assistant.reading.page import Block, Page
from assistant.reading.reading_order import arrange
from assistant.reading.voting import is_same_page, vote

MOST_PICTURES = 3
"""Pictures of a page that are read: two more take most errors out, and further ones hardly any (reading/voting.py)."""

LEAST_LINES = 4
"""From which a page is known by where its lines stand; of fewer two signs look alike, and they are soon read."""
LEAST_EDGE = 8
"""Pixels of a picture that may hold a letter; of narrower strips the longest took ten seconds for nothing."""
AHEAD = 4
"""Lines that are read before the first of them are told: where a paragraph ends shows by what follows."""


class _Ahead:
    """What is known of the text of one picture, each line of it read once, whoever asks first."""

    def __init__(self, picture: Picture, read: Callable[[Picture], Iterator[TextLine]]) -> None:
        """`read` gives the lines of a picture, which is held until they are all read, and else only as long as somebody else keeps it."""
        self.picture = weakref.ref(picture)
        self.found: list[TextLine] | None = None
        self._read, self._unread = list[TextLine](), read(picture)

    def lines(self) -> Iterator[TextLine]:
        """Yield all lines from the first; those that nobody has asked for are read then. Several may be in the midst of it."""
        for number in count():
            if number == len(self._read):
                self._read.extend(islice(self._unread, 1))
            if number == len(self._read):
                return
            yield self._read[number]


class PageReader:
    """Remembers the last page that it has read, and of pictures nothing. Used by one thread at a time."""

    def __init__(self, reader: TextReader) -> None:
        self._reader = reader
        self._found: Sequence[TextLine] = ()
        """Where the text of the last page stands."""
        self._page: Page | None = None
        self._last: Callable[[], Picture | None] = lambda: None
        """The picture that was read last, as long as somebody else keeps it: of the same one more may be asked."""
        self._ahead: _Ahead | None = None

    def prepare(self, picture: Picture) -> Iterator[None]:
        """Find the text of uint8 [H, W, 3] and read its first lines ahead, a line a step; what is known already isn't read again."""
        self.find(picture)
        if picture is not self._last():
            for _ in islice(self._read_once(picture), AHEAD):
                yield

    def find(self, picture: Picture) -> list[TextLine]:
        """Return where text stands in uint8 [H, W, 3], unread."""
        ahead = self._ahead_of(picture)
        if ahead.found is None:
            ahead.found = joined((strip, self._reader.find(strip.picture)) for strip in _strips(picture))
        return list(ahead.found)

    def read(self, pictures: Sequence[Picture], found: Sequence[TextLine] | None = None) -> Page:
        """Return the text of the newest picture in reading order, as sure as the earlier ones of the same page make it.

        Args:
            pictures: uint8 [H, W, 3], the newest last; the earlier ones are read only where that leaves something in doubt.
            found: what `find` gave of the newest.
        """
        *_, page = self.grow(pictures, self.find(pictures[-1]) if found is None else found)
        return page

    def grow(self, pictures: Sequence[Picture], found: Sequence[TextLine]) -> Iterator[Page]:
        """Yield the page as it is being read, each time with more at its end; all of it at last. Takes what `read` takes.

        What stands in one column is settled from top to bottom, as long as it is sure; columns and tables only when all is read.
        """
        newest = pictures[-1]
        is_known = newest is self._last() or (len(found) >= LEAST_LINES and is_same_page(self._found, found))
        if self._page is not None and is_known:
            yield self._page
            return
        aspect = newest.shape[1] / newest.shape[0]
        lines, blocks, taken = list[TextLine](), list[Block](), set[int]()
        settles = _is_one_column(found)
        for line in self._read_once(newest):
            lines.append(line)
            settles = settles and _is_upright(line) and not (len(pictures) > 1 and _is_doubtful(line))
            rest = [line for line in lines if id(line) not in taken]
            if settles and len(rest) >= AHEAD:
                *settled, last = arrange(_texts(rest), aspect).blocks or (Block("paragraph", ()),)
                blocks += settled
                taken |= {id(line) for block in settled for line in block.lines}
                yield Page((*blocks, last), is_whole=False)
        surest = self._voted(lines, pictures)
        rest = [voted for line, voted in zip(lines, surest, strict=True) if id(line) not in taken]
        page = arrange(_texts(rest), aspect)
        self._found, self._page = found, Page((*blocks, *page.blocks), page.turn_degrees)
        self._last = weakref.ref(newest)
        yield self._page

    def _voted(self, newest: list[TextLine], pictures: Sequence[Picture]) -> list[TextLine]:
        """The lines of the newest picture, as sure as the earlier ones make them; those are read only where there is a doubt."""
        frames, lines = [newest], newest
        for picture in reversed(pictures[-MOST_PICTURES:-1]):
            if not any(map(_is_doubtful, lines)):
                break
            earlier = list(self._lines(picture))
            if not is_same_page(earlier, newest):
                break
            frames.insert(0, earlier)
            lines = vote(frames)
        return lines

    def forget(self) -> None:
        """Drop the last page, and free the reader's memory until it is asked again."""
        self._found, self._page, self._ahead = (), None, None
        self._reader.unload()

    def _ahead_of(self, picture: Picture) -> _Ahead:
        if self._ahead is None or self._ahead.picture() is not picture:
            self._ahead = _Ahead(picture, self._lines)
        return self._ahead

    def _read_once(self, picture: Picture) -> Iterator[TextLine]:
        """The lines of a picture; from the first again after a failure, which ends an iterator as the end of the page does."""
        try:
            yield from self._ahead_of(picture).lines()
        except Exception:
            self._ahead = None
            raise

    def _lines(self, picture: Picture) -> Iterator[TextLine]:
        parts = _strips(picture)
        if len(parts) == 1:
            yield from self._reader.read(picture)
        else:
            yield from joined((strip, list(self._reader.read(strip.picture))) for strip in parts)


def _strips(picture: Picture) -> list[Strip]:
    return strips(picture) if min(picture.shape[:2]) >= LEAST_EDGE else []


def _texts(lines: Sequence[TextLine]) -> list[TextLine]:
    return [line for line in lines if not is_noise(line)]


def _is_doubtful(line: TextLine) -> bool:
    return any(piece.kind != "sure" for piece in pieces_of_line(line))


def _is_one_column(found: Sequence[TextLine]) -> bool:
    """Whether no two lines stand side by side, and all run across."""
    regions = sorted((line.region for line in found), key=lambda region: region.top)
    follow = all(one.top + one.height / 2 < other.top + other.height / 4 for one, other in pairwise(regions))
    return follow and all(_is_upright(line) for line in found)


def _is_upright(line: TextLine) -> bool:
    (x0, y0), (x1, y1), *_ = line.corners
    return x1 - x0 > abs(y1 - y0)
