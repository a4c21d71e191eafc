"""What a video's next query needs, in a file: its keyframes as the model encoded them, bound to that video and that encoder.

A NumPy archive of plain arrays (nothing in it is ever executed). An index that is damaged, or of another video or model, is
never overwritten: the user is told in one line what to do.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.messages import SeenPicture
from assistant.problems import BadInput, shorten
from assistant.written_files import INDEX, WrittenFile, told_of_write_errors

FORMAT = "assistant video index 2"
MOST_BYTES = 2 << 30
"""Bytes of a file above which it isn't one of ours: 2 hours take some 40 MB with the starter model, 300 MB with SmolVLM2."""


_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    MemoryError,
    RecursionError,
    NotImplementedError,  # a kind of zip that Python can't read
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class IndexKey:
    """What an index belongs to."""

    video: str
    """Fingerprint of the file."""
    encoder: str
    """PictureMemory.encoder_id."""
    selection: str
    """How keyframes were chosen: the settings, as text."""


@dataclass(frozen=True, eq=False)
class SeenKeyframe:
    """A keyframe without its picture."""

    time_s: float
    seen: SeenPicture


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """A video after it has been looked at once."""

    key: IndexKey
    empty: SeenPicture
    """What the model sees in queries.EMPTY_PICTURE."""
    keyframes: Sequence[SeenKeyframe]
    duration_s: float
    warnings: Sequence[str] = ()


def save_index(path: Path, index: VideoIndex, force: bool = False) -> None:
    """Write an index whole or not at all; with `force` over a file of another kind. Raises DiskFull or BadInput if it can't be written."""
    pictures = [index.empty, *(k.seen for k in index.keyframes)]
    about = {
        "format": FORMAT,
        **asdict(index.key),
        "duration_s": index.duration_s,
        "warnings": list(index.warnings),
        "blocks": [picture.block for picture in pictures],
        "seen": [picture.seen for picture in pictures],
    }
    written = WrittenFile(path, INDEX, force)
    try:
        with told_of_write_errors(path, INDEX):
            np.savez(
                written.file,
                about=np.frombuffer(json.dumps(about).encode(), np.uint8),
                times_s=np.array([k.time_s for k in index.keyframes], np.float64),
                features=np.stack([picture.features for picture in pictures]).astype(np.float32, copy=False),  # [1 + n, tokens, hidden]
                words=np.stack([picture.evidence for picture in pictures]),  # [1 + n, k]
            )
        written.commit()
    finally:
        written.discard()


def load_any_index(path: Path, encoder: str) -> VideoIndex:
    """Read an index of whatever video, if this encoder has made it. Raises BadInput likewise."""
    about, *_ = read = _read(path, name := shorten(path))
    if about.get("encoder") != encoder:
        raise BadInput(f"the index {name} is of another model", "name that model with --model, or run `assistant index` again")
    return _index(IndexKey(str(about.get("video")), encoder, str(about.get("selection"))), *read)


def load_index(path: Path, key: IndexKey) -> VideoIndex:
    """Read an index that was saved with this key.

    Raises BadInput if it is damaged, something else, or of another video, model or setting.
    """
    name = shorten(path)
    about, times_s, features, evidence = _read(path, name)
    for field, what in (("video", "another video"), ("encoder", "another model"), ("selection", "other settings")):
        if about.get(field) != getattr(key, field):
            raise BadInput(f"the index {name} is of {what}", "give --index another file's name, or delete this one to have it made anew")
    return _index(key, about, times_s, features, evidence)


def _index(key: IndexKey, about: dict[str, Any], times_s: np.ndarray, features: np.ndarray, evidence: np.ndarray) -> VideoIndex:
    parts = zip(about["blocks"], features, about["seen"], evidence, strict=True)
    pictures = [SeenPicture(block, tokens, seen, told) for block, tokens, seen, told in parts]
    keyframes = [SeenKeyframe(float(time_s), picture) for time_s, picture in zip(times_s, pictures[1:], strict=True)]
    return VideoIndex(key, pictures[0], keyframes, float(about["duration_s"]), tuple(about["warnings"]))


def _read(path: Path, name: str) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("too large")
        with np.load(path, allow_pickle=False) as archive:
            told, times_s, features, evidence = (_array(archive[member]) for member in ("about", "times_s", "features", "words"))
            about = json.loads(told.tobytes())
        _check(about, times_s, features, evidence)
    except _UNREADABLE as error:
        fix = "delete it to have it made anew, or give another file's name"
        raise BadInput(f"{name} is damaged, or no index of a video", fix) from error
    return about, times_s, features, evidence


def _array(member: object) -> np.ndarray:
    """NumPy gives the bytes of a member that is no array of its own."""
    if not isinstance(member, np.ndarray):
        raise ValueError("no array")
    return member


def _check(about: Any, times_s: np.ndarray, features: np.ndarray, evidence: np.ndarray) -> None:
    """ValueError or KeyError unless everything has the right form; the archive's own checksums guard its bytes."""
    count = 1 + len(times_s)
    texts = [*about["blocks"], *about["seen"], *about["warnings"]]
    right = (
        about["format"] == FORMAT
        and len(about["blocks"]) == len(about["seen"]) == count
        and all(isinstance(text, str) for text in texts)
        and np.isfinite(about["duration_s"])
        and times_s.dtype == np.float64
        and times_s.ndim == 1
        and bool(np.isfinite(times_s).all() and (np.diff(times_s) >= 0).all())
        and features.dtype == np.float32
        and features.ndim == 3
        and len(features) == count
        and bool(np.isfinite(features).all())
        and evidence.dtype == np.float32
        and evidence.ndim == 2
        and len(evidence) == count
        and bool(np.isfinite(evidence).all())
    )
    if not right:
        raise ValueError("of the wrong form")
