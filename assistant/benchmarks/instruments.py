"""Measures what answers by measuring, one after the other: colour and light, things and people, the user's own things, and what they cost.

    python -m assistant.benchmarks.instruments [--data DIR] [--pictures N] [--json]

Without DIR only colour and light, on garments and rooms that are rendered. Each module can be run by itself and says what it measures on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PICTURES = 150
"""Of each set; on two idle cores all of it takes about six minutes."""


def modules(data: Path | None, pictures: int) -> list[Sequence[str]]:
    """Return what is run, as a module's name and its options."""
    colours: Sequence[str] = ("colours", "--count", str(pictures))
    if data is None:
        return [colours]
    given = ("--data", str(data))
    return [
        colours,
        ("objects", *given, "--pictures", str(pictures)),
        ("own_things", *given),
        ("detection", *given, "--limit", str(pictures)),
    ]


def main() -> None:
    """Run each module, and print what it prints; with --json one object a module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=int, default=PICTURES, metavar="N")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for name, *given in modules(options.data, options.pictures):
        command = [sys.executable, "-m", f"assistant.benchmarks.{name}", *given]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(json.dumps({"what": name, "figures": done.stdout.splitlines()}) if options.json else f"{name}\n{done.stdout}", flush=True)


if __name__ == "__main__":
    main()
