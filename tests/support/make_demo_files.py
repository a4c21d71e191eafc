"""Makes the demo's film and questions, a sample clip and the example picture. Run by hand; the results are committed.

    python -m tests.support.make_demo_files SKIMAGE_DATA_FOLDER VOICES_FOLDER

The photographs are those of scikit-image's wheel (see demo_files/SOURCES.md), the tin and the shirt are drawn; both films move slowly over
each. Needs espeak-ng.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np

from assistant.benchmarks.rendered_garments import render
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
DEMO_SIZE, DEMO_SCENE_S, STRIPED_SHIRT = (640, 480), 3.0, 30
"""The shirt is a rendered garment by its seed, in two blues."""
ENGLISH_QUESTIONS = (
    *(("question1_en", "What is in front of me?"), ("question2_en", "What is this?"), ("question4_en", "Where is the cup?")),
    *(("question5_en", "What does it say?"), ("question7_en", "How many people are there?"), ("question8_en", "Can I cross now?")),
)
# Of eSpeak's Spanish and German Whisper base understands little; these voices' pace and pitch are among those that it does.
OTHER_QUESTIONS = (
    ("question3_es", ("es", "115", "55"), "¿Qué es esto?"),
    ("question6_de", ("de+m3", "140", "40"), "Was für eine Farbe hat das denn?"),
)


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
    for file, (name, pace, pitch), text in OTHER_QUESTIONS:
        subprocess.run(("espeak-ng", "-v", name, "-s", pace, "-p", pitch, text, "-w", str(DEMO / f"{file}.wav")), check=True)
    write_demo_film(photographs, rng)


def write_demo_film(photographs: Path, rng: np.random.Generator) -> None:
    """A cat, a cup of coffee, a tin, a shirt, an astronaut, a man behind a camera, and a hand over the lens."""
    photos = [np.asarray(cv2.imread(str(photographs / f"{name}.png"))) for name in ("chelsea", "coffee", "astronaut", "camera")]
    shirt = render(STRIPED_SHIRT, "report", "daylight 6500 K").picture[..., ::-1]
    covered = np.full((DEMO_SIZE[1], DEMO_SIZE[0], 3), (8, 8, 14), np.uint8)
    scenes = ((photos[0], 1), (photos[1], 2), (tin(), 1), (shirt, 1), (photos[2], 1), (photos[3], 1), (covered, 1))
    with av.open(str(DEMO / "demo.mp4"), "w") as container:
        track = container.add_stream("libx264", rate=FPS, options={"crf": "24"})
        track.width, track.height, track.pix_fmt = *DEMO_SIZE, "yuv420p"
        for scene, times in scenes:
            for step in np.linspace(0, 0.5, int(FPS * DEMO_SCENE_S * times)):
                picture = _noisy(np.asarray(cv2.resize(_view(scene, float(step), scene.shape[1::-1]), DEMO_SIZE)), rng)
                container.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(track.encode())


def tin() -> np.ndarray:
    """Draw a tin of soup before a wall, uint8 [480, 640, 3] BGR."""
    picture = np.full((480, 640, 3), (150, 175, 190), np.uint8)
    cv2.rectangle(picture, (190, 30), (450, 470), (235, 240, 245), -1)
    cv2.rectangle(picture, (190, 30), (450, 110), (40, 120, 230), -1)
    lines = (("TOMATO", 228, 180, 1.5, 3), ("SOUP", 262, 235, 1.5, 3), ("400 g", 275, 300, 1.1, 2), ("Best before", 240, 370, 0.9, 2))
    for text, left, bottom, size, width in (*lines, ("12 May 2027", 235, 410, 0.9, 2)):
        colour = (30, 30, 160) if width == 3 else (30, 30, 30)
        cv2.putText(picture, text, (left, bottom), cv2.FONT_HERSHEY_DUPLEX, size, colour, width, cv2.LINE_AA)
    return picture


def _view(photograph: np.ndarray, step: float, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    """A camera that drifts and draws nearer: from 100 % to 85 % of the photograph."""
    height, width = photograph.shape[:2]
    share = 1.0 - 0.15 * step
    w, h = int(width * share), int(height * share)
    x, y = int((width - w) * 0.5 * step), int((height - h) * step)
    return np.asarray(cv2.resize(photograph[y : y + h, x : x + w], size, interpolation=cv2.INTER_AREA))


def _noisy(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
