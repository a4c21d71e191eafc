"""Mixes the channels of a sound into one. Pure."""

from __future__ import annotations

import numpy as np

from assistant.messages import Sound

CANCELLED = 0.05
"""Share of a channel's power below which what is left of a mix counts as cancelled: the same sound with opposite signs, as one wrongly
soldered plug makes it."""


def to_mono(channels: Sound) -> Sound:
    """Return float32 [n], the mean of float32 [n, channels], or the loudest channel alone where they cancel each other."""
    mixed: Sound = channels.mean(axis=1, dtype=np.float32)
    power = np.square(channels).sum(axis=0)  # [channels]
    if np.square(mixed).sum() < CANCELLED * power.max(initial=0.0):
        return np.asarray(channels[:, int(power.argmax())], np.float32)
    return mixed
