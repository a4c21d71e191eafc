"""How soon a text is begun to be read, and the longest pause while it is: real devices (PulseAudio), real models, a paper in the hand.

    python -m tests.support.measure_reading --trials 8

Both sides are recorded: what the microphone heard, to the end of "What does it say?", and what the loudspeaker played.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.live.monitored_speaker import ECHO_S
from assistant.store.model_store import models_dir
from tests.support import pulse
from tests.support.measure_interruption import LOUD, loudness, spoken
from tests.support.page_videos import sheet, write_page_video
from tests.support.running_assistant import RunningAssistant

WORDS = tuple(re.findall(r"\w+", "the old bridge over the river was closed for repair and will be open to all walkers again in spring"))
PAGE = "\n".join(" ".join([f"{number}.", *WORDS[number % 7 :], *WORDS[: number % 7]]).capitalize() + "." for number in range(1, 15))
Trial = dict[str, float]


def measure(text: str, paper: tuple[int, int], trials: int, folder: Path, last: str) -> list[Trial]:
    """What came of asking what a paper says; `paper` is its letters' height in pixels and the characters a line."""
    camera, question = folder / "camera.avi", spoken("What does it say?", models_dir(), folder / "question.wav")
    write_page_video(camera, sheet(text, *paper), seconds=400)
    with pulse.sound_system() as system:
        running = RunningAssistant(
            ["--camera", str(camera), "--models-dir", str(models_dir()), "--trace", str(folder / "trace.jsonl")], system.env
        )
        try:
            running.wait_until_ready()
            return [_trial(running, system, question, last) for _ in range(trials)]
        finally:
            running.stop()
            print((folder / "trace.jsonl").read_text(), file=sys.stderr)


def _trial(running: RunningAssistant, system: pulse.SoundSystem, question: Path, last: str) -> Trial:
    time.sleep(ECHO_S + 1.5)
    before_s = _processor_s(running.process.pid)
    with system.recording(pulse.MICROPHONE_FEED) as said, system.recording(pulse.LOUDSPEAKER) as played:
        system.play(question)
        begun = running.wait_for(lambda event: event["event"] == "sound" and event["turn"] > 0)
        spent_s = _processor_s(running.process.pid) - before_s
        running.wait_for(lambda event: event["event"] == "heard" and last in event["text"])
        now_s = time.monotonic()
        said_began_s, played_began_s = now_s - said.seconds(), now_s - played.seconds()
    spoke_s = said_began_s + np.flatnonzero(loudness(said.samples) > LOUD)[-1] / 100
    loud_s = played_began_s + np.flatnonzero(loudness(played.samples) > LOUD) / 100
    loud_s = loud_s[loud_s > begun["arrived_s"] - 0.1]  # what was loud before was the sound of waiting
    pauses_s = np.diff(loud_s)
    return {
        "first_sound_s": loud_s[0] - spoke_s,
        "longest_pause_s": pauses_s.max(),
        "pause_after_s": loud_s[pauses_s.argmax()] - loud_s[0],
        "processor_s": spent_s,
        "load": os.getloadavg()[0],
    }


def _processor_s(process: int) -> float:
    spent = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=8)
    options = parser.parse_args()
    measured: dict[str, Callable[[Path], list[Trial]]] = {
        "sign": lambda folder: measure("EXIT", (160, 10), options.trials, folder, "EXIT"),
        "page of 300 words": lambda folder: measure(PAGE, (15, 60), 1, folder, "That is all"),
    }
    for name, work in measured.items():
        with tempfile.TemporaryDirectory() as folder:
            trials = work(Path(folder))
        told = {
            key: [round(float(each(values)), 3) for each in (np.median, np.max)]
            for key in trials[0]
            if (values := [t[key] for t in trials])
        }
        print(json.dumps({"what": name, "trials": len(trials), "median and worst": told}), flush=True)


if __name__ == "__main__":
    main()
