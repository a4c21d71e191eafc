"""Makes the demo's clip, questions and example picture. Run by hand when they should change; the results are committed.

    python -m tests.support.make_demo_files SKIMAGE_DATA_FOLDER VOICES_FOLDER

The photographs are those of scikit-image's wheel (see demo_files/SOURCES.md); the clip moves slowly over each of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from assistant.devices.sound_files import write_wav
from assistant.engines.tts.piper import PiperSynthesizer
from assistant.settings import VoiceSettings
from assistant.speaking.speak import say
from tests.support.folders import PROJECT

DEMO = PROJECT / "assistant" / "commands" / "demo_files"
STARTER = PROJECT / "models" / "starter"

FPS, WIDTH, HEIGHT = 10, 320, 240
SCENE_S = 4.0
SCENES = ("chelsea.png", "coffee.png", "camera.png")
ENGLISH_QUESTIONS = (("question1_en", "What is in front of me?"), ("question2_en", "What is this?"))
# Of eSpeak's Spanish, Whisper base understands little; this voice's pace and pitch are among those it does.
SPANISH_QUESTION = ("espeak-ng", "-v", "es", "-s", "115", "-p", "55", "¿Qué es esto?", "-w", str(DEMO / "question3_es.wav"))


def main(photographs: Path, voices: Path) -> None:
    rng = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(DEMO / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
    for name in SCENES:
        photograph = np.asarray(cv2.imread(str(photographs / name)))
        for step in np.linspace(0, 1, int(FPS * SCENE_S)):
            writer.write(_noisy(_view(photograph, float(step)), rng))
    for _ in range(int(FPS * SCENE_S)):  # a hand over the lens
        writer.write(_noisy(np.full((HEIGHT, WIDTH, 3), (8, 8, 14), np.uint8), rng))
    writer.release()
    cv2.imwrite(
        str(STARTER / "example.png"), cv2.resize(cv2.imread(str(photographs / "chelsea.png")), (192, 128), interpolation=cv2.INTER_AREA)
    )
    voice = PiperSynthesizer(voices, "en_US-joe-medium", "en", VoiceSettings())
    for file, text in ENGLISH_QUESTIONS:
        write_wav(DEMO / f"{file}.wav", say(voice, text, "en"))
    subprocess.run(SPANISH_QUESTION, check=True)


def _view(photograph: np.ndarray, step: float) -> np.ndarray:
    """A camera that drifts and draws nearer: from 100 % to 85 % of the photograph."""
    height, width = photograph.shape[:2]
    share = 1.0 - 0.15 * step
    w, h = int(width * share), int(height * share)
    x, y = int((width - w) * 0.5 * step), int((height - h) * step)
    return np.asarray(cv2.resize(photograph[y : y + h, x : x + w], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


def _noisy(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
