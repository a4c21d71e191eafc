"""What pictures are known by, so that one that was encoded is found again. Knows nothing of models."""

from __future__ import annotations

import hashlib
import weakref
import zlib
from dataclasses import dataclass

import numpy as np

from assistant.messages import Frame


@dataclass(frozen=True)
class PictureKey:
    """What a picture is known by: its content, and in how many tiles it is looked at."""

    digest: bytes
    """Of shape and pixels."""
    budget: int | None
    """Most tiles; None = as many as the reference makes."""


class PictureDigests:
    """Digests of frames' pictures, each computed once as long as the frame lives.

    A camera may write its next picture into the memory of the last one, so a checksum is compared at every look: a tenth of the time.
    """

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Frame, tuple[int, bytes]] = weakref.WeakKeyDictionary()

    def of(self, frame: Frame) -> bytes:
        """Return a digest of 16 bytes, other for each other content or shape."""
        pixels = np.ascontiguousarray(frame.picture)
        checksum = zlib.crc32(pixels.data)
        known = self._known.get(frame)
        if known is None or known[0] != checksum:
            known = self._known[frame] = checksum, _digest(pixels)
        return known[1]


def _digest(pixels: np.ndarray) -> bytes:
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(pixels.data)
    return digest.digest()
