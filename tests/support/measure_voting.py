"""Prints what voting over frames leaves of a reader's errors: `python -m tests.support.measure_voting [LINES] [SEED]`.

Each frame reads each character wrong, leaves it out or doubles it on its own; a fiftieth of all characters are hard, and misread alike in
most frames. The reader is less sure of what is wrong, but not always.
"""

from __future__ import annotations

import difflib
import re
import sys

import numpy as np

from assistant.messages import TextLine
from assistant.reading.doubts import pieces_of_line
from assistant.reading.voting import vote
from tests.reading.layouts import PROSE, line

ALIKE = {
    "0": "O",
    "O": "0",
    "1": "l",
    "l": "1",
    "5": "S",
    "8": "B",
    "6": "8",
    "3": "8",
    "e": "c",
    "n": "h",
    "o": "a",
    "i": "l",
    "7": "1",
    "2": "7",
}


def main() -> None:
    count, seed = int((sys.argv + ["400"])[1]), int((sys.argv + ["400", "0"])[2])
    print("error rate  frames  wrong characters  numbers said  of these wrong")
    for rate in (0.02, 0.06, 0.12):
        for frames in (1, 3, 5):
            random = np.random.default_rng(seed)
            wrong = total = said = said_wrong = numbers = 0
            for _ in range(count):
                truth = made_line(random)
                hard = random.random(len(truth)) < 0.02
                read = vote([[noisy(truth, rate, hard, random)] for _ in range(frames)])[0]
                wrong += errors(truth, read.text)
                total += len(truth)
                told = " ".join(piece.text for piece in pieces_of_line(read) if piece.kind in ("sure", "doubtful"))
                numbers += len(re.findall(r"\S*\d\S*", truth))
                heard = re.findall(r"\S*\d\S*", told)
                said += len(heard)
                said_wrong += sum(number.strip(".,") not in truth.split() for number in heard)
            print(f"{rate:10.0%}  {frames:6}  {wrong / total:16.2%}  {said / numbers:12.1%}  {said_wrong / max(1, said):14.2%}")


def made_line(random: np.random.Generator) -> str:
    words = [str(random.choice(PROSE)) for _ in range(4)]
    words.insert(int(random.integers(1, 4)), f"{random.uniform(1, 500):.2f}")
    return " ".join(words)


def noisy(truth: str, rate: float, hard: np.ndarray, random: np.random.Generator) -> TextLine:
    text, probabilities = "", []
    for character, is_hard in zip(truth, hard, strict=True):
        kind, read = random.random(), character
        if is_hard and random.random() < 0.7:
            read = ALIKE.get(character, "i")
        elif kind < 0.7 * rate:
            read = ALIKE.get(character, str(random.choice(list("abcdest"))))
        elif kind < 0.85 * rate:
            read = ""
        elif kind < rate:
            read = character * 2
        sure = 1 - random.beta(1, 60) if read == character else random.beta(4, 2)
        text += read
        probabilities += [float(sure)] * len(read)
    shifted = line(text, 300 + random.normal(0, 40), 300 + random.normal(0, 40))
    return TextLine(text, float(np.prod(probabilities)), shifted.corners, tuple(probabilities))


def errors(truth: str, read: str) -> int:
    blocks = difflib.SequenceMatcher(None, truth, read, autojunk=False).get_matching_blocks()
    return max(len(truth), len(read)) - sum(block.size for block in blocks)


if __name__ == "__main__":
    main()
