"""Hours of use in minutes: a scripted user talks to the live loop and interrupts it, while its devices fail.

    python -m tests.support.soak --minutes 60                 every minute a device is lost, every third the disk is full
    python -m tests.support.soak --minutes 60 --faults 200    and whatever else goes wrong with devices

Everything waits as in life, only `--speed` times shorter (tests/support/faulty_devices.py); the engines are fakes, the loop and the stages
are not. Prints what happened as JSON; exit status 1 if anything promised was not kept.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import queue
import re
import sys
import tempfile
import threading
import time
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from msgspec.structs import replace

from assistant.conversation import Conversation
from assistant.devices.connection import Timeouts
from assistant.devices.reconnecting import ReconnectingCamera, ReconnectingMicrophone
from assistant.devices.reconnecting_speaker import ReconnectingSpeaker
from assistant.languages import phrase
from assistant.live.loop import Devices, LiveLoop
from assistant.live.trace_file import TraceFile
from assistant.live.turn_trace import TurnTrace
from assistant.problems import DiskFull, Problem
from assistant.settings import Settings
from assistant.speaking.speakable_text import speakable_pieces
from assistant.speaking.speech_queue import QUEUED_SENTENCES
from assistant.speaking.synthesis_buffer import SENTENCES_AHEAD
from tests.support.faulty_devices import (
    CAMERA_KINDS,
    DISK_KINDS,
    MICROPHONE_KINDS,
    SPEAKER_KINDS,
    Fault,
    FaultyCamera,
    FaultyMicrophone,
    FaultySpeaker,
    FillingDisk,
    Kind,
    Plug,
    World,
    random_faults,
)
from tests.support.scripted_user import (
    LANGUAGES,
    MOST_QUESTIONS,
    ForgetfulVoice,
    LevelTranscriber,
    LoudnessDetector,
    Said,
    SteadyDescriber,
    User,
    scene,
)

ANSWERED_WITHIN_S = 10.0
"""After the end of a question its answer must have been heard, or the user has spoken again."""
LONGEST_STEP_S = 0.01
LOSSES: tuple[Kind, ...] = ("lost", "changed")
MEMORY_GROWTH = 1.05
NO_TURN = -1
DISK_FULL = frozenset(phrase("disk_full", language)[0] for language in LANGUAGES)


@dataclass
class Diary:
    """What happened when, in the world's time; told from any thread. In arrays, so that a day of it doesn't look like a leak."""

    world: World
    begun_s: array[float] = field(default_factory=lambda: array("d"))
    begun_turns: array[int] = field(default_factory=lambda: array("l"))
    """When each speech was noticed, and the turn that began."""
    turn_of: array[int] = field(default_factory=lambda: array("l", [NO_TURN]) * MOST_QUESTIONS)
    """By the number of a question."""
    heard_turns: bytearray = field(default_factory=lambda: bytearray(16 * MOST_QUESTIONS))
    """Whether at least a part of it left the speaker, by turn."""
    changes: list[tuple[float, str, bool]] = field(default_factory=list)
    """(time, device, whether it was lost)"""
    counts: Counter[str] = field(default_factory=Counter)

    def report(self, event: str, details: dict[str, Any]) -> None:
        self.counts[event] += 1
        if event == "speech_began":
            self.begun_s.append(self.world.now_s())
            self.begun_turns.append(details["turn"])
        elif event == "question" and (found := re.search(r"number (\d+)", details["text"])):
            self.turn_of[int(found[1])] = details["turn"]
        elif event == "sentence" and details["text"] in DISK_FULL:
            self.counts["disk full"] += 1
        elif event == "heard" and details["share"] > 0:
            self.heard_turns[details["turn"]] = 1

    def on_change(self, device: str, is_lost: bool, why: Problem | None) -> None:
        self.changes.append((self.world.now_s(), device, is_lost))
        self.counts[f"{device} {'lost' if is_lost else 'back'}"] += 1

    def was_out(self, device: str, start_s: float, end_s: float) -> bool:
        """Whether the device was told to be lost at any time in between."""
        lost = False
        for time_s, name, is_lost in self.changes:
            if name == device and time_s < end_s:
                if time_s > start_s and (lost or is_lost):
                    return True
                lost = is_lost
        return lost


class Trace:
    """What `assistant run --trace` keeps, on a disk that is full at times."""

    def __init__(self, plug: Plug, on_full: Callable[[], None]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name, "trace.jsonl")
        self.disk = FillingDisk(plug)
        self.told = 0
        self._world, self._turns, self._sum = plug.world, TurnTrace(), hashlib.sha256()
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._work, daemon=True)

        def full(problem: Problem) -> None:
            self.told += 1
            on_full()

        self._file = TraceFile(self._path, full, pwrite=self.disk.pwrite)
        self._writer.start()

    def feed(self, event: str, details: dict[str, Any]) -> None:
        self._events.put({"event": event, "time_s": self._world.now_s(), **details})

    def broken(self) -> list[str]:
        """Close it and return what isn't there, or wasn't told once."""
        self._events.put(None)
        self._writer.join()
        try:
            self._file.close()
        except DiskFull as problem:
            return [str(problem)]
        content = self._path.read_bytes()
        self._folder.cleanup()
        broken = [] if hashlib.sha256(content).digest() == self._sum.digest() else ["the trace isn't what was written"]
        if self.told != (self.disk.refused > 0):
            broken.append(f"that the disk was full was told {self.told} times")
        return broken

    def _work(self) -> None:
        for event in iter(self._events.get, None):
            self._write(self._turns.feed(event))
        self._write(self._turns.flush())

    def _write(self, records: Iterator[dict[str, Any]]) -> None:
        for record in records:
            self._sum.update(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            self._file.write(record)


class Soak:
    """One run."""

    def __init__(self, minutes: float, faults: dict[str, list[Fault]], speed: float, seed: int) -> None:
        use_one_heap()
        self.world = world = World(speed, LONGEST_STEP_S)
        self.until_s = minutes * 60
        self.diary = Diary(world)
        self.user = User(self.until_s - ANSWERED_WITHIN_S, seed)
        self.faults = faults
        plugs = {name: Plug(name, world, faults.get(name, [])) for name in ("camera", "microphone", "speaker")}
        # A busy machine must not look like a stall, so that is waited for longer than the rest.
        waits = Timeouts(max(0.5, 15 / speed), max(0.5, 5 / speed), 0.5 / speed, 10 / speed, 3 / speed)

        def told(device: str, is_lost: bool, why: Problem | None) -> None:
            self.diary.on_change(device, is_lost, why)
            self.loop.device_changed(device, is_lost, why)

        devices = Devices(
            ReconnectingCamera(lambda: FaultyCamera(plugs["camera"], scene), told, waits),
            ReconnectingMicrophone(lambda: FaultyMicrophone(plugs["microphone"], self.user.sound), told, waits),
            ReconnectingSpeaker(lambda: FaultySpeaker(plugs["speaker"]), told, waits),
            LoudnessDetector(),
            [ForgetfulVoice(LANGUAGES)],
            camera_is_live=True,
        )
        settings = replace(Settings(), ears=replace(Settings().ears, headphones=True))  # or the user couldn't interrupt
        conversation = Conversation(LevelTranscriber(world), SteadyDescriber(world), settings.ears)
        for language in LANGUAGES:  # a second of real time is half a minute here
            conversation.get_ready(language)
            list(speakable_pieces("2 km", language))  # what is known of a language's numbers is read once, a megabyte of it
        self.trace = Trace(Plug("disk", world, faults.get("disk", [])), lambda: self.loop.announce("disk_full"))

        def report(event: str, details: dict[str, Any]) -> None:
            self.diary.report(event, details)
            self.trace.feed(event, details)

        self.loop = LiveLoop(devices, conversation, settings, report)
        self.resident_bytes: list[int] = []
        self.overfull: Counter[str] = Counter()

    def run(self) -> dict[str, Any]:
        """What happened, and under "broken" each promise that wasn't kept."""
        threads_before = threading.active_count()  # that which writes the trace among them
        over = threading.Event()
        sampler = threading.Thread(target=self._sample, args=[over])
        sampler.start()
        broken: list[str] = []
        try:
            self.loop.run()
        except Exception as error:  # whatever a thread died of
            broken.append(f"a thread died of {error!r}")
        over.set()
        sampler.join()
        broken += self._broken(threads_before)
        return {
            **self._outcomes(),
            **self.diary.counts,
            "faults": sum(map(len, self.faults.values())),
            "MB": self._megabytes(),
            "MB_curve": [round(each / 1e6, 1) for each in self.resident_bytes[:: max(1, len(self.resident_bytes) // 24)]],
            "broken": broken,
        }

    def _sample(self, over: threading.Event) -> None:
        """And stop the loop when the time is over."""
        process, every_s = psutil.Process(), self.until_s / self.world.speed / 200
        while not over.wait(every_s):
            if self.world.now_s() > self.until_s:
                self.loop.stop()
            self.resident_bytes.append(process.memory_info().rss)
            for name, (length, bound) in queue_lengths(self.loop).items():
                self.overfull[name] += length > bound

    def _megabytes(self) -> tuple[float, float]:
        """Resident memory once all was warm, and at the end: medians over a sixth of the run each."""
        sixth = len(self.resident_bytes) // 6
        warm, end = self.resident_bytes[sixth : 2 * sixth], self.resident_bytes[-sixth:]
        return round(float(np.median(warm)) / 1e6, 1), round(float(np.median(end)) / 1e6, 1)

    def _broken(self, threads_before: int) -> list[str]:
        warm, end = self._megabytes()
        broken = [f"the queue {name} was over its bound" for name, times in self.overfull.items() if times]
        if end > warm * MEMORY_GROWTH:
            broken.append(f"resident memory grew from {warm} to {end} MB")
        if not gone(lambda: threading.active_count() <= threads_before):
            broken.append(f"threads are left: {[thread.name for thread in threading.enumerate()]}")
        if self.diary.counts["stuck"]:
            broken.append("a thread didn't stop in time")
        for device in ("camera", "microphone", "speaker"):
            told = [is_lost for _, name, is_lost in self.diary.changes if name == device]
            if told != [True, False] * (len(told) // 2):
                broken.append(f"losses and returns of the {device} were not told once each, or it isn't back: {told}")
        broken += self.trace.broken()
        if self.diary.counts["disk full"] != self.trace.told:
            broken.append(f"that the disk is full was said {self.diary.counts['disk full']} times")
        return broken + [f"question {said.number} at {said.start_s:.1f} s: {fate}" for said, fate in self._fates() if fate.isupper()]

    def _outcomes(self) -> dict[str, int]:
        return dict(Counter(fate for _, fate in self._fates()))

    def _fates(self) -> Iterator[tuple[Said, str]]:
        """What became of each question."""
        script = self.user.script
        for said, following in pairwise([*script, Said(-1, self.until_s, self.until_s)]):
            until_s = min(following.start_s, said.end_s + ANSWERED_WITHIN_S)
            diary, first = self.diary, bisect_right(self.diary.begun_s, said.start_s)
            is_begun = first < len(diary.begun_s) and diary.begun_s[first] < following.start_s
            if diary.turn_of[said.number] != NO_TURN and diary.heard_turns[diary.turn_of[said.number]]:
                yield said, "answered"
            elif is_begun and diary.heard_turns[diary.begun_turns[first]]:
                yield said, "refused aloud"
            elif self.diary.was_out("microphone", said.start_s, until_s) or self._is_faulty("microphone", said.start_s, said.end_s + 2):
                yield said, "not heard, for the microphone was lost"
            elif not self.user.was_heard(said):
                yield said, "NEVER HEARD"
            elif self.diary.was_out("speaker", said.end_s, until_s) or self._is_faulty("speaker", said.end_s, until_s):
                yield said, "answered in vain, for the loudspeaker was lost"
            elif until_s < said.end_s + ANSWERED_WITHIN_S:
                yield said, "replaced by another question"
            else:
                yield said, "UNANSWERED"

    def _is_faulty(self, device: str, start_s: float, end_s: float) -> bool:
        return any(fault.start_s < end_s and fault.end_s > start_s for fault in self.faults.get(device, []))


def queue_lengths(loop: LiveLoop) -> dict[str, tuple[int, int]]:
    """Each queue of the loop: (how many wait, how many may wait)."""
    return {
        "sentences": (len(loop._session.sentences._sentences), QUEUED_SENTENCES),
        "sounds": (len(loop._session.sounds._prepared), SENTENCES_AHEAD),
    }


def use_one_heap() -> None:
    """For all threads, where the C library is glibc: with one each, resident memory wobbles by more than a leak would show."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX


def gone(done: Callable[[], bool], within_s: float = 5.0) -> bool:
    give_up_s = time.monotonic() + within_s
    while not done() and time.monotonic() < give_up_s:
        time.sleep(0.05)
    return done()


def loss_every_minute(minutes: float, seed: int) -> dict[str, list[Fault]]:
    """One of the three devices is lost in every minute, and the disk is full in every third."""
    count = max(1, round(minutes / 3))
    kinds = {"camera": LOSSES, "microphone": LOSSES, "speaker": LOSSES, "disk": DISK_KINDS}
    return {name: random_faults(kinds[name], count, 0.9 * minutes * 60, seed + n) for n, name in enumerate(kinds)}


def any_faults(minutes: float, count: int, seed: int) -> dict[str, list[Fault]]:
    """So many faults of every kind, spread over the three devices and, each tenth, the disk."""
    kinds = {"camera": CAMERA_KINDS, "microphone": MICROPHONE_KINDS, "speaker": SPEAKER_KINDS, "disk": DISK_KINDS}
    device, disk = count * 3 // 10, count // 10
    shares = [device, device, count - 2 * device - disk, disk]
    return {
        name: random_faults(kinds[name], share, 0.9 * minutes * 60, seed + n)
        for n, (name, share) in enumerate(zip(kinds, shares, strict=True))
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="of conversation (default: 60)")
    parser.add_argument("--faults", type=int, help="so many of every kind, instead of a loss a minute")
    parser.add_argument("--speed", type=float, default=30.0, help="how many times faster than life (default: 30)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faults = (
        any_faults(options.minutes, options.faults, options.seed) if options.faults else loss_every_minute(options.minutes, options.seed)
    )
    result = Soak(options.minutes, faults, options.speed, options.seed).run()
    print(json.dumps(result, indent=1))
    return 1 if result["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
