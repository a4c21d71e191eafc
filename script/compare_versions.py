"""Compare two versions of the assistant: run every command on the same inputs, one version after the other.

    python -m script.compare_versions OLD NEW [--inputs FOLDER ...] [--only TEXT]

OLD and NEW are checkouts (`git worktree add ../old REVISION` makes one); both run with this script's interpreter and the models that
are installed. `compare_versions.txt` lists the commands and `compared_inputs` makes their inputs; --inputs adds every picture, video,
sound and settings file of a folder. Commands that OLD doesn't have are left out. It takes some six minutes on two free
cores; with --only just the commands that contain TEXT are run.

Compared are exit status, JSON, files written, the options that --help tells, and on stderr the number of lines and whether there is a
traceback. Times and memory aren't compared; what is worded otherwise on stderr or in --help is told, but is no difference. Of a live run
the kinds of events, their keys and the last answer are compared. Prints a line for each case that differs and a summary; exit status 1
if anything differs. What differs between a version and itself is chance.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from script.compared_inputs import NOT_UTF8, make_inputs
from script.compared_outcomes import HELP, Case, Outcome, differences_of, file_differences, wording_of

CASES = Path(__file__).with_suffix(".txt")
LONGEST_S = 120
"""Of one command; one that takes longer is stopped and has no exit status."""
PICTURES = {".png", ".jpg", ".jpeg", ".heic", ".webp", ".bmp"}
VIDEOS = {".mp4", ".mkv", ".avi", ".mov", ".webm", ".gif"}
SOUNDS = {".wav", ".m4a", ".caf", ".mp3", ".flac", ".ogg"}
EXIT_STATUSES = (0, 2, 3, 4)
"""Those of the contract; another is told even if both versions have it."""
MOST_TOLD = 3
"""Differences told of one case."""


@dataclass(frozen=True)
class Version:
    """A checkout, and the folder in which its commands run."""

    checkout: Path
    folder: Path

    def run(self, case: Case) -> Outcome:
        command = [sys.executable, "-m", "assistant", *case]
        environment = os.environ | {"PYTHONPATH": str(self.checkout), "COLUMNS": "100"}
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Outcome(None, (), ())
        out, errors = self._lines(done.stdout), self._lines(done.stderr)
        return Outcome(done.returncode, tuple(map(_parsed, out)) if "--json" in case else out, errors)

    def _lines(self, stream: bytes) -> tuple[str, ...]:
        """Without where the checkout lies."""
        return tuple(stream.decode(errors="backslashreplace").replace(str(self.checkout), "CHECKOUT").splitlines())


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; returns the exit status: 0 equal, 1 something differs, 2 there is nothing to compare."""
    parser = argparse.ArgumentParser(description="Run every command of two versions of the assistant on the same inputs.")
    parser.add_argument("old", type=Path, metavar="OLD", help="the checkout to compare with")
    parser.add_argument("new", type=Path, metavar="NEW", help="the checkout to be compared")
    parser.add_argument("--inputs", type=Path, nargs="+", default=[], metavar="FOLDER", help="more inputs")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the commands that contain this")
    options = parser.parse_args(arguments)
    for checkout in (options.old, options.new):
        if not (checkout / "assistant" / "__main__.py").is_file():
            parser.error(f"{checkout} is no checkout of the assistant")
    with tempfile.TemporaryDirectory() as temporary:
        return _compare(options, Path(temporary))


def _compare(options: argparse.Namespace, work: Path) -> int:
    old, new = (Version(checkout.resolve(), work / name) for name, checkout in (("old", options.old), ("new", options.new)))
    _make_inputs(old.folder / "in", options.inputs)
    shutil.copytree(old.folder, new.folder, symlinks=True)
    before, old_s = _timed(lambda: dict(_run_all(old, _cases(old, options.inputs, options.only))))
    after, new_s = _timed(lambda: {case: _run(new, case) for case in before})
    unlike = {case: told for case in before if (told := [*differences_of(case, before[case], after[case])])}
    worded = {case: told for case in before.keys() - unlike.keys() if (told := wording_of(case, before[case], after[case]))}
    files = list(file_differences(old.folder, new.folder))
    for case in before:
        if told := unlike.get(case, worded.get(case, [])):
            _print(f"{'differs' if case in unlike else 'wording'}  {_name(case)}: {'; '.join(told[:MOST_TOLD])}")
        elif after[case].status not in EXIT_STATUSES:
            _print(f"broken   {_name(case)}: exit status {after[case].status} in both")
    for difference in files:
        _print(f"differs  {difference}")
    statuses = ", ".join(f"{status}: {number}" for status, number in Counter(each.status for each in before.values()).most_common())
    print(
        f"{len(before)} cases (exit status {statuses}), {len(before) - len(unlike)} equal, {len(worded)} of these in other words;", end=" "
    )
    print(f"{len(files)} files written differ. OLD took {old_s:.0f} s, NEW {new_s:.0f} s.")
    return int(bool(unlike or files))


def _make_inputs(folder: Path, more: Sequence[Path]) -> None:
    make_inputs(folder)
    for number, each in enumerate(more):
        (folder / f"more{number}").symlink_to(each.resolve())


def _timed(work: Callable[[], dict[Case, Outcome]]) -> tuple[dict[Case, Outcome], float]:
    """(its result, the seconds it took)."""
    began_s = time.monotonic()
    return work(), time.monotonic() - began_s


def _run(version: Version, case: Case) -> Outcome:
    """Run it, showing on a terminal which it is."""
    if sys.stderr.isatty():
        print(f"\r\033[K{version.folder.name}: {ascii(_name(case))[:100]}", end="", file=sys.stderr, flush=True)
    return version.run(case)


def _run_all(version: Version, cases: Sequence[Case]) -> Iterator[tuple[Case, Outcome]]:
    """Each case, and what fails also in the form for people."""
    for case in cases:
        outcome = _run(version, case)
        yield case, outcome
        if outcome.status and "--json" in case:
            plain = tuple(argument for argument in case if argument != "--json")
            yield plain, _run(version, plain)


def _cases(old: Version, folders: Sequence[Path], only: str) -> list[Case]:
    """Arguments of each command that is run."""
    commands = re.findall(r"^    ([a-z]+)\b", "\n".join(old.run((HELP,)).results), re.MULTILINE)
    models = os.environ.get("ASSISTANT_MODELS") or Path.home() / ".cache" / "scene-assistant"
    names = {"not_utf8": NOT_UTF8, "long": "why " * 500, "models": models, "old": Path("..", "old")}
    cases: list[Case] = [(), (HELP,), ("--version",), ("fly",), *((command, HELP) for command in commands)]
    lines = [line for line in CASES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    written = [tuple(argument.format(**names) for argument in shlex.split(line)) for line in lines]
    written += [case for number, folder in enumerate(folders) for case in _cases_of(sorted(folder.iterdir()), f"in/more{number}")]
    cases += [case[1:] if case[0] == "plain" else (*case, "--json") for case in written if {*case[:2]} & {*commands}]
    return [case for case in cases if only in _name(case)]


def _cases_of(files: Iterable[Path], folder: str) -> Iterator[Case]:
    """What can be asked about each file of a further folder."""
    for file in files:
        path, suffix = f"{folder}/{file.name}", file.suffix.lower()
        if suffix in PICTURES | VIDEOS:
            yield "ask", path, "What is this?"
            yield "describe", path
        if suffix in VIDEOS:
            yield "keyframes", path
        if suffix in SOUNDS:
            yield "hear", path
            yield "ask", "in/cat.png", path
        if suffix == ".toml":
            yield "ask", "in/cat.png", "What is this?", "--settings", path


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return f"not JSON: {line}"


def _name(case: Case) -> str:
    return shlex.join(case) or "(no arguments)"


def _print(line: str) -> None:
    """With the bytes of a name that isn't UTF-8 spelt out."""
    print(line.encode(errors="backslashreplace").decode(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
