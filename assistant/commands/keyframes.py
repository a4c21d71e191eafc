"""`assistant keyframes`: the frames of a video that matter, why, and when; with --sheet as a picture."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from assistant.commands.contact_sheet import ChangeCurve, write_sheet
from assistant.commands.media import read_through
from assistant.commands.media_reader import STOPPED, MediaReader, stoppable
from assistant.commands.options import add_force_argument, add_settings_argument, settings_of
from assistant.commands.output import Result, format_clock
from assistant.problems import BadInput
from assistant.written_files import PNG, check_place

DEFAULT_BUDGET = 16
"""Keyframes kept, at most, where --budget doesn't say."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant keyframes` takes."""
    parser.add_argument("video", metavar="VIDEO", help="a video file")
    parser.add_argument("--budget", type=int, default=DEFAULT_BUDGET, metavar="N", help=f"keep at most N (default {DEFAULT_BUDGET})")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="also draw them into a picture, over the curve of change")
    add_settings_argument(parser)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Choose the video's keyframes; yield one result that lists them."""
    if not 1 <= options.budget <= 1000:
        raise BadInput(f"the budget {options.budget} is out of range", "use --budget 1 to 1000")
    if options.sheet:
        check_place(options.sheet, PNG, options.force)
    settings, curve = settings_of(options), ChangeCurve()
    with stoppable() as stop:
        reader = MediaReader(options.video, settings, stop, quiet=options.json, every_frame=True)
        media = read_through(reader, options.budget, curve.add)
    kept, warnings = media.keyframes, [*media.warnings, *([STOPPED] if stop.was_asked else [])]
    if options.sheet:
        tiles = [(k.frame.picture, f"{number}: {format_clock(k.frame.time_s)} {k.problem or k.reason}") for number, k in enumerate(kept, 1)]
        write_sheet(options.sheet, tiles, curve, [k.frame.time_s for k in kept], force=options.force)
    lines = [
        f"{format_clock(k.frame.time_s)}  {k.problem or k.reason:<10} change {k.change:.0%}  sharpness {k.sharpness:.0f}" for k in kept
    ]
    yield (
        "\n".join([*lines, *warnings]),
        {
            "keyframes": [
                {
                    "time_s": round(k.frame.time_s, 3),
                    "reason": k.reason,
                    "sharpness": round(k.sharpness, 2),
                    "change": round(k.change, 4),
                    "problem": k.problem,
                    "scene": k.scene,
                }
                for k in kept
            ],
            "warnings": warnings,
        },
    )
    if stop.was_asked:
        raise KeyboardInterrupt
