"""`assistant run`: the live loop on a camera, a microphone and a loudspeaker, or on files in their place."""

from __future__ import annotations

import argparse
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from assistant import assembly
from assistant.commands.live_loop import add_live_arguments, open_loop, run_loop
from assistant.commands.options import add_force_argument, settings_of
from assistant.commands.output import resident_bytes
from assistant.live.trace_file import TraceFile
from assistant.live.turn_trace import TurnTrace
from assistant.problems import Problem
from assistant.translatable import Translatable

_SHOWN = ("question", "not_understood", "sentence", "trouble", "eye")
"""Events that people want to see; the trace has everything."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_live_arguments(parser)
    parser.add_argument("--duration-s", type=float, metavar="S", help="stop after this many seconds")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="write what each turn was, and when, into FILE, one JSON object a line")
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield events as they happen."""
    events: queue.Queue[dict[str, Any] | None] = queue.Queue()
    turns = TurnTrace()
    began_s = time.monotonic()

    def report(event: str, details: dict[str, Any]) -> None:
        events.put({"event": event, "time_s": round(time.monotonic() - began_s, 3), "resident_bytes": resident_bytes(), **details})

    def disk_full(problem: Problem) -> None:
        report("trouble", {"what": problem.text})
        loop.announce("disk_full")

    with ExitStack() as stack:
        trace = TraceFile(options.trace, disk_full, options.force) if options.trace else None
        if trace:
            stack.callback(trace.close)

        def keep(records: Iterator[dict[str, Any]]) -> None:
            for record in records:
                if trace:
                    trace.write(record)

        stack.enter_context(assembly.quieted_sound_libraries(lambda line: report("sound_message", {"what": line})))
        loop, keys = open_loop(options, settings_of(options), report)
        keys.watch(loop)
        stack.callback(keys.close)
        failure: list[BaseException] = []
        thread = threading.Thread(target=run_loop, args=(loop, options.duration_s, failure, events), name="loop", daemon=True)
        thread.start()
        try:
            for event in iter(events.get, None):
                keep(turns.feed(event))
                if options.json or event["event"] in _SHOWN:
                    yield _shown(event), event
        finally:
            loop.stop()
            thread.join()
            keep(turns.flush())
        if failure:
            raise failure[0]


def _shown(event: dict[str, Any]) -> str:
    """What people are told of an event."""
    match event["event"]:
        case "question":
            return Translatable("You: {text}", text=event["text"])
        case "not_understood":
            return Translatable("You: (not understood)")
        case "sentence":
            return Translatable("Assistant: {text}", text=event["text"])
        case "trouble":
            return Translatable("Trouble: {what}", what=event["what"])
        case "eye":
            return Translatable("Eye: {name}", name=event["name"])
        case _:
            return ""
