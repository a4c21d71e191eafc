"""Opens what the live loop runs on, for `assistant run` and `assistant kiosk`."""

from __future__ import annotations

import argparse
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from assistant import assembly
from assistant.commands.options import add_settings_argument, store_of
from assistant.conversation import Conversation
from assistant.interfaces import Button, EchoCanceller
from assistant.languages.codes import language_code
from assistant.live.loop import Devices, LiveLoop
from assistant.live.session import EventSink
from assistant.live.timed_describer import timed
from assistant.live.voice_control import VoiceControl
from assistant.problems import MissingModel, Problem
from assistant.settings import Settings
from assistant.store.eye_choice import EYES
from assistant.store.model_store import ModelStore


def add_live_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the devices, the settings and the language."""
    parser.add_argument("--camera", metavar="SRC", default="0", help="a camera's number, a video file or a local stream (default: 0)")
    parser.add_argument("--microphone", metavar="SRC", help="part of a microphone's name, or a sound file")
    parser.add_argument("--speaker", metavar="DST", help="part of a loudspeaker's name, or a WAV file to write")
    add_settings_argument(parser)
    parser.add_argument("--language", metavar="xx", help="the user's language until another is heard (default: that of set-up)")


def run_loop(loop: LiveLoop, duration_s: float | None, failure: list[BaseException], events: queue.Queue[dict[str, Any] | None]) -> None:
    """Run a loop in a thread of its own; what it died of is handed to the main thread, and None is its last event."""
    try:
        loop.run(duration_s)
    except Exception as error:
        failure.append(error)
    finally:
        events.put(None)


def open_loop(
    options: argparse.Namespace,
    settings: Settings,
    report: EventSink,
    *,
    remembers_things: bool = True,
    always_english: bool = False,
    listens_privately: bool = False,
) -> tuple[LiveLoop, Keys]:
    """Open the devices and models that the options name.

    Args:
        options: of `add_live_arguments`, with `force`.
        settings: of the user.
        report: is told what happens.
        remembers_things: whether things that are shown to it are known again; not on a machine that many use.
        listens_privately: whether a loudspeaker that is named gives way to headphones.
        always_english: whether questions that are answered without are put into English, too.
    """
    store = store_of(options)
    settings = with_languages(settings, options.language, store)

    def device_changed(device: str, is_lost: bool, why: Problem | None) -> None:
        if ready.is_set():  # what is lost before the loop runs is noticed again when it is used
            loop.device_changed(device, is_lost, why)

    # Devices first: they fail sooner than models load.
    ready = threading.Event()
    keys = Keys(*assembly.open_buttons(settings.keys))
    camera = assembly.open_camera(options.camera, settings.camera, real_time=True, on_change=device_changed)
    microphone = assembly.open_microphone(options.microphone, device_changed)
    control = VoiceControl()
    speaker = assembly.open_speaker(
        options.speaker, device_changed, control, route=control if listens_privately else None, force=options.force
    )
    canceller = None if settings.ears.headphones else _echo_canceller()
    synthesizers = assembly.open_synthesizers(settings.voice, store)
    translators = assembly.open_translators(store, settings.answers.threads)
    transcriber = assembly.open_transcriber(settings.ears, store, settings.answers.threads, settings.language, translators)
    seeing = assembly.open_describer(settings.answers, store, live=True)
    describer, opening = timed(seeing, report), settings.camera.opening_degrees
    remembering = seeing if remembers_things else None
    instruments = assembly.open_instruments(store, settings.answers.threads, live=True, opening_degrees=opening, describer=remembering)
    conversation = Conversation(
        transcriber,
        describer,
        settings.ears,
        settings.language,
        translators,
        instruments,
        by_clause=True,
        wake_word=settings.ears.wake_word,
        always_english=always_english,
    )
    is_live = not Path(options.camera).is_file()
    detector = assembly.open_voice_detector()
    devices = Devices(camera, microphone, speaker, detector, synthesizers, is_live, control, canceller)
    eye = assembly.eye_name(settings.answers.model, store)
    report("eye", {"name": eye})
    loop = LiveLoop(devices, conversation, settings, report, eye_is_small=eye == EYES[-1])
    ready.set()
    return loop, keys


@dataclass(frozen=True)
class Keys:
    """What the user presses."""

    talk: Button
    pause: Button | None

    def watch(self, loop: LiveLoop) -> None:
        """Let the loop know of each press, until `close`."""
        if self.pause:
            self.pause.watch(loop.press_pause)
        self.talk.watch(loop.press)

    def close(self) -> None:
        """Free the devices."""
        for button in filter(None, (self.talk, self.pause)):
            button.close()


def _echo_canceller() -> EchoCanceller | None:
    """None where there is none for this processor; `assistant check` tells."""
    try:
        return assembly.open_echo_canceller()
    except MissingModel:
        return None


def with_languages(settings: Settings, language: str | None, store: ModelStore) -> Settings:
    """Return the settings with every language that is listened for, the user's first."""
    settings = replace(settings, language=language_code(language) if language else settings.language)
    enabled = assembly.enabled_languages(settings.ears, settings.language, store)
    return replace(settings, ears=replace(settings.ears, languages=enabled))
