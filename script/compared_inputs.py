"""The inputs that `compare_versions` gives to both versions: what the project ships, and what is made of it, whole and broken."""

from __future__ import annotations

import os
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
SHIPPED = (PROJECT / "assistant/commands/demo_files", PROJECT / "tests/support/recorded")
CAT = PROJECT / "models/starter/example.png"
NOT_UTF8 = os.fsdecode(b"caf\xe9.jpg")

# An EXIF block that says "turn the picture a quarter right": header, one entry (orientation = 6), no more.
_EXIF = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
_SETTINGS = {
    "good.toml": b'language = "en"\n[answers]\ndetail = "full"\nmax_keyframes = 2\nthreads = 1\n[keyframes]\nchange_threshold = 0.2\n',
    "unknown.toml": b"[answers]\nloudness = 3\n",
    "wrong_kind.toml": b'[ears]\nend_silence_s = "long"\n',
    "wrong_list.toml": b"[ears]\nlanguages = [1, 2]\n",
    "out_of_range.toml": b"[answers]\nmax_keyframes = 1000\n",
    "unknown_choice.toml": b'[answers]\ndetail = "huge"\n',
    "syntax.toml": b"[answers\ndetail = \n",
    "not_utf8.toml": b'language = "\xe9n"\n',
    "bom.toml": b'\xef\xbb\xbf[answers]\ndetail = "brief"\n',
}


def make_inputs(folder: Path) -> None:
    """Write all inputs into `folder`, a new one; the same bytes at each call, as far as OpenCV's encoders are."""
    folder.mkdir(parents=True)
    for source in SHIPPED:
        for file in source.iterdir():
            shutil.copy(file, folder)
    cat, rng = cv2.imread(str(CAT)), np.random.default_rng(1)
    for name, picture in _pictures(cat, rng):
        cv2.imwrite(str(folder / name), picture)
    jpeg = cv2.imencode(".jpg", cat)[1].tobytes()
    for name, content in [*_SETTINGS.items(), *_damaged(cat, jpeg, rng)]:
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    _make_videos(folder, cat)
    _make_sounds(folder, rng)


def _pictures(cat: Any, rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    """(file name, BGR picture) of every kind of file and of scene."""
    for suffix in ("png", "webp"):
        yield f"cat.{suffix}", cat
    yield "kätzchen und 猫.png", cat
    yield "grey.png", cv2.cvtColor(cat, cv2.COLOR_BGR2GRAY)
    yield "transparent.png", np.dstack([cat, np.tile(np.arange(cat.shape[1], dtype=np.uint8), (cat.shape[0], 1))])
    yield "deep.png", cat.astype(np.uint16) * 257
    yield "dark.png", cat // 32
    yield "white.png", np.full_like(cat, 255)
    yield "blurred.png", cv2.GaussianBlur(cat, (0, 0), 12)
    yield "noise.png", rng.integers(0, 256, cat.shape, np.uint8)
    yield "one_pixel.png", cat[:1, :1]
    yield "wide.png", np.tile(cat[40:88], (1, 12, 1))
    yield "large.jpg", cv2.resize(cat, (3000, 2000))


def _damaged(cat: Any, jpeg: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """(file name, content) of files that are told apart by their bytes, or can't be read."""
    yield "turned.jpg", jpeg[:2] + _EXIF + jpeg[2:]
    yield NOT_UTF8, jpeg
    yield "jpeg_inside.png", jpeg
    yield "half.jpg", jpeg[: len(jpeg) // 2]
    png = cv2.imencode(".png", cat)[1].tobytes()
    yield "half.png", png[: len(png) // 2]
    clip, question = ((SHIPPED[0] / name).read_bytes() for name in ("clip.mp4", "question1_en.wav"))
    yield "half.mp4", clip[: len(clip) // 2]
    yield "half.wav", question[: len(question) // 2]
    yield "header_only.wav", question[:44]
    yield "random.wav", rng.bytes(5000)
    for suffix in ("png", "mp4", "wav"):
        yield f"empty.{suffix}", b""
    for suffix in ("png", "mp4"):
        yield f"text.{suffix}", b"This is only a text.\n" * 20


def _make_videos(folder: Path, cat: Any) -> None:
    reader = cv2.VideoCapture(str(SHIPPED[0] / "clip.mp4"))
    clip = [reader.read()[1] for _ in range(160)]
    scenes = [frame for start in (0, 40, 80) for frame in clip[start : start + 20]]
    _write_video(folder / "scenes.avi", "MJPG", 10, scenes)
    _write_video(folder / "scenes.mkv", "mp4v", 10, scenes)
    _write_video(folder / "one_frame.avi", "MJPG", 10, clip[:1])
    _write_video(folder / "dark.avi", "MJPG", 10, clip[130:150])
    _write_video(folder / "still.avi", "MJPG", 2, [clip[10]] * 60)
    _write_video(folder / "small.mp4", "mp4v", 5, [cv2.resize(frame, (64, 48)) for frame in clip[:80:4]])
    whole = (folder / "scenes.avi").read_bytes()
    (folder / "half.avi").write_bytes(whole[: len(whole) // 2])
    animation = cv2.Animation()
    animation.frames, animation.durations = [cat, cv2.flip(cat, 1), cat], [500, 500, 500]
    cv2.imwriteanimation(str(folder / "moving.gif"), animation)


def _write_video(path: Path, codec: str, frames_per_s: int, frames: list[Any]) -> None:
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), frames_per_s, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()


def _make_sounds(folder: Path, rng: np.random.Generator) -> None:
    """Of the first question, `int16 [samples]`, as other recorders would have written it, and what isn't speech."""
    with wave.open(str(folder / "question1_en.wav")) as file:
        rate_hz, question = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16)
    second = np.zeros(rate_hz, np.int16)
    times = np.arange(0, len(question), rate_hz / 48000)
    high = np.interp(times, np.arange(len(question)), question).astype(np.int16)
    _write_wav(folder / "stereo.wav", 48000, np.stack([high, high // 2], 1))
    _write_wav(folder / "eight_bit.wav", rate_hz, (question // 256 + 128).astype(np.uint8))
    _write_wav(folder / "quiet.wav", rate_hz, question // 30)
    _write_wav(folder / "twice.wav", rate_hz, np.concatenate([question, second, second, question]))
    _write_wav(folder / "later.wav", rate_hz, np.concatenate([*[second] * 4, question, *[second] * 3]))
    _write_wav(folder / "silence.wav", rate_hz, np.tile(second, 3))
    _write_wav(folder / "noise.wav", rate_hz, rng.normal(0, 3000, 3 * rate_hz).astype(np.int16))


def _write_wav(path: Path, rate_hz: int, samples: Any) -> None:
    """`samples` are uint8 or int16, [samples] or [samples, channels]."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1 if samples.ndim == 1 else samples.shape[1], samples.itemsize, rate_hz, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
