"""Instruction videos with pictures, text and a voice: python -m tests.support.instruction_videos DIR writes three, spoken by Piper.

`eggs`: numbered slides. `plant`: titles without numbers, and a voice that says "first", "then". `tower`: a hand that stacks blocks,
without text.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from assistant.devices.resampling import Resampler
from assistant.messages import Picture, Sound

RATE_HZ, FRAMES_PER_S, SIZE = 16_000, 10, (640, 360)
GAP_S = 1.0
"""Of silence behind what is said of a part."""
Speak = Callable[[str], Sound]
"""What makes speech at RATE_HZ."""


@dataclass(frozen=True)
class Part:
    """A picture and what is said over it."""

    picture: Picture
    spoken: str


def slide(title: str, text: str = "", shade: int = 235) -> Picture:
    """A title with a line below it, on a plain ground."""
    picture = np.full((SIZE[1], SIZE[0], 3), shade, np.uint8)
    cv2.putText(picture, title, (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 4, cv2.LINE_AA)
    cv2.putText(picture, text, (40, 220), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 90), 2, cv2.LINE_AA)
    return picture


def tower(blocks: int) -> Picture:
    """A hand over a table with some blocks on each other."""
    picture = np.full((SIZE[1], SIZE[0], 3), (190, 200, 205), np.uint8)
    cv2.rectangle(picture, (0, 300), (640, 360), (120, 90, 60), -1)
    for number, colour in zip(range(blocks), ((200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 190, 40)), strict=False):
        cv2.rectangle(picture, (250, 240 - 60 * number), (390, 300 - 60 * number), colour, -1)
    left = 90 + 110 * blocks
    cv2.ellipse(picture, (left, 90), (70, 45), 20, 0, 360, (220, 175, 150), -1)
    return picture


VIDEOS: dict[str, Sequence[Part]] = {
    "eggs": [
        Part(slide("Scrambled eggs", "for two people"), "Welcome. Today we make scrambled eggs."),
        Part(slide("1. Crack the eggs", "4 eggs", 215), "Crack four eggs into a bowl."),
        Part(slide("2. Whisk", "with salt and milk", 195), "Whisk them with a little milk and a pinch of salt."),
        Part(slide("3. Heat the pan", "medium heat", 225), "Melt some butter in a warm pan."),
        Part(slide("4. Serve", "on toast", 205), "Put the eggs on toast and serve."),
    ],
    "plant": [
        Part(slide("Fill the pot", "with soil"), "First fill the pot with soil."),
        Part(slide("Plant the seed", "one finger deep", 205), "Then put the seed into the soil, one finger deep."),
        Part(slide("Water it", "every day", 225), "After that water it a little every day."),
        Part(slide("Wait", "two weeks", 190), "Finally place it at the window and wait two weeks."),
    ],
    "tower": [
        Part(tower(1), "First put the red block on the table."),
        Part(tower(2), "Next put the green block on top of the red one."),
        Part(tower(3), "Then add the blue block."),
        Part(tower(4), "Finally the yellow block goes on top."),
    ],
}


def write_instruction_video(path: Path, parts: Sequence[Part], speak: Speak) -> list[float]:
    """Write a video, and return when each part begins, in seconds."""
    sounds = [np.concatenate([speak(part.spoken), np.zeros(round(GAP_S * RATE_HZ), np.float32)]) for part in parts]
    frames = [round(len(sound) / RATE_HZ * FRAMES_PER_S) for sound in sounds]
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=FRAMES_PER_S)
        pictures.width, pictures.height, pictures.pix_fmt, pictures.bit_rate = *SIZE, "yuv420p", 3_000_000
        voice = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        for part, count in zip(parts, frames, strict=True):
            for _ in range(count):
                container.mux(pictures.encode(av.VideoFrame.from_ndarray(part.picture, format="rgb24")))
        container.mux(pictures.encode())
        lengths = [round(count * RATE_HZ / FRAMES_PER_S) for count in frames]
        samples = np.concatenate([np.resize(sound, length) for sound, length in zip(sounds, lengths, strict=True)])
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, start
            container.mux(voice.encode(frame))
        container.mux(voice.encode())
    return [sum(frames[:number]) / FRAMES_PER_S for number in range(len(frames))]


def piper() -> Speak:
    """The default English voice."""
    from assistant import assembly
    from assistant.settings import VoiceSettings
    from assistant.store.model_store import ModelStore, models_dir

    voice = assembly.open_synthesizers(VoiceSettings(), ModelStore(models_dir()))[0]

    def speak(text: str) -> Sound:
        chunks = list(voice.synthesize(text, "en"))
        resampler = Resampler(RATE_HZ)
        return np.concatenate([*(resampler.feed(chunk.samples, chunk.sample_rate_hz) for chunk in chunks), resampler.flush()])

    return speak


if __name__ == "__main__":
    folder, voice = Path(sys.argv[1]), piper()
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in VIDEOS.items():
        print(name, [round(time_s, 1) for time_s in write_instruction_video(folder / f"{name}.mp4", parts, voice)])
