"""What happens when somebody speaks, coughs or says nothing while the assistant speaks: real devices (PulseAudio), real models.

    python -m tests.support.measure_barge_in --echo -12 --trials 10
    python -m tests.support.measure_barge_in --echo -6 --trials 0 --alone 75     # ten minutes of its own voice, nobody else's

`--echo` opens the loudspeaker: its sound is in the microphone at so many dB (tests/support/echo_room.py); without it: headphones. The user
asks for help; while the assistant tells, a word, a cough or a click is heard, or nothing. Both sides are recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from assistant.commands.demo import demo_file
from assistant.devices.sound_files import RecordedMicrophone, write_wav
from assistant.messages import AudioChunk, Sound
from assistant.store.model_store import models_dir
from tests.support import echo_room, pulse
from tests.support.measure_interruption import LOUD, SILENT_FRAMES, loudness, spoken
from tests.support.running_assistant import RunningAssistant, is_event

WORDS = ("Stop.", "Please be quiet.", "Enough.", "Silence.", "Be quiet.", "Stop talking.")
WATCHED_S = 3.0
MISSED_S = 1.5
"""A voice that isn't silent by then was not stopped."""


def cough(path: Path, level: float) -> Path:
    """Two bursts of noise as a cough is: sudden, hoarse, fading."""
    rng = np.random.default_rng(3)
    times_s = np.arange(round(0.25 * 16000)) / 16000
    burst = np.convolve(rng.normal(size=len(times_s)), np.hanning(9), "same") * np.exp(-times_s / 0.06)
    whole = np.concatenate([burst, np.zeros(1600), 0.7 * burst])
    write_wav(path, [AudioChunk((level * whole / np.abs(whole).max()).astype(np.float32), 16000)])
    return path


def click(path: Path, level: float) -> Path:
    """A cup that is put down: 10 ms."""
    times_s = np.arange(1600) / 16000
    write_wav(path, [AudioChunk((level * np.sin(2 * np.pi * 1800 * times_s) * np.exp(-times_s / 0.004)).astype(np.float32), 16000)])
    return path


def measure(trials: int, alone: int, echo_db: float | None, models: Path, folder: Path, events: Path | None = None) -> dict[str, Any]:
    help_wav = spoken("Help me.", models, folder / "help.wav")
    words = [spoken(text, models, folder / f"{number}.wav") for number, text in enumerate(WORDS)]
    noises = [cough(folder / "cough.wav", 0.4), click(folder / "click.wav", 0.8)]
    settings = folder / "settings.toml"
    settings.write_text(f"[ears]\nheadphones = {str(echo_db is None).lower()}\n")
    arguments = ["--camera", str(demo_file("clip.mp4")), "--models-dir", str(models), "--settings", str(settings)]
    rng = random.Random(0)
    with pulse.sound_system() as system:
        room = None
        if echo_db is not None:
            room = echo_room.opened(echo_db, system.env)
        running = RunningAssistant(arguments, system.env)
        try:
            running.wait_for(is_event("heard"))
            running.wait_until_quiet()
            stops = [_stop(running, system, help_wav, words[n % len(words)], rng.uniform(0.7, 3.0)) for n in range(trials)]
            goes_on = [_noise(running, system, help_wav, noises[n % 2], rng.uniform(0.7, 3.0)) for n in range(trials // 2)]
            left_alone = [_noise(running, system, help_wav, None, 0.5) for _ in range(alone)]
        finally:
            running.stop()
            if events:
                events.write_text(running.told())
            if room:
                room.terminate()
                room.wait()
    return {"echo_db": echo_db, "load": os.getloadavg()[0], "stops": stops, "noises": goes_on, "alone": left_alone}


def _ask_help(running: RunningAssistant, system: pulse.SoundSystem, help_wav: Path) -> None:
    for _ in range(3):  # asking isn't what is measured
        system.play(help_wav)
        try:
            running.wait_for(is_event("command", kind="help"), 6)
            running.wait_for(is_event("sound"), 10)
            return
        except AssertionError:
            running.wait_until_quiet()
    raise AssertionError(f"it didn't hear that help was asked for: {running.told()}")


def _stop(running: RunningAssistant, system: pulse.SoundSystem, help_wav: Path, word: Path, after_s: float) -> dict[str, Any]:
    _ask_help(running, system, help_wav)
    with system.recording(pulse.MICROPHONE_FEED) as said, system.recording(pulse.LOUDSPEAKER) as played:
        time.sleep(after_s)
        system.play(word)
        time.sleep(WATCHED_S)
        now_s = time.monotonic()
        said_began_s, played_began_s = now_s - said.seconds(), now_s - played.seconds()
    spoke_s = said_began_s + _onset_s(said.samples, word) - played_began_s
    share = running.wait_for(is_event("heard"))["share"]
    running.wait_until_quiet()
    is_loud = loudness(played.samples) > LOUD
    return _told(
        {
            "word": WORDS[int(word.stem)],
            "spoke": bool(is_loud[max(0, round(spoke_s * 100) - 50) : round(spoke_s * 100)].any()),
            "lowered_s": round(_lowered_s(played.samples, spoke_s) - spoke_s, 3),
            "silent_s": round(_silent_s(is_loud, spoke_s) - spoke_s, 3),
            "share": share,
            "load": round(os.getloadavg()[0], 1),
        }
    )


def _noise(running: RunningAssistant, system: pulse.SoundSystem, help_wav: Path, noise: Path | None, after_s: float) -> dict[str, Any]:
    _ask_help(running, system, help_wav)
    began_s = time.monotonic()
    time.sleep(after_s)
    if noise:
        system.play(noise)
    share = running.wait_for(is_event("heard"))["share"]
    took_s = time.monotonic() - began_s
    running.wait_until_quiet()
    return _told({"noise": noise.stem if noise else "", "share": share, "took_s": round(took_s, 2)})


def _told(trial: dict[str, Any]) -> dict[str, Any]:
    """Also at once, for whoever waits."""
    print(json.dumps(trial), file=sys.stderr, flush=True)
    return trial


def _onset_s(heard: Sound, wav: Path) -> float:
    """Where a known sound begins in what was heard."""
    chunks = [chunk.samples for chunk in RecordedMicrophone(wav).chunks()]
    known = np.repeat(np.concatenate(chunks), pulse.RATE_HZ // 16000)  # rough, but peaks where it should
    length = len(heard) + len(known)
    correlation = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(known, length)), length)
    place = int(np.argmax(correlation[: len(heard)]))
    loud = np.flatnonzero(loudness(known) > LOUD)[0]
    return place / pulse.RATE_HZ + float(loud) / 100


def _lowered_s(samples: Sound, after_s: float) -> float:
    """When the voice stays below half of what it was for 0.1 s at least."""
    frames, first = loudness(samples), round(after_s * 100)
    usual = float(np.percentile(frames[max(0, first - 100) : first], 75))
    soft = np.maximum.reduce([np.roll(frames, -shift) for shift in range(10)]) < usual / 2
    later = np.flatnonzero(soft[first:])
    return (first + int(later[0])) / 100 if len(later) else len(samples) / pulse.RATE_HZ


def _silent_s(is_loud: np.ndarray, after_s: float) -> float:
    frame = round(after_s * 100)
    while frame < len(is_loud) and is_loud[frame : frame + SILENT_FRAMES].any():
        frame += 1
    return frame / 100


def summary(measured: dict[str, Any]) -> dict[str, Any]:
    """The figures of the issue."""
    stops = [stop for stop in measured["stops"] if stop["spoke"]]
    silent = [stop["silent_s"] for stop in stops]
    missed = [stop for stop in stops if stop["silent_s"] > MISSED_S or stop["share"] >= 0.99]
    return {
        "echo_db": measured["echo_db"],
        "load": round(measured["load"], 1),
        "trials": len(stops),
        "silent_before": len(measured["stops"]) - len(stops),
        "lowered_median_s": _quantile([stop["lowered_s"] for stop in stops], 0.5),
        "silent_median_s": _quantile(silent, 0.5),
        "silent_p95_s": _quantile(silent, 0.95),
        "missed": len(missed),
        "noises_gone_on": f"{sum(one['share'] >= 0.99 for one in measured['noises'])} of {len(measured['noises'])}",
        "alone_to_the_end": f"{sum(one['share'] >= 0.99 for one in measured['alone'])} of {len(measured['alone'])}",
        "alone_s": round(sum(one["took_s"] for one in measured["alone"])),
    }


def _quantile(values: list[float], share: float) -> float | None:
    return round(float(np.quantile(values, share)), 3) if values else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--alone", type=int, default=3, help="times that it tells help while nobody speaks")
    parser.add_argument("--echo", type=float, metavar="DB")
    parser.add_argument("--events", type=Path, metavar="FILE", help="keep all that the assistant reported")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(options.trials, options.alone, options.echo, models_dir(), Path(folder), options.events)
    print(json.dumps(summary(measured)))


if __name__ == "__main__":
    main()
