"""Brings speech to one level before Whisper, which hears quiet speech badly and makes up words for what is quieter still. Pure."""

from __future__ import annotations

import numpy as np

from assistant.messages import Sound

SPEECH_LEVEL = 0.1
"""Root mean square of a voice close to a microphone (-20 dB of full scale)."""
TENTHS_BELOW = 75
"""Percentile of the loudness of tenths of a second that tells the level: of a short word and its margins a quarter is loud at least, and
a click is in one of them only."""


def to_speech_level(speech: Sound, sample_rate_hz: int) -> Sound:
    """Return float32 [n] in [-1, 1], amplified to the level of a close voice; what is as loud stays as it is.

    `speech`: without its pauses.
    """
    tenth = sample_rate_hz // 10
    tenths = np.pad(speech, (0, -len(speech) % tenth)).reshape(-1, tenth)  # [n, tenth]
    level = float(np.percentile(np.sqrt(np.square(tenths).mean(axis=1)), TENTHS_BELOW)) if len(tenths) else 0.0
    if not 0.0 < level < SPEECH_LEVEL:
        return speech
    louder: Sound = np.clip(speech * (SPEECH_LEVEL / level), -1.0, 1.0).astype(np.float32)
    return louder
