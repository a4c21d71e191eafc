"""`assistant run`: the live loop on a camera, a microphone and a loudspeaker, or on files in their place."""

from __future__ import annotations

import argparse
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from assistant import assembly
from assistant.commands.options import add_force_argument, add_settings_argument, settings_of, store_of
from assistant.commands.output import resident_bytes
from assistant.conversation import Conversation
from assistant.interfaces import Button, EchoCanceller
from assistant.languages.codes import language_code
from assistant.live.loop import Devices, LiveLoop
from assistant.live.session import EventSink
from assistant.live.timed_describer import timed
from assistant.live.turn_trace import TurnTrace
from assistant.live.voice_control import VoiceControl
from assistant.problems import MissingModel, Problem
from assistant.settings import Settings
from assistant.store.eye_choice import EYES
from assistant.store.model_store import ModelStore
from assistant.written_files import TRACE, WrittenFile

# What people want to see; the trace has everything.
_SHOWN = {
    "question": "You: {text}",
    "not_understood": "You: (not understood)",
    "sentence": "Assistant: {text}",
    "trouble": "Trouble: {what}",
    "eye": "Eye: {name}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--camera", metavar="SRC", default="0", help="a camera's number, a video file or a local stream (default: 0)")
    parser.add_argument("--microphone", metavar="SRC", help="part of a microphone's name, or a sound file")
    parser.add_argument("--speaker", metavar="DST", help="part of a loudspeaker's name, or a WAV file to write")
    add_settings_argument(parser)
    parser.add_argument(
        "--language", metavar="xx", help="the user's language, spoken until another one is heard (default: the one of set-up, else en)"
    )
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

    with ExitStack() as stack:
        trace = WrittenFile(options.trace, TRACE, options.force) if options.trace else None
        if trace:
            stack.callback(trace.commit)
        stack.enter_context(assembly.quieted_sound_libraries(lambda line: report("sound_message", {"what": line})))
        loop, button = _open_loop(options, report)
        button.watch(loop.press)
        stack.callback(button.close)
        failure: list[BaseException] = []
        thread = threading.Thread(target=_run_loop, args=(loop, options.duration_s, failure, events), name="loop", daemon=True)
        thread.start()
        try:
            for event in iter(events.get, None):
                for record in turns.feed(event):
                    _write(trace, record)
                if options.json or event["event"] in _SHOWN:
                    yield _SHOWN.get(event["event"], "").format(**event), event
        finally:
            loop.stop()
            thread.join()
            for record in turns.flush():
                _write(trace, record)
        if failure:
            raise failure[0]


def _run_loop(loop: LiveLoop, duration_s: float | None, failure: list[BaseException], events: queue.Queue[dict[str, Any] | None]) -> None:
    try:
        loop.run(duration_s)
    except Exception as error:  # handed to the main thread, which raises it
        failure.append(error)
    finally:
        events.put(None)


def _open_loop(options: argparse.Namespace, report: EventSink) -> tuple[LiveLoop, Button]:
    store = store_of(options)
    settings = _with_languages(settings_of(options), options.language, store)

    def device_changed(device: str, is_lost: bool, why: Problem | None) -> None:
        if ready.is_set():  # what is lost before the loop runs is noticed again when it is used
            loop.device_changed(device, is_lost, why)

    # Devices first: they fail sooner than models load.
    ready = threading.Event()
    button = assembly.open_button(settings.keys.talk)
    camera = assembly.open_camera(options.camera, settings.camera, real_time=True, on_change=device_changed)
    microphone = assembly.open_microphone(options.microphone, device_changed)
    control = VoiceControl()
    speaker = assembly.open_speaker(options.speaker, device_changed, control, force=options.force)
    canceller = None if settings.ears.headphones else _echo_canceller()
    synthesizers = assembly.open_synthesizers(settings.voice, store)
    translators = assembly.open_translators(store, settings.answers.threads)
    transcriber = assembly.open_transcriber(settings.ears, store, settings.answers.threads, settings.language, translators)
    seeing = assembly.open_describer(settings.answers, store, live=True)
    describer, opening = timed(seeing, report), settings.camera.opening_degrees
    instruments = assembly.open_instruments(store, settings.answers.threads, live=True, opening_degrees=opening, describer=seeing)
    conversation = Conversation(
        transcriber,
        describer,
        settings.ears,
        settings.language,
        translators,
        instruments,
        by_clause=True,
        wake_word=settings.ears.wake_word,
    )
    is_live = not Path(options.camera).is_file()
    detector = assembly.open_voice_detector()
    devices = Devices(camera, microphone, speaker, detector, synthesizers, is_live, control, canceller)
    eye = assembly.eye_name(settings.answers.model, store)
    report("eye", {"name": eye})
    loop = LiveLoop(devices, conversation, settings, report, eye_is_small=eye == EYES[-1])
    ready.set()
    return loop, button


def _echo_canceller() -> EchoCanceller | None:
    """None where there is none for this processor; `assistant check` tells."""
    try:
        return assembly.open_echo_canceller()
    except MissingModel:
        return None


def _with_languages(settings: Settings, language: str | None, store: ModelStore) -> Settings:
    """With every language that is listened for, the user's first."""
    settings = replace(settings, language=language_code(language) if language else settings.language)
    enabled = assembly.enabled_languages(settings.ears, settings.language, store)
    return replace(settings, ears=replace(settings.ears, languages=enabled))


def _write(trace: WrittenFile | None, record: dict[str, Any]) -> None:
    if trace is None:
        return
    trace.write(json.dumps(record, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")
    trace.flush()
