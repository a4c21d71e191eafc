"""How many spoken questions are understood: quiet, in noise, clipped and from far away. No devices; real models.

    python -m tests.support.measure_hearing [--kinds level noise clipping distance] [--questions N]

Each is cut and recognised as in the live loop. "right": the same is asked as in the words that were spoken.
"asked again": nothing was heard, or it would be asked for again. "wrong": something else would be answered. The voice is Piper's.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from assistant import assembly
from assistant.answering.question_parser import parse_question
from assistant.conversation import Conversation
from assistant.hearing.listen import listen
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.messages import Ask, AudioChunk, Question, Sound, Utterance
from assistant.settings import EarSettings, VoiceSettings
from assistant.store.model_store import ModelStore, models_dir
from tests.support.fakes import ScriptedDescriber
from tests.support.measure_questions import NOISE_DB, RATE_HZ, asks_the_same, sound

QUESTIONS = (
    "What is in front of me?",
    "Is there a dog on the sofa?",
    "What colour is my shirt?",
    "How many people are in the room?",
    "Where is the door?",
    "What does the label say?",
    "Who is sitting at the table?",
    "Is the light on?",
    "Can I cross the street now?",
    "What is the man holding?",
    "Is there a chair near me?",
    "What is to my left?",
    "Do these socks match?",
    "Tell me what changes.",
    "Describe the picture.",
    "How much is the total?",
    "Is anybody looking at me?",
    "Where are my keys?",
    "What is this?",
    "Are there any cars?",
)
BABBLE = (
    "The meeting was moved to Thursday because nobody had time.",
    "She told me that the train was late again, as it always is.",
    "We could have dinner somewhere near the station, if you like.",
    "The weather is going to be much better in the afternoon.",
    "He never answers when I call him, and then he complains.",
)
CHUNK = 512
AROUND_S = 1.2
"""Of noise before and after the question."""
Spoil = Callable[[Sound], Sound]


def conditions(kinds: list[str], babble: Sound) -> Iterator[tuple[str, Spoil]]:
    """Yield each condition's name and what it does to a question with silence around it, float32 [n] at 16 kHz."""
    rng = np.random.default_rng(0)
    if "as it is" in kinds:
        yield "as it is", partial(_scaled, level_db=0.0)
    if "level" in kinds:
        for level_db in (-10, -20, -30, -40, -50):
            yield f"level {level_db} dB", partial(_scaled, level_db=level_db)
    if "noise" in kinds:
        noises = {"pink": _pink(rng, 10 * RATE_HZ), "babble": babble, "music": _music(10)}
        for name, noise in noises.items():
            for snr_db in (20, 15, 10, 5, 0):
                yield f"{name} {snr_db} dB below", partial(_noisy, noise=noise, snr_db=snr_db)
    if "clipping" in kinds:
        for over_db in (6, 12, 20):
            yield f"clipped by {over_db} dB", partial(_clipped, over_db=over_db)
    if "distance" in kinds:
        for metres in (1, 2, 4):
            yield f"{metres} m away", partial(_in_room, room=_room(rng, metres))


def _loud(samples: Sound) -> float:
    """Root mean square of the parts that are speech."""
    return float(np.sqrt(np.square(samples[np.abs(samples) > 0.02 * np.abs(samples).max()]).mean()))


def _scaled(speech: Sound, level_db: float) -> Sound:
    return np.asarray(speech * 10 ** (level_db / 20), np.float32)


def _noisy(speech: Sound, noise: Sound, snr_db: float) -> Sound:
    part = np.resize(noise, len(speech))
    return np.asarray(speech + part / np.sqrt(np.square(part).mean()) * _loud(speech) * 10 ** (-snr_db / 20), np.float32)


def _clipped(speech: Sound, over_db: float) -> Sound:
    return np.asarray(np.clip(speech / np.abs(speech).max() * 10 ** (over_db / 20), -1, 1), np.float32)


def _in_room(speech: Sound, room: Sound) -> Sound:
    return np.asarray(np.convolve(speech, room)[: len(speech)], np.float32)


def _pink(rng: np.random.Generator, count: int) -> Sound:
    spectrum = np.fft.rfft(rng.normal(size=count))
    spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    return np.asarray(np.fft.irfft(spectrum, count), np.float32)


def _music(seconds: int) -> Sound:
    """Chords with overtones, a bass and a beat."""
    times_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    chords = ((220, 277, 330), (196, 247, 294), (174, 220, 262), (196, 247, 330))
    made = np.zeros(len(times_s))
    for number, chord in enumerate(chords * (seconds // 4 + 1)):
        inside = (times_s >= number) & (times_s < number + 1)
        for tone in (*chord, chord[0] / 2):
            for overtone in (1, 2, 3, 4):
                made[inside] += np.sin(2 * np.pi * tone * overtone * times_s[inside]) / overtone
    beat = np.random.default_rng(1).normal(size=len(times_s)) * np.exp(-(times_s % 0.5) / 0.03)
    return (made + 3 * beat).astype(np.float32)


def _room(rng: np.random.Generator, metres: float) -> Sound:
    """A living room with a reverberation time of 0.5 s; the direct sound falls with the distance, that of the walls doesn't."""
    times_s = np.arange(round(0.5 * RATE_HZ)) / RATE_HZ
    walls = rng.normal(size=len(times_s)) * np.exp(-6.9 * times_s / 0.5)
    walls *= 0.5 / np.sqrt(np.square(walls).sum())  # as loud as the direct sound at 2 m
    walls[0] = 1 / metres
    return walls.astype(np.float32)


def outcome(conversation: Conversation, samples: Sound, asked: tuple[Ask, ...]) -> tuple[str, str]:
    """Return what became of a question, and what was heard."""
    rest = len(samples) % CHUNK
    blocks = np.pad(samples, (0, CHUNK - rest)).reshape(-1, CHUNK).astype(np.float32)
    chunks = (AudioChunk(block, RATE_HZ, number * CHUNK / RATE_HZ) for number, block in enumerate(blocks))
    events = listen(chunks, assembly.open_voice_detector(), UtteranceSegmenter(EarSettings(), joins=True))
    utterances = [event for event in events if isinstance(event, Utterance)]
    heard = [understood for each in utterances if isinstance(understood := conversation.understand(each), Question)]
    if not heard:
        return "asked again", ""
    text = heard[-1].text
    return ("right" if asks_the_same(parse_question(text, "en"), asked) else "wrong"), text


def measure(kinds: list[str], count: int) -> dict[str, Any]:
    """Return of each condition how many questions were right, wrong, and asked again, and what was heard wrongly."""
    store = ModelStore(models_dir())
    voices = assembly.open_synthesizers(VoiceSettings(), store)
    around = np.zeros(round(AROUND_S * RATE_HZ), np.float32)
    spoken = [(text, np.concatenate([around, sound(voices, text, "en"), around])) for text in QUESTIONS[:count]]
    babble = np.sum([np.resize(sound(voices, text, "en"), 10 * RATE_HZ) for text in BABBLE], 0)
    transcriber = assembly.open_transcriber(EarSettings(), store)
    rng, told = np.random.default_rng(7), dict[str, Any]()
    for name, spoil in conditions(["as it is", *kinds], babble):
        found, wrong = Counter[str](), list[str]()
        for text, samples in spoken:
            heard = spoil(samples) + rng.normal(size=len(samples)) * 10 ** (NOISE_DB / 20)
            sixteen_bits = np.clip(np.round(heard * 32768), -32768, 32767) / 32768
            conversation = Conversation(transcriber, ScriptedDescriber([]), EarSettings())
            what, words = outcome(conversation, sixteen_bits.astype(np.float32), parse_question(text, "en"))
            found[what] += 1
            wrong += [f"{text} -> {words}"] if what == "wrong" else []
        told[name] = {**found, "wrong_words": wrong}
        print(name, dict(found), wrong, flush=True)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=["level", "noise", "clipping", "distance"])
    parser.add_argument("--questions", type=int, default=len(QUESTIONS))
    options = parser.parse_args()
    print(json.dumps(measure(options.kinds, options.questions)))


if __name__ == "__main__":
    main()
