"""Votes on the text of several frames of a hand-held camera, character by character, and tells whether two frames show one page. Pure.

After ROVER (J. Fiscus, "A post-processing system to yield reduced word error rates", ASRU 1997): readings of a line are aligned one after
the other to a row of slots by edit distance, and each slot is won by the likeliest character. Instead of adding scores as ROVER does,
probabilities are multiplied: that says more numbers, and no more wrong ones (tests/support/measure_voting.py).
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from assistant.messages import TextLine
from assistant.reading.page import letter_height, probabilities_of

ALIKE = 0.4
"""Share of pairs of neighbouring letters that two readings of one line have in common, at least: three letters in ten may be wrong."""
SAME_LINE = 0.6
"""The same for telling one page from another: unrelated lines of one language have up to four in ten in common."""
SAME_PAGE = 0.5
"""Share of the text seen less of that must be seen both times: a hand moves, and lines come and go at the edges."""
FARTHEST = 3.0
"""Line heights between where a line is and where the frames' movement lets expect it, at most."""
ANCHORS = 6
"""Widest unread lines of a frame that are tried as landmarks."""
OTHERS = 5
"""Characters that one is commonly taken for."""
LEAST = 1e-4
"""Probability below which no reader's certainty counts."""

Slot = dict[str, list[float]]
"""Probabilities with which frames read a character, by character; "" stands for none there."""


def vote(frames: Sequence[Sequence[TextLine]]) -> list[TextLine]:
    """Return the lines of the newest frame, the last one, with what all frames together say that they read.

    A frame need not show all of the lines. A character is never surer than in the frame that reads it best, and less sure for each
    frame that reads another. Places are the newest frame's.
    """
    if not frames:
        return []
    newest = frames[-1]
    readings: list[list[TextLine]] = [[line] for line in newest]
    for frame in reversed(frames[:-1]):
        for before, now in _matches(frame, newest):
            readings[now].append(frame[before])
    return [_voted(lines) for lines in readings]


def is_same_page(before: Sequence[TextLine], now: Sequence[TextLine]) -> bool:
    """Tell whether two frames show the same text, read or not, so that it needn't be read anew.

    Where a frame's lines aren't read, their places and lengths decide, whatever way the camera moved along the page, to it or from it.
    """
    if not before or not now:
        return not before and not now
    if any(line.text for line in before) and any(line.text for line in now):
        matched = sum(min(len(before[i].text), len(now[j].text)) for i, j in _matches(before, now, SAME_LINE))
        return matched >= SAME_PAGE * min(sum(len(line.text) for line in lines) for lines in (before, now))
    return _alike_in_place(before, now) >= SAME_PAGE * min(len(before), len(now))


def _matches(before: Sequence[TextLine], now: Sequence[TextLine], least: float = ALIKE) -> list[tuple[int, int]]:
    """Pairs of lines that read alike and stand where the movement between the frames puts them; each line is in one pair at most."""
    pairs_before, pairs_now = ([_letter_pairs(line.text) for line in lines] for lines in (before, now))
    alike = {(i, j): _likeness(one, other) for i, one in enumerate(pairs_before) for j, other in enumerate(pairs_now)}
    alike = {pair: likeness for pair, likeness in alike.items() if likeness >= least}
    if not alike:
        return []
    likest = max(alike.values())
    shifts = [_shift(before[i], now[j]) for (i, j), likeness in alike.items() if likeness >= 0.9 * likest]
    across, down = (statistics.median(values) for values in zip(*shifts, strict=True))
    scored = []
    for (i, j), likeness in alike.items():
        x, y = _shift(before[i], now[j])
        away = max(abs(x - across), abs(y - down)) / max(letter_height(now[j]), 1e-6)
        if away <= FARTHEST:
            scored.append((likeness - 0.2 * away, i, j))
    return _best_pairs(scored)


def _best_pairs(scored: list[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Take pairs from the best on, each line once."""
    pairs: list[tuple[int, int]] = []
    taken_before, taken_now = set[int](), set[int]()
    for _, i, j in sorted(scored, reverse=True):
        if i not in taken_before and j not in taken_now:
            pairs.append((i, j))
            taken_before.add(i)
            taken_now.add(j)
    return pairs


def _letter_pairs(text: str) -> Counter[str]:
    """Pairs of neighbouring characters, the ends of the text included."""
    padded = f" {text} " if text else ""
    return Counter(padded[index : index + 2] for index in range(len(padded) - 1))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Dice's coefficient, in [0, 1]."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _shift(before: TextLine, now: TextLine) -> tuple[float, float]:
    (x0, y0), (x1, y1) = _middle(before), _middle(now)
    return x1 - x0, y1 - y0


def _middle(line: TextLine) -> tuple[float, float]:
    across, down = zip(*line.corners, strict=True)
    return statistics.fmean(across), statistics.fmean(down)


def _alike_in_place(before: Sequence[TextLine], now: Sequence[TextLine]) -> int:
    """Lines that lie upon each other once the best landmark's move and growth are undone."""
    best = 0
    for old in sorted(before, key=lambda line: -line.region.width)[:ANCHORS]:
        for new in sorted(now, key=lambda line: -line.region.width)[:ANCHORS]:
            growth = new.region.width / max(old.region.width, 1e-6)
            (x0, y0), (x1, y1) = _middle(old), _middle(new)
            if not 0.6 <= growth <= 1.6:
                continue
            boxes = [
                (x1 + growth * (_middle(line)[0] - x0), y1 + growth * (_middle(line)[1] - y0), growth * line.region.width)
                for line in before
            ]
            best = max(best, sum(any(_lies_upon(line, *box) for box in boxes) for line in now))
    return best


def _lies_upon(line: TextLine, x: float, y: float, width: float) -> bool:
    across, down = _middle(line)
    height = letter_height(line)
    return abs(down - y) <= 0.5 * height and abs(across - x) <= height and abs(line.region.width - width) <= 1.5 * height


def _voted(readings: Sequence[TextLine]) -> TextLine:
    """One line's readings, the newest first, as one line with the newest one's corners."""
    newest = readings[0]
    read = sorted((reading for reading in readings if reading.text), key=lambda line: -line.probability)
    if not read or len(readings) == 1:
        return newest
    slots: list[Slot] = []
    for count, reading in enumerate(read):
        slots = _with_reading(slots, reading, count)
    won = [(character, probability) for character, probability in map(_winner, slots) if character]
    probabilities = tuple(probability for _, probability in won)
    return TextLine("".join(character for character, _ in won), math.prod(probabilities), newest.corners, probabilities)


def _winner(slot: Slot) -> tuple[str, float]:
    """The likeliest character and its probability, by Bayes' rule; frames err alike, so n of them count as if they were sqrt(n).

    However many agree, it is no surer than in the frame that reads it best: what is hard to read is misread again and again.
    """
    evidence = dict.fromkeys(slot, 0.0)
    for read, probabilities in slot.items():
        for probability in probabilities:
            for character in evidence:
                evidence[character] += math.log(max(probability if character == read else (1 - probability) / OTHERS, LEAST))
    frames = sum(len(probabilities) for probabilities in slot.values())
    best = max(evidence, key=lambda character: evidence[character])
    odds = sum(math.exp((value - evidence[best]) / math.sqrt(frames)) for value in evidence.values())
    return best, min(max(slot[best]), 1 / odds)


def _with_reading(slots: list[Slot], reading: TextLine, count: int) -> list[Slot]:
    """Add a reading to slots that hold `count` readings: that there is no character is read as surely as the line is on average."""
    probabilities = probabilities_of(reading)
    lacking = statistics.fmean(probabilities)
    result: list[Slot] = []
    for at, index in _alignment(slots, reading.text):
        slot = slots[at] if at is not None else ({"": [lacking] * count} if count else {})
        character, probability = (reading.text[index], probabilities[index]) if index is not None else ("", lacking)
        result.append({**slot, character: [*slot.get(character, ()), probability]})
    return result


def _alignment(slots: list[Slot], text: str) -> list[tuple[int | None, int | None]]:
    """Pair slots with characters at the least cost: each is in one pair, with None where it has no partner."""
    shares = [{character: sum(values) for character, values in slot.items()} for slot in slots]
    wholes = [sum(share.values()) or 1.0 for share in shares]
    costs = [[float(column) for column in range(len(text) + 1)]]
    for share, whole in zip(shares, wholes, strict=True):
        above, lack = costs[-1], 1 - share.get("", 0.0) / whole
        row = [above[0] + lack]
        for column, character in enumerate(text):
            row.append(min(above[column] + 1 - share.get(character, 0.0) / whole, above[column + 1] + lack, row[column] + 1))
        costs.append(row)
    return _traced(costs, shares, wholes, text)


def _traced(
    costs: list[list[float]], shares: list[dict[str, float]], wholes: list[float], text: str
) -> list[tuple[int | None, int | None]]:
    """Follow the least costs back to the start; a pair is preferred to a gap."""
    pairs: list[tuple[int | None, int | None]] = []
    row, column = len(shares), len(text)
    while row or column:
        here = costs[row][column]
        if row and column and here >= costs[row - 1][column - 1] + 1 - shares[row - 1].get(text[column - 1], 0.0) / wholes[row - 1] - 1e-9:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif row and here >= costs[row - 1][column] + 1 - shares[row - 1].get("", 0.0) / wholes[row - 1] - 1e-9:
            row -= 1
            pairs.append((row, None))
        else:
            column -= 1
            pairs.append((None, column))
    return pairs[::-1]
