"""`assistant bench`: our runtime on a model, each kind of its weights, beside other runtimes on the same weights.

Everything is measured in one run on one machine and told as ratios to the best of each of the others; bare seconds say little.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.assembly import find_variants
from assistant.benchmarks.figures import DECODED_TOKENS, VIDEO_FRAMES, Figures, read_figures
from assistant.benchmarks.plot import draw_ratios
from assistant.commands.options import add_model_argument, settings_of, store_of
from assistant.commands.output import Result
from assistant.problems import BadInput


@dataclass(frozen=True)
class Other:
    """Another runtime."""

    module: str
    kinds: tuple[str, ...]
    """Of weights."""
    needs: tuple[str, ...]
    """Packages."""
    remark: str = ""
    """What the reader of the figures should know."""


OTHERS = {
    "transformers": Other("assistant.benchmarks.reference", ("float32", "bfloat16"), ("torch", "transformers")),
    "onnxruntime-genai": Other(
        "assistant.benchmarks.genai",
        ("fp32", "int8", "int4"),
        ("onnxruntime_genai", "onnx_ir", "torch", "transformers"),
        "onnxruntime-genai has no SmolVLM: its time, memory and load are the language model's alone, given encoded pictures",
    ),
}
EXACT = "transformers, float32"
MODULES = {
    "conversation": ("--model", "--plot"),
    "translation": ("--model",),
    "narration": ("--model",),
    "keyframes": (),
    "videos": ("--model",),
}
"""What else can be measured -> the options that it takes."""
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
    parser.add_argument(
        "--against", nargs="+", choices=list(OTHERS), help="only with these runtimes (default: with all that are installed)"
    )
    parser.add_argument("--variants", nargs="+", metavar="KIND", help="only these kinds of weights (default: all that are there)")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the ratios here")
    parser.add_argument(
        "--what",
        choices=("runtime", *MODULES),
        default="runtime",
        help="the model's speed (default), the wait for an answer, translation's share of it, narration, keyframes, or tasks on videos",
    )
    parser.set_defaults(settings=None)


def run(options: argparse.Namespace) -> Iterator[Result]:
    yield from _run_runtimes(options) if options.what == "runtime" else _run_module(options)


def _run_module(options: argparse.Namespace) -> Iterator[Result]:
    """Passes on what the module prints, line by line, as it comes."""
    takes = MODULES[options.what]
    given = {"--model": options.model, "--plot": options.plot}
    if unknown := [name for name, value in given.items() if value and name not in takes]:
        raise BadInput(f"{unknown[0]} has no meaning for --what {options.what}", f"leave {unknown[0]} out")
    command = [sys.executable, "-m", f"assistant.benchmarks.{options.what}", *(["--json"] if options.json else [])]
    command += [part for name, value in given.items() if value for part in (name, str(value))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in map(str.rstrip, process.stdout):
            yield line, json.loads(line) if options.json else {}
        errors = process.stderr.read().strip().splitlines()
    if process.returncode:
        raise BadInput(f"{options.what} could not be measured: {(errors or ['it said nothing'])[-1]}", "run `assistant check`")


def _run_runtimes(options: argparse.Namespace) -> Iterator[Result]:
    folder, found = find_variants(settings_of(options).answers.model, store_of(options))
    if unknown := sorted(set(options.variants or ()) - set(found)):
        raise BadInput(f"the model has no weights of the kind {unknown[0]!r}", f"use some of {', '.join(found)}")
    others = list(_others(options.reference, options.against))
    work = {f"ours, {kind}": ("assistant.benchmarks.ours", folder, kind) for kind in options.variants or found}
    work |= {f"{name}, {kind}": (OTHERS[name].module, options.reference, kind) for name in others for kind in OTHERS[name].kinds}
    measured = {name: _measure(*each) for name, each in work.items()}
    best = {other: _best_of([figures for name, figures in measured.items() if name.startswith(other)]) for other in others}
    if options.plot:
        against = others[0] if others else ""
        draw_ratios({name: _ratios(figures, best.get(against, {})) for name, figures in measured.items()}, against, options.plot)
    data = {
        name: {
            **asdict(figures),
            "ratios": {other: _ratios(figures, each) for other, each in best.items()},
            "same_tokens": _same_tokens(figures, measured.get(EXACT)),
        }
        for name, figures in measured.items()
    }
    yield "\n".join([_table(measured, best), *_agreement(data)]), {"model": str(folder), "contenders": data}


def _others(reference: Path | None, asked: list[str] | None) -> Iterator[str]:
    """The runtimes to compare with."""
    if reference is None and asked:
        raise BadInput("there is no model for the other runtimes", "give it as a transformers folder with --reference")
    for name in (asked or OTHERS) if reference else ():
        missing = [package for package in OTHERS[name].needs if importlib.util.find_spec(package) is None]
        if not missing:
            yield name
        elif asked or name == "transformers":
            raise BadInput(f"{name} can't be compared with: {missing[0]} isn't installed", "run: pip install '.[bench]'")


def _measure(module: str, folder: Path, kind: str) -> Figures:
    """A contender's figures from a process of its own."""
    command = [sys.executable, "-m", module, str(folder), kind]
    quiet = os.environ | {"ORT_DISABLE_TELEMETRY": "1"}  # onnxruntime and onnxruntime-genai tell their maker what they run
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False, env=quiet)
        return read_figures(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{module} took longer than {LONGEST_S} s", "try a smaller model") from error
    except ValueError as error:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise BadInput(f"{module} could not measure {folder}: {last[0]}", "check the folder, or leave it out with --against") from error


def _best_of(figures: list[Figures]) -> dict[str, float]:
    """The best value of each field that any of them has."""
    best = {}
    for _, field, less in _COLUMNS:
        if values := [value for each in figures if (value := getattr(each, field)) is not None]:
            best[field] = (min if less else max)(values)
    return best


def _ratios(figures: Figures, best: dict[str, float]) -> dict[str, float]:
    """How many times better than the best of the others; below 1 is worse. Without the fields that one of them doesn't have."""
    ratios = {}
    for _, field, less in _COLUMNS:
        value = getattr(figures, field)
        if field in best and value is not None:
            ratios[field] = round(best[field] / value if less else value / best[field], 2)
    return ratios


def _same_tokens(figures: Figures, exact: Figures | None) -> list[int] | None:
    """How many greedy tokens are those of transformers in float32 before the first that isn't: after one picture, after the video."""
    if exact is None:
        return None
    pairs = ((figures.picture_tokens, exact.picture_tokens), (figures.video_tokens, exact.video_tokens))
    return [next((i for i, (a, b) in enumerate(zip(*pair, strict=True)) if a != b), len(pair[0])) for pair in pairs]


def _agreement(data: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, each in data.items():
        if each["same_tokens"] and not name.startswith("transformers"):
            picture, video = each["same_tokens"]
            yield f"{name}: the first {picture} tokens after a picture and {video} after the video, of {DECODED_TOKENS}, are transformers'"


def _table(measured: dict[str, Figures], best: dict[str, dict[str, float]]) -> str:
    rows = [["", *(title for title, _, _ in _COLUMNS)]]
    for name, figures in measured.items():
        ratios = [_ratios(figures, each) for each in best.values()] if name.startswith("ours") else []
        rows.append([name, *(_cell(getattr(figures, field), [each.get(field) for each in ratios]) for _, field, _ in _COLUMNS)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{row[0]:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)) for row in rows
    ]
    if best:
        lines.append(f"(x: times better than the best of {', of '.join(best)} in the same run; seconds, medians)")
        lines += [f"({OTHERS[other].remark})" for other in best if OTHERS[other].remark]
    return "\n".join(lines)


def _cell(value: float | None, ratios: list[float | None]) -> str:
    """A dash for what isn't there."""
    if value is None:
        return "-"
    number = f"{value:.3g}" if value < 100 else f"{value:.0f}"
    told = ", ".join("-" if ratio is None else f"{ratio:.1f}x" for ratio in ratios)
    return f"{number} ({told})" if told else number
