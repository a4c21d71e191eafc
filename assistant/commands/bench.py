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
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.assembly import find_variants
from assistant.benchmarks.comparison import best_of, count_same_tokens, format_same_tokens, format_table, ratios_to
from assistant.benchmarks.figures import ONE_THREAD, Figures, read_figures
from assistant.benchmarks.plot import draw_ratios
from assistant.commands.options import add_force_argument, add_model_argument, settings_of, store_of
from assistant.commands.output import Result
from assistant.problems import BadInput
from assistant.written_files import PNG, check_place


@dataclass(frozen=True)
class Contender:
    """Another runtime to compare with."""

    module: str
    kinds: tuple[str, ...]
    """Kinds of weights that are measured."""
    needs: tuple[str, ...]
    """Packages without which it can't be measured."""
    remark: str = ""
    """What the reader of the figures should know."""
    extra: str = "bench"
    """What brings them."""


CONTENDERS = {
    "transformers": Contender("assistant.benchmarks.reference", ("float32", "bfloat16"), ("torch", "transformers")),
    "onnxruntime-genai": Contender(
        "assistant.benchmarks.genai",
        ("fp32", "int8", "int4"),
        ("onnxruntime_genai", "onnx_ir", "torch", "transformers"),
        "onnxruntime-genai has no SmolVLM: its time, memory and load are the language model's alone, given encoded pictures",
    ),
    "llama.cpp": Contender(
        "assistant.benchmarks.llama_cpp",
        ("f16", "q8_0", "q4_0"),
        ("llama_cpp", "gguf", "torch", "transformers"),
        "llama.cpp is given prompts with encoded pictures in one piece; its frames are encoded one after the other, as it has them",
        "llama",
    ),
}
ONE_THREAD_REMARK = "one thread, seconds of its processor time"
EXACT = "transformers, float32"
"""The contender whose tokens are right."""
DEVICES = "conversation on devices"
"""What `--what conversation --devices` measures."""
MEASUREMENTS = {
    "conversation": ("response_time", ("--model", "--plot")),
    DEVICES: ("device_response_time", ("--language",)),
    "translation": ("translation_time", ("--model",)),
    "narration": ("narration_accuracy", ("--model",)),
    "keyframes": ("keyframe_cost", ()),
    "videos": ("video_accuracy", ("--model",)),
    "reading": ("reading", ("--data", "--pictures")),
    "instruments": ("instruments", ("--data", "--pictures")),
}
"""What else can be measured -> its module below assistant.benchmarks, and the options that it takes."""
LONGEST_S = 1800
"""Seconds that one contender may take; the slowest takes some minutes at the 256M shape."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant bench` takes."""
    add_model_argument(parser)
    parser.add_argument("--reference", type=Path, metavar="DIR", help="the same model as a transformers folder, to be compared with")
    parser.add_argument(
        "--against", nargs="+", choices=list(CONTENDERS), help="only with these runtimes (default: with all that are installed)"
    )
    parser.add_argument("--variants", nargs="+", metavar="KIND", help="only these kinds of weights (default: all that are there)")
    parser.add_argument("--one-thread", action="store_true", help="by the processor's time of one thread, where other programs are at work")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the ratios here")
    parser.add_argument(
        "--what",
        choices=("runtime", *(what for what in MEASUREMENTS if what != DEVICES)),
        default="runtime",
        help="the model's speed (default), the wait for an answer, translation's share of it, narration, keyframes, videos, reading, "
        "instruments",
    )
    parser.add_argument("--devices", action="store_true", help="conversation: on real sound devices (a PulseAudio of its own)")
    parser.add_argument("--language", metavar="xx", help="conversation on devices: in which the questions are asked: en, es or pt")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="reading: photographs with a texts.tsv, and without text in DIR/without; instruments: the project's test data",
    )
    parser.add_argument("--pictures", type=int, metavar="N", help="how many pictures are used (default 100, of instruments 150)")
    parser.set_defaults(settings=None)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Measure what --what names; yield its results as they come."""
    if options.plot:
        check_place(options.plot, PNG, options.force)
    if options.devices and options.what != "conversation":
        raise BadInput(f"--devices has no meaning for --what {options.what}", "leave --devices out")
    options.what = DEVICES if options.devices else options.what
    if options.what == "runtime":
        _refuse_others(options, ("--model", "--plot"))
        yield from _run_runtimes(options)
    else:
        yield from _run_module(options)


def _refuse_others(options: argparse.Namespace, takes: Sequence[str]) -> dict[str, str]:
    """Return the options that are passed on, as they were given; BadInput for one that means nothing to what is measured."""
    given = {"--model": options.model, "--plot": options.plot, "--data": options.data, "--pictures": options.pictures}
    given["--language"] = options.language
    if unknown := [name for name, value in given.items() if value and name not in takes]:
        raise BadInput(f"{unknown[0]} has no meaning for --what {options.what}", f"leave {unknown[0]} out")
    return {name: str(value) for name, value in given.items() if value}


def _run_module(options: argparse.Namespace) -> Iterator[Result]:
    """Passes on what the module prints, line by line, as it comes."""
    module, takes = MEASUREMENTS[options.what]
    given = _refuse_others(options, takes)
    command = [sys.executable, "-m", f"assistant.benchmarks.{module}", *(["--json"] if options.json else [])]
    command += [part for name, value in given.items() for part in (name, value)]
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
    others, lacking = _others(options.reference, options.against)
    work = {f"ours, {kind}": ("assistant.benchmarks.ours", folder, kind) for kind in options.variants or found}
    work |= {f"{name}, {kind}": (CONTENDERS[name].module, options.reference, kind) for name in others for kind in CONTENDERS[name].kinds}
    measured = {name: _measure(*each, options.one_thread) for name, each in work.items()}
    best = {other: best_of([figures for name, figures in measured.items() if name.startswith(other)]) for other in others}
    if options.plot:
        against = others[0] if others else ""
        draw_ratios({name: ratios_to(figures, best.get(against, {})) for name, figures in measured.items()}, against, options.plot)
    data = {
        name: {
            **asdict(figures),
            "ratios": {other: ratios_to(figures, each) for other, each in best.items()},
            "same_tokens": count_same_tokens(figures, measured.get(EXACT)),
        }
        for name, figures in measured.items()
    }
    remarks = [*([ONE_THREAD_REMARK] if options.one_thread else [])] + [
        CONTENDERS[other].remark for other in best if CONTENDERS[other].remark
    ]
    told = "\n".join([format_table(measured, best, remarks), *format_same_tokens(data), *lacking])
    yield told, {"model": str(folder), "contenders": data, "lacking": lacking}


def _others(reference: Path | None, asked: list[str] | None) -> tuple[list[str], list[str]]:
    """The runtimes to compare with, and a line for each that isn't installed."""
    if reference is None and asked:
        raise BadInput("there is no model for the other runtimes", "give it as a transformers folder with --reference")
    names, lacking = list[str](), list[str]()
    for name in (asked or CONTENDERS) if reference else ():
        contender = CONTENDERS[name]
        missing = [package for package in contender.needs if importlib.util.find_spec(package) is None]
        if not missing:
            names.append(name)
            continue
        why, fix = f"{name} can't be compared with: {missing[0]} isn't installed", f"run: pip install '.[{contender.extra}]'"
        if asked or name == "transformers":
            raise BadInput(why, fix)
        lacking.append(f"({why}; {fix})")
    return names, lacking


def _measure(module: str, folder: Path, kind: str, one_thread: bool = False) -> Figures:
    """A contender's figures from a process of its own."""
    command = [sys.executable, "-m", module, str(folder), kind]
    environment = os.environ | {"ORT_DISABLE_TELEMETRY": "1"}  # onnxruntime and onnxruntime-genai tell their maker what they run
    environment |= {ONE_THREAD: "1"} if one_thread else {}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False, env=environment)
        return read_figures(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{module} took longer than {LONGEST_S} s", "try a smaller model") from error
    except ValueError as error:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise BadInput(f"{module} could not measure {folder}: {last[0]}", "check the folder, or leave it out with --against") from error
