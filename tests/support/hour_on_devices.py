"""An hour of talking on real sound devices with an open loudspeaker, at the speed of life: asking, stopping, coughing, pulling plugs.

    python -m tests.support.hour_on_devices --minutes 60 --echo -12 [--events FILE]

The loudspeaker is in the microphone (tests/support/echo_room.py); every few minutes it or the microphone is unplugged and plugged in again.
Told is what became of each question and word, what it said when nobody had spoken, and the memory a minute. Exit status 1 if a question was
lost or the assistant answered itself.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from assistant.benchmarks.device_response_time import QUESTIONS
from assistant.commands.demo import demo_file
from assistant.store.model_store import models_dir
from tests.support import echo_room, pulse
from tests.support.measure_barge_in import WORDS, cough
from tests.support.measure_interruption import spoken
from tests.support.running_assistant import RunningAssistant, is_event

AFTER_SPEECH_S = 6.0
"""Within which what was said may still begin a turn."""
UNPLUGGED_S = 4.0
WHOLE = 0.99
"""What was heard to this share was heard to its end."""


class Hour:
    """One run."""

    def __init__(self, folder: Path, system: pulse.SoundSystem, echo_db: float, seed: int) -> None:
        models = models_dir()
        self._system, self._echo_db, self._rng = system, echo_db, random.Random(seed)
        self._questions = [spoken(text, models, folder / f"question{number}.wav") for number, text in enumerate(QUESTIONS["en"])]
        self._words = [spoken(text, models, folder / f"word{number}.wav") for number, text in enumerate(WORDS)]
        self._help = spoken("Help me.", models, folder / "help.wav")
        self._cough = cough(folder / "cough.wav", 0.4)
        settings = folder / "settings.toml"
        settings.write_text("[ears]\nheadphones = false\n")
        self._arguments = ["--camera", str(demo_file("clip.mp4")), "--models-dir", str(models), "--settings", str(settings)]
        self._room: subprocess.Popen[bytes] | None = None
        self.counts: Counter[str] = Counter()
        self.memory_mb: list[float] = []

    def run(self, minutes: float, events: Path | None = None) -> dict[str, Any]:
        """Return what happened."""
        self._open_room()
        running = RunningAssistant(self._arguments, self._system.env)
        process = psutil.Process(running.process.pid)
        steps = {self._ask: 8, self._stop: 3, self._ask_over_it: 2, self._cough_over_it: 1, self._say_nothing: 2, self._unplug: 1}
        try:
            running.wait_for(is_event("heard"))
            running.wait_until_quiet()
            began_s = time.monotonic()
            while (now_s := time.monotonic() - began_s) < 60 * minutes:
                self._rng.choices(list(steps), list(steps.values()))[0](running)
                if now_s >= 60 * len(self.memory_mb):
                    self.memory_mb.append(round(process.memory_info().rss / 1e6))
        finally:
            running.stop()
            self._close_room()
            if events:
                events.write_text(running.told())
        return {**dict(sorted(self.counts.items())), "MB": self.memory_mb, "load": round(os.getloadavg()[0], 1)}

    def _ask(self, running: RunningAssistant) -> None:
        self._system.play(self._rng.choice(self._questions))
        self._note("question", running.wait_until_quiet())

    def _ask_over_it(self, running: RunningAssistant) -> None:
        if self._tells_help(running):
            self._system.play(self._rng.choice(self._questions))
            self._note("question over the voice", running.wait_until_quiet())

    def _stop(self, running: RunningAssistant) -> None:
        if self._tells_help(running):
            self._system.play(self._rng.choice(self._words))
            self.counts[f"stop: {'MISSED' if _was_told_whole(running) else 'silent'}"] += 1
            running.wait_until_quiet()

    def _cough_over_it(self, running: RunningAssistant) -> None:
        if self._tells_help(running):
            self._system.play(self._cough)
            self.counts[f"cough: {'it went on' if _was_told_whole(running) else 'it ended'}"] += 1
            self._note_nobody(running.wait_until_quiet())

    def _say_nothing(self, running: RunningAssistant) -> None:
        time.sleep(AFTER_SPEECH_S)
        self._note_nobody(running.wait_until_quiet())

    def _unplug(self, running: RunningAssistant) -> None:
        sink = self._rng.choice([pulse.LOUDSPEAKER, pulse.MICROPHONE_FEED])
        self._close_room()  # it would be moved to the other device
        self._system.unplug(sink)
        time.sleep(UNPLUGGED_S)
        self._system.plug_in(sink)
        self._open_room()
        running.wait_until_quiet(UNPLUGGED_S)
        self.counts[f"unplugged: {sink}"] += 1

    def _tells_help(self, running: RunningAssistant) -> bool:
        """Ask for help, and return whether it is being told."""
        self._system.play(self._help)
        try:
            running.wait_for(is_event("sound"), AFTER_SPEECH_S)
        except AssertionError:
            self.counts["help: LOST"] += 1
            return False
        time.sleep(self._rng.uniform(0.7, 3.0))
        return True

    def _note(self, what: str, events: list[dict[str, Any]]) -> None:
        kinds = {event["event"] for event in events}
        if kinds & {"question", "command"}:
            fate = "answered" if "sound" in kinds else "UNANSWERED"
        else:
            fate = "asked again" if kinds & {"not_understood", "sound"} else "LOST"
        self.counts[f"{what}: {fate}"] += 1

    def _note_nobody(self, events: list[dict[str, Any]]) -> None:
        answered = [event for event in events if event["event"] in ("question", "command", "not_understood")]
        self.counts[f"nobody spoke: {'IT ANSWERED' if answered else 'silent'}"] += 1

    def _open_room(self) -> None:
        self._room = echo_room.opened(self._echo_db, self._system.env)

    def _close_room(self) -> None:
        if self._room:
            self._room.terminate()
            self._room.wait()


def _was_told_whole(running: RunningAssistant) -> bool:
    return bool(running.wait_for(is_event("heard"))["share"] >= WHOLE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--echo", type=float, default=-12.0, metavar="DB")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--events", type=Path, metavar="FILE", help="keep all that the assistant reported")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, pulse.sound_system() as system:
        told = Hour(Path(folder), system, options.echo, options.seed).run(options.minutes, options.events)
    print(json.dumps(told))
    return int(any(fate.split(": ")[-1].isupper() for fate in told if ": " in fate))


if __name__ == "__main__":
    sys.exit(main())
