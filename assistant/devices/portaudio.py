"""Finds sound devices through PortAudio (package sounddevice). Knows nothing of what is played or heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from assistant.problems import MissingDevice, shorten

Direction = Literal["input", "output"]
_NAMES = {"input": "microphone", "output": "loudspeaker"}


@dataclass(frozen=True)
class SoundDevice:
    """One end of a sound card, as it wants to be opened."""

    index: int
    name: str
    rate_hz: int
    channels: int
    """1 or 2: many cards can't be opened with one channel only."""


def load_sounddevice() -> Any:
    """The module sounddevice, which can't be imported where PortAudio is absent; MissingDevice then."""
    try:
        import sounddevice
    except OSError as error:
        raise MissingDevice("the sound library PortAudio is not installed", "run: sudo apt install libportaudio2") from error
    return sounddevice


def find_device(sounddevice: Any, wanted: str, direction: Direction) -> SoundDevice:
    """The device with this number or part of a name, or the system's own choice for ""; MissingDevice names those there are."""
    kind = _NAMES[direction]
    try:
        found = sounddevice.query_devices(int(wanted) if wanted.isdecimal() else wanted or None, direction)
    except (ValueError, sounddevice.PortAudioError) as error:
        names = [device["name"] for device in sounddevice.query_devices() if device[f"max_{direction}_channels"] > 0]
        what = f"there is no {kind} {shorten(wanted)!r}" if wanted else f"there is no {kind}"
        fix = f"choose one of: {', '.join(names)}" if names else f"plug in a {kind}"
        raise MissingDevice(what, fix) from error
    channels = min(int(found[f"max_{direction}_channels"]), 2)
    return SoundDevice(int(found["index"]), str(found["name"]), round(found["default_samplerate"]), channels)
