"""`assistant keyframes`: the frames of a video that matter, why, and when; with --sheet as a picture."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.commands.contact_sheet import write_sheet
from assistant.commands.media import read_media
from assistant.commands.options import add_settings_argument, settings_of
from assistant.commands.output import clock
from assistant.problems import BadInput

DEFAULT_BUDGET = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", help="a video file")
    parser.add_argument("--budget", type=int, default=DEFAULT_BUDGET, metavar="N", help=f"keep at most N (default {DEFAULT_BUDGET})")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="also draw them into a picture")
    add_settings_argument(parser)


def run(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if not 1 <= options.budget <= 1000:
        raise BadInput(f"the budget {options.budget} is out of range", "use --budget 1 to 1000")
    media = read_media(options.video, settings_of(options), options.budget)
    if options.sheet:
        write_sheet(options.sheet, [(k.frame.picture, f"{clock(k.frame.time_s)} {k.problem or k.reason}") for k in media.keyframes])
    lines = [
        f"{clock(k.frame.time_s)}  {k.problem or k.reason:<10} change {k.change:.2f}  sharpness {k.sharpness:.0f}" for k in media.keyframes
    ]
    yield (
        "\n".join([*lines, *media.warnings]),
        {
            "keyframes": [
                {
                    "time_s": round(k.frame.time_s, 3),
                    "reason": k.reason,
                    "sharpness": round(k.sharpness, 2),
                    "change": round(k.change, 4),
                    "problem": k.problem,
                }
                for k in media.keyframes
            ],
            "warnings": media.warnings,
        },
    )
