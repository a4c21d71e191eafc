"""Find which words stand for which in the captions and their translations (IBM's Model 1), for `engines/translation/word_lexicon.py`.

nice python -m models.training.align_words --data ../shared/data --out models/translator/lexicon.tsv
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.engines.translation.word_lexicon import compact, english_words, word_key
from assistant.languages.normalized import normalize
from models.training.program_sentences import program_rows
from models.training.translation_data import TARGETS, Row, caption_rows

ROUNDS = 6
LEAST_PROBABILITY, MOST_KEYS = 0.03, 10
LEAST_TIMES = 1.5
"""Expected times that a word stands for another; else chance joined them."""
COMMON_SHARE, SURE, SURE_OF_CHARACTERS = 0.08, 0.3, 0.08
"""A word that stands in more of the sentences than this stands for another only if it is this sure of it: articles go with everything."""


def align(pairs: Sequence[tuple[list[str], list[str]]]) -> dict[str, dict[str, float]]:
    """Return for each source word the probabilities of the target words that it becomes, by expectation maximisation.

    A word of its own in every source sentence takes what nothing else explains.
    """
    source_ids: dict[str, int] = {"": 0}
    target_ids: dict[str, int] = {}
    rows: list[tuple[int, int, int]] = []
    for number, (source, target) in enumerate(pairs):
        sources = {0, *(source_ids.setdefault(word, len(source_ids)) for word in source)}
        rows += [(number, s, target_ids.setdefault(word, len(target_ids))) for word in set(target) for s in sources]
    sentence, first, second = np.array(rows, np.int64).T
    joint, which = np.unique(first * len(target_ids) + second, return_inverse=True)
    slot, slots = np.unique(sentence * len(target_ids) + second, return_inverse=True)  # a target word in a sentence
    owner = joint // len(target_ids)
    probability = np.ones(len(joint))
    for _ in range(ROUNDS):
        share = probability[which]
        share /= np.bincount(slots, share, len(slot))[slots]
        expected = np.bincount(which, share, len(joint))
        probability = expected / np.bincount(owner, expected)[owner]
    words, keys = list(source_ids), list(target_ids)
    table: dict[str, dict[str, float]] = {}
    for place, value in zip(joint, probability, strict=True):
        if value >= LEAST_PROBABILITY:
            table.setdefault(words[place // len(target_ids)], {})[keys[place % len(target_ids)]] = float(value)
    return table


def keys_in(text: str, language: str) -> list[str]:
    """Return how the words of a translation begin; Chinese has no spaces: its characters, alone and in twos."""
    if language != "zh":
        return [word_key(word, language) for word in normalize(text).split()]
    characters = compact(text, language)
    return [*characters, *(characters[place : place + 2] for place in range(len(characters) - 1))]


def keys_of(rows: Sequence[Row], language: str) -> dict[str, list[str]]:
    """Return for each English word how words begin that stand for it."""
    pairs = [(english_words(row.english), keys_in(row.translations[language], language)) for row in rows if language in row.translations]
    often = Counter(key for _, keys in pairs for key in set(keys))
    known = Counter(word for words, _ in pairs for word in set(words))
    sure = SURE_OF_CHARACTERS if language == "zh" else SURE
    found = {}
    for word, keys in align(pairs).items():
        kept = [
            key
            for key, probability in keys.items()
            if probability * known[word] >= LEAST_TIMES and (probability >= sure or often[key] <= COMMON_SHARE * len(pairs))
        ]
        found[word] = sorted(kept, key=lambda key: -keys[key])[:MOST_KEYS]
    return found


def main() -> None:
    """Write the table as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [*caption_rows(options.data, "train"), *program_rows()]
    often = Counter(word for row in rows for word in set(english_words(row.english)))
    found = {language: keys_of(rows, language) for language in TARGETS}
    lines = ["\t".join(("word", "sentences", *TARGETS))]
    for word, sentences in sorted(often.items()):
        if sentences > 1:
            lines.append("\t".join((word, str(sentences), *(" ".join(found[code].get(word, [])) for code in TARGETS))))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
