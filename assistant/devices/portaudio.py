"""Finds sound devices through PortAudio (package sounddevice). Knows nothing of what is played or heard.

PortAudio lists the devices when it is initialised and never again, and to initialise it anew ends every stream. So the list is read
anew only when a device has failed and a fresh process sees others than ours; for that moment a microphone that goes on gives way.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from assistant.problems import MissingDevice, shorten
from assistant.translatable import Translatable

Direction = Literal["input", "output"]
_THERE_IS_NO = {
    "input": (Translatable("there is no microphone"), Translatable("plug in a microphone")),
    "output": (Translatable("there is no loudspeaker"), Translatable("plug in a loudspeaker")),
}

SWITCH_S = 0.0001
"""Seconds that a busy thread computes while another waits: a loudspeaker asks for sound each 10 ms, and may wait several times in each.
With Python's 5 ms one busy thread stretched 3 s of sound to 12; with this three don't, and computing takes no longer."""
GIVE_WAY_S = 2.0
"""Seconds that streams have to end after they were asked to; longer ones keep the list from being read, and the next try asks again."""
FRESH_LIST_S = 10.0
"""Seconds that a process has to list the devices; one that takes longer hangs in a driver, and so would we."""
_LIST = "import json, sounddevice; print(json.dumps([list(sounddevice.query_devices()), list(sounddevice.default.device)]))"


@dataclass(frozen=True)
class SoundDevice:
    """One end of a sound card, and how it wants to be opened."""

    index: int
    name: str
    rate_hz: int
    channels: int
    """1 or 2: many cards can't be opened with one channel only."""


class _Usage:
    """Who uses PortAudio's list of devices, and which half of it is invalid."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.users: list[Callable[[], None]] = []
        self.invalid: set[Direction] = set()
        self.is_refreshing = False


_usage = _Usage()


def load_sounddevice() -> Any:
    """Return the module sounddevice. MissingDevice where PortAudio is absent, without which it can't be imported.

    From then on threads that compute let those of the devices run in time.
    """
    sys.setswitchinterval(SWITCH_S)
    try:
        import sounddevice
    except OSError as error:
        raise MissingDevice(
            "the sound library PortAudio is not installed", "run: {command}", command="sudo apt install libportaudio2"
        ) from error
    return sounddevice


def find_device(sounddevice: Any, wanted: str, direction: Direction) -> SoundDevice:
    """Return the device with this number or part of a name, or the system's choice for "". MissingDevice names those there are."""
    try:
        found = sounddevice.query_devices(int(wanted) if wanted.isdecimal() else wanted or None, direction)
    except (ValueError, sounddevice.PortAudioError) as error:
        invalidate_devices(direction)
        names = [device["name"] for device in sounddevice.query_devices() if device[f"max_{direction}_channels"] > 0]
        there_is_none, plug_in = _THERE_IS_NO[direction]
        what = Translatable("{there_is_none} {wanted!r}", there_is_none=there_is_none, wanted=shorten(wanted)) if wanted else there_is_none
        raise MissingDevice(what, Translatable("choose one of: {names}", names=", ".join(names)) if names else plug_in) from error
    channels = min(int(found[f"max_{direction}_channels"]), 2)
    return SoundDevice(int(found["index"]), str(found["name"]), round(found["default_samplerate"]), channels)


@contextmanager
def using_devices(give_way: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Keep the list of devices as it is, from finding a device until its stream is closed.

    `give_way` is called, from another thread, to ask a stream that would go on for long to close for a moment.
    """
    with _usage.changed:
        _usage.changed.wait_for(lambda: not _usage.is_refreshing)
        _usage.users.append(give_way)
    try:
        yield
    finally:
        with _usage.changed:
            _usage.users.remove(give_way)
            _usage.changed.notify_all()


def invalidate_devices(direction: Direction) -> None:
    """Note that a device has failed, so that the list of devices may be out of date."""
    _usage.invalid.add(direction)


def refresh_devices(sounddevice: Any, direction: Direction) -> None:
    """Read the list of devices anew if it is invalid and really has changed. For whoever opens a device, and holds none of its kind."""
    if direction not in _usage.invalid:
        return
    _usage.invalid.discard(direction)
    fresh = _fresh_devices(direction)
    with using_devices():
        ours = _devices_of(direction, list(sounddevice.query_devices()), list(sounddevice.default.device))
    if fresh != ours:
        _refresh(sounddevice)


def _refresh(sounddevice: Any) -> None:
    """Initialise PortAudio anew once no stream is open; not at all if one doesn't give way, for that would end it."""
    with _usage.changed:
        if _usage.is_refreshing:
            return
        _usage.is_refreshing = True  # whoever wants to open a stream waits
        users = list(_usage.users)
    try:
        for give_way in users:
            give_way()
        with _usage.changed:
            if _usage.changed.wait_for(lambda: not _usage.users, GIVE_WAY_S):
                sounddevice._terminate()
                sounddevice._initialize()
    finally:
        with _usage.changed:
            _usage.is_refreshing = False
            _usage.changed.notify_all()


def _fresh_devices(direction: Direction) -> list[Any] | None:
    """What a process sees that starts now; None if it can't be asked."""
    try:
        done = subprocess.run([sys.executable, "-P", "-c", _LIST], capture_output=True, timeout=FRESH_LIST_S, check=True)
        devices, default = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return _devices_of(direction, devices, default)


def _devices_of(direction: Direction, devices: list[dict[str, Any]], default: list[int]) -> list[Any]:
    """All that matters of one half of the list; the other half may differ because we have its devices open."""
    channels = f"max_{direction}_channels"
    chosen = default[0 if direction == "input" else 1]
    return [[d["index"] == chosen, d["name"], d[channels], d["default_samplerate"]] for d in devices if d[channels] > 0]
