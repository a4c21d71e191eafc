"""What `compare_versions` compares: the outcome of one command, and the files that were written."""

from __future__ import annotations

import json
import math
import re
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Case = tuple[str, ...]
"""Arguments of `assistant`."""
HELP = "--help"
TOLERANCE = 0.005
"""Of floats: absolute below 1, else relative."""
MEASURED = {"times_s", "ranking"}
"""Keys below which numbers are those of this machine and moment."""
TEXTS_WITH_FIGURES = {"detail"}
"""Keys of texts whose numbers are so."""
LIVE_EVENTS = {"sentence", "sound", "heard", "keyframe", "speech_began", "speech_ended"}
"""Events of a live run that every run has; what else happens hangs on the moment."""
CHANCE_IN_SOUND = 0.4
"""Share by which the length of a spoken text may differ: no two takes of a Piper voice are alike."""
LONGEST_TEXT = 160


@dataclass(frozen=True)
class Outcome:
    """What one command did."""

    status: int | None
    """None: it took too long; negative: the signal that ended it."""
    results: tuple[Any, ...]
    """JSON objects, or lines of text."""
    errors: tuple[str, ...]
    """Lines of stderr."""


def differences_of(case: Case, old: Outcome, new: Outcome) -> Iterator[str]:
    """What counts: exit status, results, and whether stderr has the same number of lines and no traceback."""
    if old.status != new.status:
        yield f"exit status {old.status} -> {new.status}"
    if len(old.errors) != len(new.errors):
        yield f"lines on stderr {len(old.errors)} -> {len(new.errors)} ({shorten(' / '.join(new.errors))})"
    if any("Traceback" in line for line in new.errors) and not any("Traceback" in line for line in old.errors):
        yield "a traceback on stderr"
    yield from _unlike(_what_counts(case, old.results), _what_counts(case, new.results))


def wording_of(case: Case, old: Outcome, new: Outcome) -> list[str]:
    """What is said in other words on stderr and in a command's explanation."""
    before, after = old.errors, new.errors
    if HELP in case:
        before, after = (*before, *old.results), (*after, *new.results)
    return [f"{shorten(a)} -> {shorten(b)}" for a, b in zip(before, after, strict=False) if a != b]


def _what_counts(case: Case, results: Sequence[Any]) -> Any:
    """Of --help the options; of a live run the keys of its events, what was asked and what was answered at last; of others everything."""
    if HELP in case:
        return sorted({*re.findall(r"(?<![\w-])--?[a-z][\w-]*|\{[^}]*\}", "\n".join(results))})
    if case[:1] == ("run",) and "--json" in case:
        events = [each for each in results if isinstance(each, dict)]
        texts = [[each["text"] for each in events if each["event"] == kind][-1:] for kind in ("question", "sentence")]
        return [{each["event"]: sorted(each) for each in events if each["event"] in LIVE_EVENTS}, texts]
    return list(results)


def _unlike(old: Any, new: Any, key: str = "", where: str = "", measured: bool = False) -> Iterator[str]:
    """Where two JSON values differ, beyond what differs between any two runs."""
    measured = measured or key in MEASURED
    if isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys():
            yield f"{where or 'keys'}: {shorten(sorted(old))} -> {shorten(sorted(new))}"
        for each in old.keys() & new.keys():
            yield from _unlike(old[each], new[each], each, f"{where}.{each}".lstrip("."), measured)
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where or 'results'}: {shorten(old)} -> {shorten(new)}"
        else:
            for number, pair in enumerate(zip(old, new, strict=True)):
                yield from _unlike(*pair, key, f"{where}[{number}]", measured)
    elif not _same(old, new, measured, key):
        yield f"{where or 'result'}: {shorten(old)} -> {shorten(new)}"


def _same(old: Any, new: Any, measured: bool, key: str) -> bool:
    if type(old) is not type(new):
        return False
    if isinstance(old, str) and key in TEXTS_WITH_FIGURES:
        return re.sub(r"\d+", "0", old) == re.sub(r"\d+", "0", new)
    if measured and isinstance(old, (int, float)):
        return True
    return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE) if isinstance(old, float) else bool(old == new)


def file_differences(old: Path, new: Path) -> Iterator[str]:
    """Files that one version wrote and the other didn't, or whose contents differ."""
    before, after = ({path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()} for folder in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            yield f"the file {name} was written by {'NEW' if name in after else 'OLD'} only"
        elif not _same_file(before[name], after[name]):
            yield f"the file {name} has other contents"


def _same_file(old: Path, new: Path) -> bool:
    """By their bytes; or sound by its form and about its length, lines of JSON as results. What reads an index tells whether it is good."""
    if old.read_bytes() == new.read_bytes() or old.suffix == ".index":
        return True
    if old.suffix == ".wav":
        (form, length), (new_form, new_length) = _sound(old), _sound(new)
        return form == new_form and math.isclose(length, new_length, rel_tol=CHANCE_IN_SOUND)
    if old.suffix == ".jsonl":
        before, after = ([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in (old, new))
        return not any(_unlike(before, after))
    return False


def _sound(path: Path) -> tuple[tuple[int, ...], int]:
    """((channels, bytes a sample, rate in Hz), number of samples); all 0 for what can't be read."""
    try:
        with wave.open(str(path)) as file:
            return file.getparams()[:3], file.getnframes()
    except (wave.Error, EOFError):
        return (0, 0, 0), 0


def shorten(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT // 2]} ... {text[-LONGEST_TEXT // 2 :]}"
