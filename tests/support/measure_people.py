"""How people's voices are heard, where recordings can be had: telephone prompts in Debian, CC-BY-SA, without their texts.

    apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-g722 && for d in *.deb; do dpkg -x $d people; done
    python -m tests.support.measure_people people/usr/share/asterisk/sounds [--prompts N]

Of each speaker's prompts of 1.5 to 8 s, drawn by seed: how often the language is taken for the right one among those listened for, how
often the prompt would be asked for again, and which share of its words is heard as well 20 and 30 dB softer. No texts: no word errors.
"""

from __future__ import annotations

import argparse
import difflib
import random
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from assistant import assembly
from assistant.engines.asr.hallucination import spoken_words
from assistant.interfaces import Transcriber
from assistant.messages import Sound
from assistant.settings import EarSettings
from assistant.store.model_store import ModelStore, models_dir

RATE_HZ = 16_000
SHORTEST_S, LONGEST_S = 1.5, 8.0
SOFTER_DB = (-20, -30)
NOISE_DB = -75.0


def prompts(folder: Path, count: int) -> list[Sound]:
    """Return so many recordings of one speaker, float32 [n] at 16 kHz."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".g722", ".wav") and "silence" not in path.parts)
    random.Random(21).shuffle(paths)
    found: list[Sound] = []
    for path in paths:
        samples = decoded(path)
        if SHORTEST_S < len(samples) / RATE_HZ < LONGEST_S and np.abs(samples).max() > 0.05:
            found.append(samples)
        if len(found) == count:
            break
    return found


def decoded(path: Path) -> Sound:
    """Return float32 [n] at 16 kHz; G.722 has no header to know it by."""
    resampler = av.AudioResampler("flt", "mono", RATE_HZ)
    with av.open(str(path), format="g722" if path.suffix == ".g722" else None) as file:
        frames = [piece.to_ndarray()[0] for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
    return np.concatenate(frames) if frames else np.zeros(0, np.float32)


def same_words(heard: str, again: str) -> tuple[int, int]:
    """Return how many of the words heard first are heard again in their order, and how many there were."""
    first, second = spoken_words(heard).split(), spoken_words(again).split()
    matched = difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return sum(block.size for block in matched), len(first)


def softer(samples: Sound, level_db: float, rng: np.random.Generator) -> Sound:
    heard = samples * 10 ** (level_db / 20) + rng.normal(size=len(samples)) * 10 ** (NOISE_DB / 20)
    return np.asarray(np.round(heard * 32768) / 32768, np.float32)


def measure(transcriber: Transcriber, floor: float, language: str, recordings: Sequence[Sound]) -> str:
    """Return the line of one speaker."""
    rng, right, again = np.random.default_rng(0), 0, 0
    kept = dict.fromkeys(SOFTER_DB, (0, 0))
    for samples in recordings:
        heard = transcriber.transcribe(samples, RATE_HZ)
        right += heard.language == language
        again += heard.confidence < floor
        for level_db, (same, words) in kept.items():
            found, count = same_words(heard.text, transcriber.transcribe(softer(samples, level_db, rng), RATE_HZ, language).text)
            kept[level_db] = same + found, words + count
    levels = ", ".join(f"{level_db} dB {same / max(1, words):.2f}" for level_db, (same, words) in kept.items())
    return f"language right {right} of {len(recordings)}, asked again {again}; the same words at {levels}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=int, default=40)
    options = parser.parse_args()
    store, settings = ModelStore(models_dir()), EarSettings()
    transcriber = assembly.open_transcriber(settings, store)
    for speaker in sorted(path for path in options.folder.iterdir() if path.name[2:3] == "_"):
        recordings = prompts(speaker, options.prompts)
        print(f"{speaker.name}: {measure(transcriber, settings.confidence_floor, speaker.name[:2], recordings)}", flush=True)


if __name__ == "__main__":
    main()
