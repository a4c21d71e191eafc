"""`assistant check`: what works on this machine, each thing tried for real: devices, models, languages, offline promise, speed."""

from __future__ import annotations

import argparse
import itertools
import os
import socket
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from msgspec.structs import replace

from assistant import assembly
from assistant.commands.calibration import COULD_TELL, calibrate_models
from assistant.commands.demo import demo_file
from assistant.commands.language_parts import language_parts
from assistant.commands.options import add_model_argument, store_of
from assistant.commands.output import Result, Stopwatch
from assistant.commands.variants import choose_variants, installed_models
from assistant.conversation import Conversation
from assistant.hearing.listen import whole_utterance
from assistant.languages import languages
from assistant.messages import Frame, Keyframe, Question, View
from assistant.offline import RefusedConnection, enforce_below_python
from assistant.problems import Problem
from assistant.settings import Settings
from assistant.speaking.speak import say
from assistant.store.eye_choice import EYES
from assistant.store.manifests import all_manifests
from assistant.store.model_store import ModelStore

_HEARD_BADLY = (
    "listened for only if chosen (language or [ears] languages in the settings, `run --language`, asking to speak it) or if a voice or"
    " translator of it was fetched; unclear words are asked for again, and the key needs no ears: pressed in silence it describes"
)
_EYE_IS_SMALL = "{}: small, and no good eye; `assistant setup` fetches SmolVLM2 where the Hugging Face hub can be reached"
_SIGN = "EXIT"
_OUTSIDE = ("192.0.2.1", 9)
"""An address reserved for documentation: nobody is there, and the guard must refuse before anyone could answer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant check` takes."""
    add_model_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Yield one result a check; the command itself succeeds even where a check fails, for it has said so."""
    store = store_of(options)
    model = assembly.eye_name(options.model or Settings().answers.model, store)
    yield _result("processor", True, f"{os.cpu_count()} cores")
    yield _result("eye", True, _EYE_IS_SMALL.format(model) if model == EYES[-1] else model, name=model)
    yield _offline()
    yield _camera()
    yield from _sound()
    yield _echo()
    yield from _models(store)
    yield _reading(store)
    yield from _languages(store)
    models = [*installed_models(store), *([options.model] if options.model else [])]
    yield from _variants(models, store)
    yield from _calibrations(models, store)
    yield from _speed(model, store)
    yield from (_result(f"graph {name}", True, note) for name, note in assembly.graph_notes(store).items())


def _offline() -> Result:
    try:
        with socket.socket() as connection:
            connection.settimeout(1)
            connection.connect(_OUTSIDE)
    except RefusedConnection:
        below = "by the kernel too" if enforce_below_python() else "in Python; this kernel has no filter for libraries"
        return _result("offline", True, f"connections beyond this machine are refused, {below}")
    except OSError:
        pass
    return _result("offline", False, "a connection beyond this machine was not refused")


def _camera() -> Result:
    try:
        camera = assembly.open_camera("0", Settings().camera)
        frame = next(camera.frames())
        camera.close()
    except Problem as problem:
        return _result("camera 0", False, str(problem))
    height, width = frame.picture.shape[:2]
    return _result("camera 0", True, f"{width} x {height}")


def _sound() -> Iterator[Result]:
    for name, open_device in (("microphone", assembly.open_microphone), ("loudspeaker", assembly.open_speaker)):
        try:
            open_device(None).close()
        except Problem as problem:
            yield _result(name, False, str(problem))
        else:
            yield _result(name, True, "opens")


def _models(store: ModelStore) -> Iterator[Result]:
    for manifest in all_manifests():
        state = store.state(manifest.name)
        if manifest.default or state != "missing":
            yield _result(f"{manifest.kind} {manifest.name}", state == "installed", state)


def _echo() -> Result:
    try:
        assembly.open_echo_canceller()
    except Problem as problem:
        return _result("echo", False, f"{problem}; without headphones nothing is heard while the assistant speaks")
    return _result("echo", True, "its own voice is taken out of what is heard: it may be interrupted without headphones")


def _reading(store: ModelStore) -> Result:
    """A sign is written and read."""
    sign = np.full((360, 640, 3), 255, np.uint8)
    cv2.putText(sign, _SIGN, (120, 200), cv2.FONT_HERSHEY_SIMPLEX, 4, (0, 0, 0), 8)
    try:
        pages = assembly.open_page_reader(store)
        pages.find(sign)  # loads it
        watch = Stopwatch()
        read = pages.read([sign]).text
        watch.lap("read")
    except Problem as problem:
        return _result("reading", False, str(problem))
    is_right = read == _SIGN
    return _result("reading", is_right, f"a test sign in {watch.total()['read']:.1f} s" if is_right else f"read {read!r} for {_SIGN!r}")


def _languages(store: ModelStore) -> Iterator[Result]:
    """For each language who hears it, and whether phrases, names, descriptions and voice are native, translated or missing, as measured."""
    settings, translators = Settings(), assembly.open_translators(store)
    listened_for = assembly.enabled_languages(settings.ears, settings.language, store)
    espeak = assembly.open_synthesizers(settings.voice, store)[-1]
    for code, language in languages().items():
        fetched = next((name for name in language.voices if store.state(name) == "installed"), "")
        parts = language_parts(language, code in listened_for, translators, fetched or ("eSpeak NG" if espeak.speaks(code) else ""))
        detail = "; ".join(f"{name}: {state}" for name, state in parts.items())
        yield _result(f"language {code} ({language.own_name})", True, detail, **parts, measured=language.measured)
    unusable = [code for code, language in languages().items() if not language.is_heard]
    if unusable:
        yield _result("languages that Whisper base hears badly", True, f"{', '.join(unusable)}: {_HEARD_BADLY}", languages=unusable)


def _variants(models: list[str], store: ModelStore) -> Iterator[Result]:
    try:
        for choice in choose_variants(models, store):
            yield _result(f"fastest variant of {choice.model}", bool(choice.ranking), choice.detail, **choice.to_dict())
    except Problem as problem:
        yield _result("fastest variant", False, str(problem))


def _calibrations(models: list[str], store: ModelStore) -> Iterator[Result]:
    try:
        for line, found in calibrate_models(models, store):
            name, _, detail = line.partition(": ")
            yield _result(f"known pictures, {name}", found["presence_right"] >= COULD_TELL, detail, **found)
    except Problem as problem:
        yield _result("known pictures", False, str(problem))


def _speed(model: str, store: ModelStore) -> Iterator[Result]:
    """The demo's first question on its clip, warm: what a user waits for after speaking."""
    settings, watch = replace(Settings(), answers=replace(Settings().answers, model=model)), Stopwatch()
    try:
        conversation = Conversation(
            assembly.open_transcriber(settings.ears, store), assembly.open_describer(settings.answers, store), settings.ears
        )
        synthesizers = assembly.open_synthesizers(settings.voice, store)
    except Problem as problem:
        yield _result("speed", False, str(problem))
        return
    watch.lap("load")
    frames = itertools.islice(assembly.open_camera(str(demo_file("clip.mp4")), settings.camera).frames(), 2)
    for frame in frames:  # the first warms up; the second is another picture, which no engine has kept
        warm = Stopwatch()
        _first_sound(conversation, synthesizers, frame, warm)
    times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in warm.total().items())
    yield _result("speed", True, f"load {watch.times_s['load']:.2f} s; {times}", times_s={**watch.times_s, **warm.total()})


def _first_sound(conversation: Conversation, synthesizers: list[Any], frame: Frame, watch: Stopwatch) -> None:
    asked = conversation.understand(whole_utterance(assembly.open_sound_file(str(demo_file("question1_en.wav")))))
    watch.lap("hear")
    seen = conversation.look([Keyframe(frame, "only")])
    watch.lap("look")
    assert isinstance(asked, Question) and isinstance(seen, View), "the demo's own question is understood and its picture clear"
    sentence = next(conversation.answer(seen, asked))
    watch.lap("first sentence")
    next(iter(say(synthesizers[0], sentence.text, sentence.language)))
    watch.lap("first sound")


def _result(check: str, ok: bool, detail: str, **more: Any) -> Result:
    return f"{'ok     ' if ok else 'missing'}  {check}: {detail}", {"check": check, "ok": ok, "detail": detail, **more}
