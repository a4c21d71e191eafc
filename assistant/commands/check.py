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
from assistant.translatable import Translatable, joined

_OFFLINE = Translatable("offline")
_KINDS = {"model": Translatable("model"), "voice": Translatable("voice")}
_STATES = {"installed": Translatable("installed"), "missing": Translatable("missing"), "damaged": Translatable("damaged")}
_PARTS = {
    "hear": Translatable("hear"),
    "phrases": Translatable("phrases"),
    "names": Translatable("names"),
    "descriptions": Translatable("descriptions"),
    "voice": Translatable("voice"),
}
_LAPS = {
    "load": Translatable("load"),
    "hear": Translatable("hear"),
    "look": Translatable("look"),
    "first sentence": Translatable("first sentence"),
    "first sound": Translatable("first sound"),
    "total": Translatable("total"),
}
"""What "speed" is made of, in order."""
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
    yield _result(Translatable("processor"), True, Translatable("{count} cores", count=os.cpu_count()))
    yield _eye(model)
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
    yield from (_result(Translatable("graph {name}", name=name), True, note) for name, note in assembly.graph_notes(store).items())


def _eye(model: str) -> Result:
    small = Translatable(
        "{name}: small, and no good eye; `assistant setup` fetches SmolVLM2 where the Hugging Face hub can be reached", name=model
    )
    return _result(Translatable("eye"), True, small if model == EYES[-1] else model, name=model)


def _offline() -> Result:
    try:
        with socket.socket() as connection:
            connection.settimeout(1)
            connection.connect(_OUTSIDE)
    except RefusedConnection:
        if enforce_below_python():
            return _result(_OFFLINE, True, Translatable("connections beyond this machine are refused, by the kernel too"))
        return _result(
            _OFFLINE, True, Translatable("connections beyond this machine are refused, in Python; this kernel has no filter for libraries")
        )
    except OSError:
        pass
    return _result(_OFFLINE, False, Translatable("a connection beyond this machine was not refused"))


def _camera() -> Result:
    camera_0 = Translatable("camera {number}", number=0)
    try:
        camera = assembly.open_camera("0", Settings().camera)
        frame = next(camera.frames())
        camera.close()
    except Problem as problem:
        return _result(camera_0, False, problem.text)
    height, width = frame.picture.shape[:2]
    return _result(camera_0, True, f"{width} x {height}")


def _sound() -> Iterator[Result]:
    microphone, loudspeaker = Translatable("microphone"), Translatable("loudspeaker")
    for name, open_device in ((microphone, assembly.open_microphone), (loudspeaker, assembly.open_speaker)):
        try:
            open_device(None).close()
        except Problem as problem:
            yield _result(name, False, problem.text)
        else:
            yield _result(name, True, Translatable("opens"))


def _models(store: ModelStore) -> Iterator[Result]:
    for manifest in all_manifests():
        state = store.state(manifest.name)
        if manifest.default or state != "missing":
            yield _result(
                Translatable("{kind} {name}", kind=_KINDS[manifest.kind], name=manifest.name), state == "installed", _STATES[state]
            )


def _echo() -> Result:
    try:
        assembly.open_echo_canceller()
    except Problem as problem:
        deaf = Translatable("{problem}; without headphones nothing is heard while the assistant speaks", problem=problem.text)
        return _result(Translatable("echo"), False, deaf)
    told = Translatable("its own voice is taken out of what is heard: it may be interrupted without headphones")
    return _result(Translatable("echo"), True, told)


def _reading(store: ModelStore) -> Result:
    """A sign is written and read."""
    reading = Translatable("reading")
    sign = np.full((360, 640, 3), 255, np.uint8)
    cv2.putText(sign, _SIGN, (120, 200), cv2.FONT_HERSHEY_SIMPLEX, 4, (0, 0, 0), 8)
    try:
        pages = assembly.open_page_reader(store)
        pages.find(sign)  # loads it
        watch = Stopwatch()
        read = pages.read([sign]).text
        watch.lap("read")
    except Problem as problem:
        return _result(reading, False, problem.text)
    if read != _SIGN:
        return _result(reading, False, Translatable("read {read!r} for {sign!r}", read=read, sign=_SIGN))
    return _result(reading, True, Translatable("a test sign in {seconds:.1f} s", seconds=watch.total()["read"]))


def _languages(store: ModelStore) -> Iterator[Result]:
    """For each language who hears it, and whether phrases, names, descriptions and voice are native, translated or missing, as measured."""
    settings, translators = Settings(), assembly.open_translators(store)
    listened_for = assembly.enabled_languages(settings.ears, settings.language, store)
    espeak = assembly.open_synthesizers(settings.voice, store)[-1]
    for code, language in languages().items():
        fetched = next((name for name in language.voices if store.state(name) == "installed"), "")
        parts = language_parts(language, code in listened_for, translators, fetched or ("eSpeak NG" if espeak.speaks(code) else ""))
        detail = joined((Translatable("{name}: {why}", name=_PARTS[name], why=state) for name, state in parts.items()), "; ")
        check = Translatable("language {code} ({name})", code=code, name=language.own_name)
        yield _result(check, True, detail, **parts, measured=language.measured)
    unusable = [code for code, language in languages().items() if not language.is_heard]
    if unusable:
        badly = Translatable("languages that Whisper base hears badly")
        detail = Translatable(
            "{languages}: listened for only if chosen (language or [ears] languages in the settings, `run --language`, asking to speak"
            " it) or if a voice or translator of it was fetched; unclear words are asked for again, and the key needs no ears: pressed in"
            " silence it describes",
            languages=", ".join(unusable),
        )
        yield _result(badly, True, detail, languages=unusable)


def _variants(models: list[str], store: ModelStore) -> Iterator[Result]:
    try:
        for choice in choose_variants(models, store):
            yield _result(
                Translatable("fastest variant of {name}", name=choice.model), bool(choice.ranking), choice.detail, **choice.to_dict()
            )
    except Problem as problem:
        yield _result(Translatable("fastest variant"), False, problem.text)


def _calibrations(models: list[str], store: ModelStore) -> Iterator[Result]:
    try:
        for line, found in calibrate_models(models, store):
            yield _result(Translatable("known pictures"), found["presence_right"] >= COULD_TELL, line, **found)
    except Problem as problem:
        yield _result(Translatable("known pictures"), False, problem.text)


def _speed(model: str, store: ModelStore) -> Iterator[Result]:
    """The demo's first question on its clip, warm: what a user waits for after speaking."""
    settings, watch = replace(Settings(), answers=replace(Settings().answers, model=model)), Stopwatch()
    try:
        conversation = Conversation(
            assembly.open_transcriber(settings.ears, store), assembly.open_describer(settings.answers, store), settings.ears
        )
        synthesizers = assembly.open_synthesizers(settings.voice, store)
    except Problem as problem:
        yield _result(Translatable("speed"), False, problem.text)
        return
    watch.lap("load")
    frames = itertools.islice(assembly.open_camera(str(demo_file("clip.mp4")), settings.camera).frames(), 2)
    for frame in frames:  # the first warms up; the second is another picture, which no engine has kept
        warm = Stopwatch()
        _first_sound(conversation, synthesizers, frame, warm)
    took = {**watch.times_s, **warm.total()}
    parts = (Translatable("{name} {seconds:.2f} s", name=_LAPS[name], seconds=seconds) for name, seconds in took.items())
    yield _result(Translatable("speed"), True, joined(parts, ", "), times_s=took)


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
    state = Translatable("ok") if ok else Translatable("missing")
    text = Translatable("{state:7}  {check}: {detail}", state=state, check=check, detail=detail)
    return text, {"check": check, "ok": ok, "detail": detail, **more}
