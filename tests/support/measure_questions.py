"""Which share of questions is understood as it was asked: at every level, and with pauses inside.

    python -m tests.support.measure_questions --levels               # without devices
    python -m tests.support.measure_questions --pauses 0.3 0.8 1.2   # real devices (PulseAudio), real models

The voice is Piper's. A question with a pause is made of two parts that are spoken on their own, as somebody who thinks would.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from assistant import assembly
from assistant.answering.question_parser import parse_question
from assistant.commands.demo import demo_file
from assistant.devices.resampling import Resampler
from assistant.devices.sound_files import write_wav
from assistant.interfaces import SpeechSynthesizer
from assistant.languages.normalized import normalize
from assistant.messages import Ask, AudioChunk, Sound
from assistant.settings import EarSettings, VoiceSettings
from assistant.speaking.speak import choose_synthesizer, say
from assistant.store.model_store import ModelStore, models_dir
from tests.support import pulse
from tests.support.running_assistant import RunningAssistant

RATE_HZ = 16000
PLACES = (1, 2, 3)
"""Where a pause may be: after so many parts of a question."""
NOISE_DB = -75.0
"""Of the microphone itself."""
QUESTIONS = {
    "en": (
        "What is | on | the | table?",
        "Is there | a dog | in the | picture?",
        "What colour | is | the | car?",
        "How many | people | do you | see?",
        "Where | is the | red | cup?",
        "What | does | the sign | say?",
        "Is there | a chair | near | the window?",
        "What is | the man | doing | now?",
        "Who | is | at the | door?",
        "Is it | dark | in | here?",
    ),
    "pt": (
        "O que está | em cima | da mesa?",
        "Há | um cachorro | na foto?",
        "De que cor | é o | carro?",
        "Quantas pessoas | você | vê?",
        "Onde está | o | copo?",
    ),
}


def sound(voices: list[SpeechSynthesizer], text: str, language: str) -> Sound:
    """What Piper says, float32 [n] at 16 kHz."""
    resampler = Resampler(RATE_HZ)
    chunks = list(say(choose_synthesizer(voices, language), text, language))
    return np.concatenate([*(resampler.feed(chunk.samples, chunk.sample_rate_hz) for chunk in chunks), resampler.flush()])


def is_right(heard: str, asked: str) -> bool:
    return normalize(heard).replace("color", "colour") == normalize(asked.replace("|", " "))


def asks_the_same(heard: tuple[Ask, ...], asked: tuple[Ask, ...]) -> bool:
    """Whether the same would be answered; of free questions the words must be the same."""

    def meant(ask: Ask) -> tuple[str, ...]:
        words = normalize(ask.text.replace("color ", "colour "))
        return (ask.intent, normalize(ask.thing), words if ask.intent == "free" else "")

    return [meant(ask) for ask in heard] == [meant(ask) for ask in asked]


def measure_levels(store: ModelStore, levels_db: list[float]) -> dict[str, Any]:
    """Of each language and level how many questions are heard to the word."""
    voices = assembly.open_synthesizers(VoiceSettings(), store)
    transcriber = assembly.open_transcriber(EarSettings(), store)
    rng, right = np.random.default_rng(0), dict[str, Any]()
    for language, questions in QUESTIONS.items():
        spoken = [(asked, np.pad(sound(voices, asked.replace("| ", ""), language), (8000, 8000))) for asked in questions]
        for level_db in levels_db:
            failed = []
            for asked, samples in spoken:
                said = samples * 10 ** (level_db / 20)
                heard = said + rng.normal(size=len(said)) * 10 ** (NOISE_DB / 20)
                heard = np.round(heard * 32768) / 32768  # as 16 bits keep it
                text = transcriber.transcribe(heard.astype(np.float32), RATE_HZ, language).text
                failed += [] if is_right(text, asked) else [text]
            right[f"{language} {level_db:.0f} dB"] = {"right": f"{len(questions) - len(failed)} of {len(questions)}", "failed": failed}
    return right


def measure_pauses(store: ModelStore, pauses_s: list[float], folder: Path, count: int) -> dict[str, Any]:
    """Of each pause how many questions were understood whole, and how many of these after something was said too soon."""
    voices = assembly.open_synthesizers(VoiceSettings(), store)
    settings = folder / "settings.toml"
    settings.write_text("[ears]\nheadphones = true\n")
    arguments = ["--camera", str(demo_file("clip.mp4")), "--models-dir", str(store.root), "--settings", str(settings)]
    told: dict[str, Any] = {}
    with pulse.sound_system() as system:
        running = RunningAssistant(arguments, system.env)
        try:
            running.wait_until_quiet(6)
            for pause_s in pauses_s:
                asked = [(question, place) for question in QUESTIONS["en"][:count] for place in PLACES]
                results = [_ask(running, system, voices, folder, *each, pause_s) for each in asked]
                failed = [result["heard"] for result in results if not result["right"]]
                told[f"{pause_s} s"] = {
                    "right": f"{len(results) - len(failed)} of {len(results)}",
                    "spoken_into": sum(result["spoken_into"] for result in results),
                    "failed": failed,
                }
        finally:
            running.stop()
    return {"load": round(os.getloadavg()[0], 1), **told}


def _ask(
    running: RunningAssistant,
    system: pulse.SoundSystem,
    voices: list[SpeechSynthesizer],
    folder: Path,
    question: str,
    place: int,
    pause_s: float,
) -> dict[str, Any]:
    parts = question.split(" | ")
    first, second = (sound(voices, " ".join(each), "en") for each in (parts[:place], parts[place:]))
    first, second = (np.trim_zeros(np.where(np.abs(part) < 0.005, 0, part)) for part in (first, second))
    path = folder / "question.wav"
    write_wav(path, [AudioChunk(np.concatenate([first, np.zeros(round(pause_s * RATE_HZ)), second]).astype(np.float32), RATE_HZ)])
    began_s = time.monotonic()
    system.play(path)
    ended_s = began_s + (len(first) + len(second)) / RATE_HZ + pause_s
    events = running.wait_until_quiet(3)
    heard = [event["text"] for event in events if event["event"] == "question"]
    too_soon = [event for event in events if event["event"] == "sound" and event["arrived_s"] < ended_s]
    asked = parse_question(question.replace("| ", ""), "en")
    told = {"right": bool(heard) and asks_the_same(parse_question(heard[-1], "en"), asked), "heard": heard, "spoken_into": bool(too_soon)}
    print(json.dumps({"asked": question, "place": place, "pause_s": pause_s, **told}), file=sys.stderr, flush=True)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", action="store_true")
    parser.add_argument("--pauses", type=float, nargs="+", metavar="S")
    parser.add_argument("--questions", type=int, default=10)
    options = parser.parse_args()
    store = ModelStore(models_dir())
    if options.levels:
        print(json.dumps(measure_levels(store, [-10, -20, -30, -40, -50])))
    if options.pauses:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure_pauses(store, options.pauses, Path(folder), options.questions)))


if __name__ == "__main__":
    main()
