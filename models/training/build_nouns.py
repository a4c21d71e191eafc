"""Builds assistant/languages/nouns.tsv: `python -m models.training.build_nouns [--lexicon nouns.tsv]`.

Names that were checked by hand stand in `nouns/xx.tsv`, what may be said and where it hangs in `nouns/tree.tsv`; both win over the
lexicon (wordnets and Wiktionary). Without `--lexicon` only the checked names are put into the table again.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.languages.nouns import COLUMNS, LANGUAGES, name_key, parse_names

FOLDER = Path(__file__).parent / "nouns"
TABLE = Path(__file__).parents[2] / "assistant" / "languages" / "nouns.tsv"
WIDE = 10
"""ImageNet classes that a node which nobody says must stand above to be kept; else its children hang from the next one."""

_UNFIT = re.compile(r"[\d/()\[\]{}<>,:+*_|]")
_LATIN = "A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_SCRIPTS = {
    "ru": "\u0400-\u04ff",
    "uk": "\u0400-\u04ff",
    "ar": "\u0600-\u06ff",
    "hi": "\u0900-\u097f\u200c\u200d",
    "zh": "\u3400-\u9fff",
    "ja": "\u3040-\u30ff\u3400-\u9fff",
    "ko": "\uac00-\ud7a3",
}
"""Letters of the languages that aren't written in Latin ones."""
_ARTICLES = {
    "es": {"el", "la", "los", "las", "un", "una"},
    "pt": {"o", "a", "os", "as", "um", "uma"},
    "fr": {"le", "la", "les", "un", "une", "des"},
    "de": {"der", "die", "das", "ein", "eine"},
    "it": {"il", "lo", "la", "i", "gli", "le", "un", "uno", "una"},
    "nl": {"de", "het", "een"},
}
_SCIENTIFIC = re.compile(r"[A-Z][a-z]+ [a-z]+(us|is|um|ii|ae|ans|ens|icus|aris|ata|osa|ella)")
"""What Latin names of species look like, "Canis familiaris"; English ones such as "Indian cobra" don't."""


@dataclass
class Row:
    """One noun while the table is built."""

    parents: list[str]
    say: str
    """"say", "know" (understood, but never said) or "-" (only joins others)."""
    labels: list[str]
    cells: dict[str, str] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)


def main() -> None:
    """Write the table, and print how many of its sayable nouns are checked in each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lexicon", type=Path, help="the lexicon: candidates in each language with their sources")
    lexicon = parser.parse_args().lexicon
    checked = read_checked()
    rows = rows_of_lexicon(lexicon) if lexicon else rows_of_table()
    apply_checked(rows, checked)
    write_table(rows)
    sayable = [row for row in rows.values() if row.say == "say"]
    for language in LANGUAGES:
        known = sum(bool(row.cells.get(language)) for row in sayable)
        print(f"{language}: {sum(language in row.checked for row in sayable)} checked, {known} of {len(sayable)} known")


def read_checked() -> dict[str, dict[str, str]]:
    """Return the cells that were checked by hand: language -> synset -> names."""
    return {language: {row["synset"]: row["names"] for row in _read(FOLDER / f"{language}.tsv")} for language in LANGUAGES}


def rows_of_table() -> dict[str, Row]:
    """Return the rows of the table as it is, and of what tree.tsv has of our own since."""
    own = {
        row["synset"]: Row(row["parents"].split(), row["say"], list(filter(None, row["labels"].split("|"))))
        for row in _read(FOLDER / "tree.tsv")
        if row["synset"].startswith("+")
    }
    return own | {
        row["synset"]: Row(
            row["parents"].split(),
            row["say"],
            list(filter(None, row["labels"].split("|"))),
            {code: row.get(code, "") for code in LANGUAGES},
        )
        for row in _read(TABLE)
    }


def rows_of_lexicon(path: Path) -> dict[str, Row]:
    """Return the rows of ImageNet's classes, of tree.tsv and of what stands above them, named as the lexicon does."""
    lexicon = {row["synset"]: row for row in _read(path)}
    tree = {row["synset"]: row for row in _read(FOLDER / "tree.tsv")}
    leaves = [synset for synset, row in sorted(lexicon.items()) if "imagenet" in row["kind"]]
    say = dict.fromkeys(leaves, "say") | {synset: row["say"] for synset, row in tree.items() if row["say"]}
    parents = {synset: row["parents"].split() for synset, row in lexicon.items()}
    for synset, row in tree.items():
        parents[synset] = parents.get(synset, []) + row["parents"].split()
    labels = {f"imagenet:{place}": synset for place, synset in enumerate(leaves)}
    labels |= {label: synset for synset, row in tree.items() for label in row["labels"].split("|") if label}
    rows = {}
    for synset in sorted(_kept(leaves, say, parents)):
        own = [label for label, owner in labels.items() if owner == synset]
        rows[synset] = Row([], say.get(synset, "-"), own)
    for synset, noun in rows.items():
        noun.parents = _nearest(synset, parents, set(rows))
        if synset in lexicon:
            _name(noun, lexicon[synset])
        else:
            noun.cells["en"] = tree[synset]["English"]
    return rows


def apply_checked(rows: Mapping[str, Row], checked: Mapping[str, Mapping[str, str]]) -> None:
    """Put the checked names into the rows, and take them away from all rows that aren't checked."""
    for language, cells in checked.items():
        taken = {name_key(name.text) for cell in cells.values() for name in parse_names(cell)}
        for synset, row in rows.items():
            if synset in cells:
                row.cells[language] = cells[synset]
                row.checked.add(language)
            elif row.say != "-":
                names = row.cells.get(language, "").split("|")
                kept = [name for rank, name in enumerate(names) if name_key(name) not in taken or language == "en" and rank == 0]
                row.cells[language] = "|".join(kept)


def write_table(rows: Mapping[str, Row]) -> None:
    """Write nouns.tsv, sorted by synset."""
    with TABLE.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for synset, row in sorted(rows.items()):
            checked = "all" if row.checked == set(LANGUAGES) else " ".join(code for code in LANGUAGES if code in row.checked)
            cells = [row.cells.get(language, "") for language in LANGUAGES]
            file.write("\t".join([synset, " ".join(row.parents), row.say, checked, "|".join(row.labels), *cells]) + "\n")


def _kept(leaves: list[str], say: Mapping[str, str], parents: Mapping[str, list[str]]) -> set[str]:
    """Classes and nouns of the tree, and what stands above many classes."""
    wanted = {synset for synset in {*leaves, *say} if say.get(synset) not in ("drop", "-")}
    width = Counter(above for leaf in leaves for above in _ancestors(leaf, parents))
    above_them = {above for synset in wanted for above in _ancestors(synset, parents)}
    return wanted | {synset for synset in above_them if width[synset] >= WIDE and say.get(synset) != "drop"}


def _ancestors(synset: str, parents: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    todo = [synset]
    while todo:
        new = set(parents.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return found


def _nearest(synset: str, parents: Mapping[str, list[str]], kept: set[str]) -> list[str]:
    """The nearest kept nodes above, none of which stands above another."""
    found: list[str] = []
    todo = list(parents.get(synset, ()))
    while todo:
        node = todo.pop(0)
        if node not in kept:
            todo += parents.get(node, [])
        elif node not in found:
            found.append(node)
    higher = {node for one in found for node in _ancestors(one, parents)}
    return [node for node in found if node not in higher]


def _name(row: Row, entry: Mapping[str, str]) -> None:
    """Give a row the lexicon's names: all that can be names if people know it, one in English else."""
    english = entry["en"].split("; ")
    row.cells["en"] = english[0]
    if row.say == "-":
        return
    row.cells["en"] = "|".join([english[0], *(name for name in english[1:] if not _SCIENTIFIC.fullmatch(name) and not _UNFIT.search(name))])
    foreign = {name.casefold() for name in english}
    for language in LANGUAGES[1:]:
        names = [_without_article(name.rpartition("|")[0], language) for name in entry[language].split("; ") if name]
        row.cells[language] = "|".join(dict.fromkeys(name for name in names if _is_fit(name, language) and name.casefold() not in foreign))


def _without_article(name: str, language: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if rest and first.casefold() in _ARTICLES.get(language, ()) else name


def _is_fit(name: str, language: str) -> bool:
    return bool(re.fullmatch(rf"[{_SCRIPTS.get(language, _LATIN)} '’·.-]+", name)) and len(name) < 40


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


if __name__ == "__main__":
    main()
