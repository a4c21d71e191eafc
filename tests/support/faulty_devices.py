"""Devices that fail by a schedule, in accelerated time. They keep the word of `interfaces`, and break it only as real ones do.

A plug opens its device as the assembly would; while a fault lasts it can't be opened, or what was opened misbehaves.
"""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assistant.messages import AudioChunk, Frame, Picture, Sound
from assistant.problems import LostDevice, MissingDevice

Kind = Literal["lost", "busy", "changed", "stalled", "hung", "black", "frozen", "mistake", "full"]
"""lost: unplugged, until it is plugged in. busy: another program took it. changed: gone, but another one is there at once.
stalled: it gives nothing. hung: the same, and not even closing wakes it. black, frozen: a camera's pictures, a microphone's silence.
mistake: an error nobody expects of a device, once. full: a disk's."""

CAMERA_KINDS: tuple[Kind, ...] = ("lost", "busy", "changed", "stalled", "hung", "black", "frozen")
MICROPHONE_KINDS: tuple[Kind, ...] = ("lost", "busy", "changed", "stalled", "hung", "black")
SPEAKER_KINDS: tuple[Kind, ...] = ("lost", "busy", "changed", "stalled", "hung")
DISK_KINDS: tuple[Kind, ...] = ("full",)

CHUNK_SAMPLES, RATE_HZ = 512, 16000
CHUNK_S = CHUNK_SAMPLES / RATE_HZ


class World:
    """A clock that runs `speed` times as fast as ours; its seconds are the world's everywhere below.

    With `longest_step_s`, real time, it never goes on by more between two readings: while a busy machine lets nobody run it stands
    still, so that nobody is late by its measure. Somebody must always be reading it then.
    """

    def __init__(self, speed: float = 1.0, longest_step_s: float = 3600.0) -> None:
        self.speed = speed
        self._longest_step_s = longest_step_s
        self._now_s = 0.0
        self._read_s = time.monotonic()
        self._lock = threading.Lock()

    def now_s(self) -> float:
        with self._lock:
            read_s = time.monotonic()
            self._now_s += min(read_s - self._read_s, self._longest_step_s) * self.speed
            self._read_s = read_s
            return self._now_s

    def wait_until(self, time_s: float, woken: threading.Event) -> bool:
        """True if it was woken sooner."""
        while (remaining_s := time_s - self.now_s()) > 0:
            if woken.wait(min(remaining_s / self.speed, self._longest_step_s)):
                return True
        return woken.is_set()

    def wait(self, seconds: float) -> None:
        self.wait_until(self.now_s() + seconds, threading.Event())


@dataclass(frozen=True)
class Fault:
    kind: Kind
    start_s: float
    end_s: float


class Plug:
    """Where a device is plugged in: what is wrong there, and how often it was opened."""

    def __init__(self, name: str, world: World, faults: Sequence[Fault] = ()) -> None:
        self.name = name
        self.world = world
        self.faults = sorted(faults, key=lambda fault: fault.start_s)
        """They don't overlap."""
        self.openings = 0
        self.mistake: Fault | None = None
        """The last that was made."""
        self._starts_s = [fault.start_s for fault in self.faults]

    def fault(self) -> Fault | None:
        """What is wrong now."""
        now_s = self.world.now_s()
        number = bisect_right(self._starts_s, now_s) - 1
        return self.faults[number] if number >= 0 and now_s < self.faults[number].end_s else None

    def open(self) -> None:
        """MissingDevice while it can't be opened."""
        fault = self.fault()
        if fault is not None and fault.kind in ("lost", "busy"):
            raise MissingDevice(f"the {self.name} is {fault.kind}", "wait")
        self.openings += 1


class _Device:
    """One that has been opened."""

    def __init__(self, plug: Plug) -> None:
        plug.open()
        self._plug = plug
        self._opened_s = plug.world.now_s()
        self._closed = threading.Event()

    def close(self) -> None:
        self._closed.set()

    def _trouble(self) -> Kind | None:
        """Suffer what is wrong now, in the middle of things; what is left for the device itself to do is returned."""
        fault = self._plug.fault()
        if fault is None:
            return None
        if fault.kind in ("lost", "busy") or (fault.kind == "changed" and self._opened_s < fault.start_s):
            raise LostDevice(f"the {self._plug.name} is {fault.kind}", "wait")
        if fault.kind == "mistake" and self._plug.mistake is not fault:
            self._plug.mistake = fault
            raise ZeroDivisionError("a driver's mistake")
        if fault.kind in ("stalled", "hung"):
            self._plug.world.wait_until(fault.end_s, self._closed if fault.kind == "stalled" else threading.Event())
        return fault.kind


class FaultyCamera(_Device):
    """Shows `picture(time_s)` so many times a second."""

    def __init__(self, plug: Plug, picture: Callable[[float], Picture], frames_per_s: float = 2.0) -> None:
        super().__init__(plug)
        self._picture = picture
        self._frame_s = 1 / frames_per_s

    def frames(self) -> Iterator[Frame]:
        shown = self._picture(self._plug.world.now_s())
        while not self._closed.is_set():
            trouble, now_s = self._trouble(), self._plug.world.now_s()
            if trouble == "black":
                shown = np.zeros_like(shown)
            elif trouble != "frozen":
                shown = self._picture(now_s)
            yield Frame(shown, now_s)
            if self._plug.world.wait_until(now_s + self._frame_s, self._closed):
                return


class FaultyMicrophone(_Device):
    """Hears `sound(time_s)`, 512 samples from then on."""

    def __init__(self, plug: Plug, sound: Callable[[float], Sound]) -> None:
        super().__init__(plug)
        self._sound = sound

    def chunks(self) -> Iterator[AudioChunk]:
        time_s = self._plug.world.now_s()
        while not self._closed.is_set():
            if self._plug.world.wait_until(time_s + CHUNK_S, self._closed):
                return
            trouble = self._trouble()
            if trouble in ("stalled", "hung"):
                time_s = self._plug.world.now_s()  # what was said meanwhile is lost
            samples = np.zeros(CHUNK_SAMPLES, np.float32) if trouble == "black" else self._sound(time_s)
            yield AudioChunk(samples, RATE_HZ, time_s)
            time_s += CHUNK_S


class FaultySpeaker(_Device):
    """Takes as long as its sound does. `heard` is told each chunk once it has been played."""

    def __init__(self, plug: Plug, heard: Callable[[AudioChunk], object] = lambda chunk: None) -> None:
        super().__init__(plug)
        self._heard = heard

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        heard_s, world = 0.0, self._plug.world
        for chunk in chunks:
            self._trouble()
            if is_stale() or world.wait_until(world.now_s() + chunk.duration_s, self._closed):
                break
            self._heard(chunk)
            heard_s += chunk.duration_s
        return heard_s


class FillingDisk:
    """What a trace is written on: while its plug is at fault a write puts down half, the next nothing."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self.refused = 0

    def pwrite(self, descriptor: int, data: bytes, at: int) -> int:
        if self._plug.fault() is None:
            return os.pwrite(descriptor, data, at)
        self.refused += 1
        if self.refused % 2:
            return os.pwrite(descriptor, data[: len(data) // 2], at)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def random_faults(
    kinds: Sequence[Kind], count: int, until_s: float, seed: int, lasting_s: tuple[float, float] = (1.0, 30.0), rest_s: float = 10.0
) -> list[Fault]:
    """Faults that don't overlap, one in each of `count` equal spans up to `until_s`; after each the device is well for `rest_s` at least.

    In a span too short for that a fault lasts no longer than half of it.
    """
    rng, span_s = random.Random(seed), until_s / max(count, 1)
    faults = []
    for number in range(count):
        lasts_s = min(rng.uniform(*lasting_s), max(span_s - rest_s, span_s / 2))
        start_s = number * span_s + rng.uniform(0.0, max(0.0, span_s - rest_s - lasts_s))
        faults.append(Fault(rng.choice(kinds), start_s, start_s + lasts_s))
    return faults
