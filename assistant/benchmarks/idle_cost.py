"""Measures the processor time that the live loop takes while nothing moves and nobody speaks.

    python -m assistant.benchmarks.idle_cost [--minutes N]

A camera of 1280 x 720 at 30 frames a second with a sensor's noise, a silent microphone, the starter model; quiet, and narrating changes.
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any

import cv2
import numpy as np

from assistant import assembly
from assistant.benchmarks.pictures import made_up_pictures
from assistant.benchmarks.simulated_devices import RealTimeSpeaker, SilentMicrophone, StillCamera
from assistant.conversation import Conversation
from assistant.live.loop import Devices, LiveLoop
from assistant.messages import NarrationMode
from assistant.settings import NarrationSettings, Settings
from assistant.store.model_store import ModelStore, models_dir

SIZE, FRAMES_PER_S = (1280, 720), 30
NOISY = 8
"""Different frames of the one scene, made beforehand: making them must not be measured."""
START_S = 20.0
"""Seconds after which the greeting and the first description are over."""


def quiet_camera() -> StillCamera:
    """Return a camera on one scene that is never quite the same; its frames are made before anything is measured."""
    scene = np.asarray(cv2.resize(made_up_pictures(1)[0], SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
    return StillCamera(scene, FRAMES_PER_S, noise=2.0, different=NOISY)


def processor_s_per_minute(mode: NarrationMode, minutes: float) -> float:
    """Return the seconds of all cores together that this process takes a minute."""
    settings, store = Settings(narration=NarrationSettings(mode=mode)), ModelStore(models_dir())
    describer = assembly.open_describer(settings.answers, store, live=True)
    conversation = Conversation(None, describer, settings.ears, instruments=assembly.open_instruments(store, live=True))
    voices = assembly.open_synthesizers(settings.voice, store)
    devices = Devices(quiet_camera(), SilentMicrophone(), RealTimeSpeaker(), assembly.open_voice_detector(), voices, True)
    loop = LiveLoop(devices, conversation, settings, _ignore)
    spent = list[float]()
    first, last = (threading.Timer(delay_s, lambda: spent.append(time.process_time())) for delay_s in (START_S, START_S + minutes * 60))
    first.start()
    last.start()
    loop.run(START_S + minutes * 60 + 1)
    last.join()
    return (spent[1] - spent[0]) / minutes


def _ignore(event: str, details: dict[str, Any]) -> None:
    """Nothing that happens is looked at."""


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="for each of the two ways (1)")
    options = parser.parse_args()
    modes: tuple[NarrationMode, ...] = ("quiet", "changes")
    for mode in modes:
        print(f"{mode}: {processor_s_per_minute(mode, options.minutes):.1f} s of processor time a minute", flush=True)


if __name__ == "__main__":
    main()
