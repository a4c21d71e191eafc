"""Measures how long a user waits on real sound devices: from the end of their speech to the first sound of the answer.

    python -m assistant.benchmarks.device_response_time [--questions N] [--language xx] [--recordings WAV ...] [--json]

`assistant run` in a process of its own, and after it the same engines in the plain order of work (plain_order.py). PulseAudio with null
sinks in place of sound cards, questions spoken by a voice into the microphone, or recorded ones, and recorders at the microphone and at
the loudspeaker's monitor: the waits of PortAudio and of the sound server are in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from importlib import resources
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from assistant import assembly
from assistant.benchmarks.running_assistant import ASSISTANT_RUN, RunningAssistant, is_event
from assistant.benchmarks.sound_system import LOUDSPEAKER, MICROPHONE_FEED, RATE_HZ, SoundSystem, is_installed, sound_system
from assistant.devices.sound_files import write_wav
from assistant.live.turn_trace import TurnTrace, waits_s
from assistant.messages import Sound
from assistant.problems import MissingDevice
from assistant.settings import VoiceSettings
from assistant.speaking.speak import choose_synthesizer, say
from assistant.store.model_store import ModelStore, models_dir

QUESTIONS: dict[str, tuple[str, ...]] = {
    "en": (
        "What is in front of me?",
        "Is there a person in front of me?",
        "What colour is this?",
        "Where am I?",
        "What is this?",
        "How many people are there?",
        "Is it dark in here?",
        "Can you see a dog?",
        "What do you see now?",
        "Is there a chair?",
    ),
    "es": (
        "¿Qué hay delante de mí?",
        "¿Hay un perro en la imagen?",
        "¿De qué color es esto?",
        "¿Cuántas personas hay?",
        "¿Está oscuro aquí?",
    ),
    "pt": ("O que está na minha frente?", "Há um cachorro na imagem?", "De que cor é isto?", "Quantas pessoas há?", "Está escuro aqui?"),
}
PROGRAMS: dict[str, tuple[str, ...]] = {"live": ASSISTANT_RUN, "plain": ("assistant.benchmarks.plain_order",)}
MEASURED = (
    "Is there a person in front of me?",
    "What colour is this?",
    "How many people are there?",
    "Is it dark in here?",
    "Is there a chair?",
)
"""Questions that instruments answer, not the model."""
FRAME = RATE_HZ // 100
LOUD = 0.01
WATCHED_S = 6.0
"""Seconds after a question within which its answer begins."""


def measure(count: int, language: str, recordings: Sequence[Path] = ()) -> dict[str, Any]:
    """Return what the user waited for, over `count` questions, live and in the plain order. MissingDevice without PulseAudio.

    `recordings`: asked in turn instead of QUESTIONS, which a voice of that language speaks.
    """
    if not is_installed():
        raise MissingDevice("there is no PulseAudio", "run: sudo apt install pulseaudio pulseaudio-utils libasound2-plugins")
    with tempfile.TemporaryDirectory() as folder:
        spoken = {path.stem: path for path in recordings} or _spoken(language, Path(folder))
        asked = list(islice(cycle(spoken.items()), count))
        told: dict[str, Any] = {order: _measure(asked, language, program) for order, program in PROGRAMS.items()}
    waits = [told[order]["answer_median_s"] for order in ("live", "plain")]
    return told | {"language": language, "times_sooner": round(waits[1] / waits[0], 2) if all(waits) else None}


def _measure(asked: Sequence[tuple[str, Path]], language: str, program: tuple[str, ...]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, sound_system() as system:
        folder = Path(name)
        settings = folder / "settings.toml"
        settings.write_text("[ears]\nheadphones = true\n")
        options = [
            "--camera",
            str(resources.files("assistant.commands") / "demo_files" / "clip.mp4"),
            "--settings",
            str(settings),
            "--language",
            language,
        ]
        options += ["--models-dir", str(models_dir())]
        running = RunningAssistant(options, system.env, program=program)
        try:
            running.wait_for(is_event("heard"))
            running.wait_until_quiet(3)
            answered = [_ask(running, system, question, text) for text, question in asked]
        finally:
            running.stop()
    return summary(answered) | {"load": round(os.getloadavg()[0], 1)}


def _spoken(language: str, folder: Path) -> dict[str, Path]:
    """Each question and where its sound is."""
    voices = assembly.open_synthesizers(VoiceSettings(), ModelStore(models_dir()))
    paths = {text: folder / f"question{number}.wav" for number, text in enumerate(QUESTIONS[language])}
    for text, path in paths.items():
        write_wav(path, say(choose_synthesizer(voices, language), text, language))
    return paths


def _ask(running: RunningAssistant, system: SoundSystem, question: Path, text: str) -> dict[str, Any]:
    """Of one question: the first sound of any kind, that of the answer, and the steps to it."""
    trace, records = TurnTrace(), list[dict[str, Any]]()
    with system.recording(MICROPHONE_FEED) as said, system.recording(LOUDSPEAKER) as played:
        began_s = time.monotonic()
        system.play(question)
        time.sleep(WATCHED_S / 3)
        events = running.wait_until_quiet(WATCHED_S / 3)
        now_s = time.monotonic()
        said_began_s, played_began_s = now_s - said.seconds(), now_s - played.seconds()
    for event in events:
        records.extend(trace.feed({**event, "time_s": event["arrived_s"]}))
    records.extend(trace.flush())
    loud = np.flatnonzero(_loudness(said.samples) > LOUD)
    ended_s = said_began_s + (loud[-1] + 1) / 100 if len(loud) else began_s
    sounds = [event["arrived_s"] for event in events if event["event"] == "sound" and event["turn"] > 0]
    return {
        "question": text,
        "heard": next((event["text"] for event in reversed(events) if event["event"] == "question"), ""),
        "any_sound_s": _first_loud_s(played.samples, ended_s - played_began_s),
        "answer_s": _first_loud_s(played.samples, sounds[0] - played_began_s) + sounds[0] - ended_s if sounds else None,
        "steps_s": next((waits_s(record) for record in records if record["first_sound_s"] is not None), {}),
    }


def _first_loud_s(samples: Sound, from_s: float) -> float:
    """Seconds from a time to the first sound."""
    loud = np.flatnonzero(_loudness(samples[max(0, round(from_s * RATE_HZ)) :]) > LOUD)
    return float(loud[0]) / 100 if len(loud) else WATCHED_S


def _loudness(samples: Sound) -> Sound:
    """Root mean square of every 10 ms."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(np.sqrt(np.square(frames).mean(1)), np.float32)


def summary(answered: list[dict[str, Any]]) -> dict[str, Any]:
    """Return medians and 95th percentiles of what was answered, and the medians of the steps to it."""
    waits = [one["answer_s"] for one in answered if one["answer_s"] is not None]
    measured = [one["answer_s"] for one in answered if one["answer_s"] is not None and one["question"] in MEASURED]
    steps = [one["steps_s"] for one in answered if one["steps_s"]]
    return {
        "questions": len(answered),
        "unanswered": len(answered) - len(waits),
        "answer_median_s": _median(waits),
        "answer_p95_s": round(float(np.quantile(waits, 0.95)), 2) if waits else None,
        "measured_answer_median_s": _median(measured),
        "any_sound_median_s": _median([one["any_sound_s"] for one in answered]),
        "steps_median_s": {step: _median([each[step] for each in steps if step in each]) for step in (steps[0] if steps else {})},
        "each": answered,
    }


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def format_table(data: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = [f"{data['language']}, on PulseAudio: from the last word to the first sound of the answer"]
    for order in PROGRAMS:
        told = data[order]
        lines.append(
            f"{order:<6}median {told['answer_median_s']} s, p95 {told['answer_p95_s']} s of {told['questions']} questions, "
            f"{told['unanswered']} unanswered; measured answers {told['measured_answer_median_s']} s; "
            f"first sound of any kind {told['any_sound_median_s']} s; load {told['load']}"
        )
    steps = ", ".join(f"{step.replace('_', ' ')} {wait_s}" for step, wait_s in data["live"]["steps_median_s"].items())
    return "\n".join(
        [*lines, f"steps of live (medians): {steps}, heard {data['live']['answer_median_s']}", f"{data['times_sooner']} times as soon"]
    )


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--language", default="en", metavar="xx", help=f"{', '.join(QUESTIONS)}; with recordings any")
    parser.add_argument(
        "--recordings", type=Path, nargs="+", default=[], metavar="WAV", help="questions in that language, instead of its own"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.language not in QUESTIONS and not options.recordings:
        parser.error(f"there are questions in {', '.join(QUESTIONS)} only: give recordings")
    data = measure(options.questions, options.language, options.recordings)
    print(json.dumps(data, ensure_ascii=False) if options.json else format_table(data))


if __name__ == "__main__":
    main()
