"""`assistant bench`: our runtime on a model, each kind of its weights, beside transformers on the same weights.

Everything is measured in one run on one machine and told as ratios to the best of the others; bare seconds say little.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.assembly import find_variants
from assistant.benchmarks.figures import DECODED_TOKENS, VIDEO_FRAMES, Figures, read_figures
from assistant.benchmarks.plot import draw_ratios
from assistant.commands.options import add_model_argument, settings_of, store_of
from assistant.problems import BadInput

REFERENCE_KINDS = ("float32", "bfloat16")
LONGEST_S = 1800
"""Of one contender; the slowest takes some minutes at the 256M shape."""

# What is compared: title, field, whether less is better.
_COLUMNS = (
    ("encode", "encode_s", True),
    ("prefill", "prefill_s", True),
    ("tokens/s", "tokens_per_s", False),
    ("2nd question", "second_question_s", True),
    (f"{VIDEO_FRAMES} frames: encode", "video_encode_s", True),
    ("prefill", "video_prefill_s", True),
    ("tokens/s", "video_tokens_per_s", False),
    ("MB, 1 picture", "picture_peak_mb", True),
    (f"MB, {VIDEO_FRAMES} frames", "peak_mb", True),
    ("load", "load_s", True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_argument(parser)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="the same model as a transformers folder, to be compared with")
    parser.add_argument("--variants", nargs="+", metavar="KIND", help="only these kinds of weights (default: all that are there)")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the ratios here")
    parser.set_defaults(settings=None)


def run(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    folder, found = find_variants(settings_of(options).answers.model, store_of(options))
    if unknown := sorted(set(options.variants or ()) - set(found)):
        raise BadInput(f"the model has no weights of the kind {unknown[0]!r}", f"use some of {', '.join(found)}")
    if options.reference and importlib.util.find_spec("transformers") is None:
        raise BadInput("transformers isn't installed, so there is nothing to compare with", "run: pip install '.[bench]'")
    ours = {f"ours, {kind}": ("assistant.benchmarks.ours", str(folder), kind) for kind in options.variants or found}
    others = {f"transformers, {kind}": ("assistant.benchmarks.reference", str(options.reference), kind) for kind in REFERENCE_KINDS}
    measured = {name: _measure(*work) for name, work in {**ours, **(others if options.reference else {})}.items()}
    best = _best_of({name: figures for name, figures in measured.items() if name in others})
    if options.plot:
        draw_ratios({name: _ratios(figures, best) for name, figures in measured.items()}, options.plot)
    exact = measured.get(f"transformers, {REFERENCE_KINDS[0]}")
    data = {
        name: {**asdict(figures), "ratios": _ratios(figures, best), "same_tokens": _same_tokens(figures, exact)}
        for name, figures in measured.items()
    }
    told = {name: each["same_tokens"] for name, each in data.items() if exact and name in ours}
    yield "\n".join([_table(measured, best), *_agreement(told)]), {"model": str(folder), "contenders": data}


def _measure(module: str, folder: str, kind: str) -> Figures:
    """A contender's figures from a process of its own."""
    command = [sys.executable, "-m", module, folder, kind]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        return read_figures(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{module} took longer than {LONGEST_S} s", "try a smaller model") from error
    except ValueError as error:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise BadInput(f"{module} could not measure {folder}: {last[0]}", "check the folder") from error


def _best_of(figures: dict[str, Figures]) -> dict[str, float]:
    """The best value of each field among the others; empty without others."""
    if not figures:
        return {}
    return {field: (min if less else max)(getattr(f, field) for f in figures.values()) for _, field, less in _COLUMNS}


def _ratios(figures: Figures, best: dict[str, float]) -> dict[str, float]:
    """How many times better than the best of the others; below 1 is worse."""
    ratios = {}
    for _, field, less in _COLUMNS:
        if field in best:
            value = getattr(figures, field)
            ratios[field] = round(best[field] / value if less else value / best[field], 2)
    return ratios


def _same_tokens(figures: Figures, exact: Figures | None) -> list[int] | None:
    """How many greedy tokens are those of transformers in float32 before the first that isn't: after one picture, after the video."""
    if exact is None:
        return None
    pairs = ((figures.picture_tokens, exact.picture_tokens), (figures.video_tokens, exact.video_tokens))
    return [next((i for i, (a, b) in enumerate(zip(*pair, strict=True)) if a != b), len(pair[0])) for pair in pairs]


def _agreement(told: dict[str, Any]) -> Iterator[str]:
    for name, (picture, video) in told.items():
        yield f"{name}: the first {picture} tokens after a picture and {video} after the video, of {DECODED_TOKENS}, are transformers'"


def _table(measured: dict[str, Figures], best: dict[str, float]) -> str:
    width = max(map(len, measured))
    titles = [title for title, _, _ in _COLUMNS]
    lines = [" " * width + "".join(f"  {title:>{max(len(title), 12)}}" for title in titles)]
    for name, figures in measured.items():
        ratios = _ratios(figures, best)
        cells = []
        for title, field, _ in _COLUMNS:
            value = getattr(figures, field)
            ratio = f" ({ratios[field]:.1f}x)" if field in ratios and name.startswith("ours") else ""
            cells.append(f"  {f'{value:.3g}{ratio}' if value < 100 else f'{value:.0f}{ratio}':>{max(len(title), 12)}}")
        lines.append(f"{name:<{width}}{''.join(cells)}")
    if best:
        lines.append("(x: times better than the best of transformers in the same run; seconds, medians)")
    return "\n".join(lines)
