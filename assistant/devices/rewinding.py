"""Where a voice goes on that was paused within a word: at that word's start, or near it. Pure."""

from __future__ import annotations

import numpy as np

from assistant.messages import Sound

BACK_S = 0.6
"""Played sound that is looked through for a word's start: few words are longer."""
FRAME_S = 0.02


def samples_to_repeat(recent: Sound, rate_hz: int) -> int:
    """Return how many of the last samples, float32 [n], are to be played again: from the quietest place within BACK_S."""
    frame = round(FRAME_S * rate_hz)
    frames = recent[-round(BACK_S * rate_hz) :]
    frames = frames[len(frames) % frame :].reshape(-1, frame)
    if not len(frames):
        return 0
    loudness = np.square(frames).mean(axis=1)
    last_quietest = len(loudness) - 1 - int(np.argmin(loudness[::-1]))
    return (len(frames) - last_quietest) * frame
