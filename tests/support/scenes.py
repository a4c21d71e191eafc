"""Pictures to be resampled and cut into tiles."""

from __future__ import annotations

import functools

import numpy as np

from assistant.messages import Picture


@functools.cache
def scene(width: int, height: int) -> Picture:
    """Return smooth shades, hard edges and noise: uint8 [height, width, 3], read-only."""
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    picture = 12 * np.random.default_rng(0).standard_normal((height, width, 3), np.float32)
    picture[..., 0] += x * (255 / width)
    picture[..., 1] += y * (255 / height)
    picture[..., 2] += (x // 7 + y // 5) % 2 * 255
    made = np.clip(picture, 0, 255, out=picture).astype(np.uint8)
    made.setflags(write=False)
    return made
