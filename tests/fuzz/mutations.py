"""Inputs that are spoilt by chance, the same for the same seed: bytes changed, cut out, doubled, zeroed, swapped with another file's.

The corpus is made of the odd pictures, videos and sounds of tests/support, and of what commands write themselves.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np

from assistant.devices.pdf_file import PdfFile
from assistant.devices.sound_files import RecordedMicrophone
from assistant.devices.sources import open_source
from assistant.problems import Problem
from assistant.settings import CameraSettings, load_settings
from assistant.store.manifests import read_manifest
from assistant.videos.index_file import IndexKey, load_index
from tests.support.folders import PROJECT
from tests.support.odd_media import pictures, videos
from tests.support.odd_sounds import sounds
from tests.support.pdf_files import pdf, text_at

SETTINGS = CameraSettings(largest_edge=64)
MOST_FRAMES = 40
"""Read of one input; a spoilt header may promise hours."""
Read = Callable[[Path], object]


def corpus() -> list[tuple[str, Read, bytes]]:
    """(name, what reads it, bytes) of good inputs of every kind."""
    made: list[tuple[str, Read, bytes]] = [(odd.name, read_media, odd.make()) for odd in [*pictures(), *videos()]]
    made += [(name, read_sound, make()) for name, make in sounds()]
    made.append(("letter.pdf", read_pdf, pdf([text_at(72, 700, "Dear Ms Doe,")])))
    made.append(("settings.toml", load_settings, b"[ears]\nend_silence_s = 0.6\nlanguages = ['en']\n[voice]\nrate = 2\n"))
    made.append(("starter.toml", lambda path: read_manifest(path, "model"), (PROJECT / "models/starter.toml").read_bytes()))
    made.append(("film.index", lambda path: load_index(path, IndexKey("v", "e", "s")), _index()))
    return made


def spoilt(good: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One to four changes."""
    content = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1) if chance.random() < 0.5 else chance.randrange(min(len(content), 400) + 1)
        length = min(chance.choice((1, 1, 2, 4, 16, 200)), max(0, len(content) - at))
        match chance.randrange(8):
            case 0:
                content[at : at + length] = chance.randbytes(length)
            case 1:
                del content[at : at + length]
            case 2:
                content[at:at] = content[at : at + length]
            case 3:
                content[at : at + length] = bytes(length)
            case 4:
                content[at : at + length] = b"\xff" * length
            case 5:
                del content[at:]
            case 6:
                other = chance.choice(others)
                start = chance.randrange(len(other) + 1)
                content[at : at + length] = other[start : start + length]
            case 7 if at < len(content):
                content[at] ^= 1 << chance.randrange(8)
    return bytes(content)


def try_one(path: Path, read: Read) -> str | None:
    """Read it; return what went wrong if that was anything but a Problem in one line."""
    try:
        read(path)
    except Problem as problem:
        return f"several lines: {problem}" if "\n" in str(problem) else None
    except Exception as error:  # what is looked for
        return f"{type(error).__name__}: {error}"
    return None


def read_media(path: Path) -> None:
    camera = open_source(str(path), SETTINGS)
    with contextlib.closing(camera):
        for number, frame in enumerate(camera.frames()):
            assert frame.picture.dtype == np.uint8 and frame.picture.ndim == 3 and min(frame.picture.shape[:2]) >= 1
            if number > MOST_FRAMES:
                return


def read_sound(path: Path) -> None:
    for number, chunk in enumerate(RecordedMicrophone(path).chunks()):
        assert len(chunk.samples) == 512
        if number > MOST_FRAMES * 10:
            return


def read_pdf(path: Path) -> None:
    with PdfFile(path) as document:
        for number in range(1, min(document.page_count, 3) + 1):
            document.page(number)


def _index() -> bytes:
    about = {"format": "assistant video index 2", "video": "v", "encoder": "e", "selection": "s", "duration_s": 1.0, "warnings": []}
    about |= {"blocks": ["", ""], "seen": ["", ""]}
    file = BytesIO()
    np.savez(
        file,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        times_s=np.zeros(1),
        features=np.zeros((2, 3, 4), np.float32),
        words=np.zeros((2, 3), np.float32),
    )
    assert zipfile.is_zipfile(file)
    return file.getvalue()


def inputs(seed: int, count: int, folder: Path | None = None) -> list[tuple[str, str]]:
    """Try `count` inputs; return (name and number, what went wrong) of those that did."""
    made = corpus()
    chance, others, wrong = random.Random(seed), [each[2] for each in made], []
    with tempfile.TemporaryDirectory() as own:
        for number in range(count):
            name, read, good = chance.choice(made)
            path = (folder or Path(own)) / name
            path.write_bytes(spoilt(good, others, chance))
            if told := try_one(path, read):
                wrong.append((f"seed {seed}, input {number}, {ascii(name)}", told))
            path.unlink(missing_ok=True)
    return wrong
