"""Changes the sample rate of sound that arrives piece by piece. Knows nothing of devices.

Method: FFmpeg's libswresample, a polyphase filter bank with a Kaiser window (https://ffmpeg.org/ffmpeg-resampler.html), through PyAV.
"""

from __future__ import annotations

import av
import numpy as np

from assistant.messages import Sound


class Resampler:
    """Brings one stream to one rate. Its pieces may have any length and any rate: the rate changes where the voice does."""

    def __init__(self, to_hz: int) -> None:
        self._to_hz = to_hz
        self._from_hz = to_hz
        self._filter: av.AudioResampler | None = None
        """None while nothing is held back."""

    def feed(self, samples: Sound, from_hz: int) -> Sound:
        """Take float32 [n] at `from_hz`; return what is known so far at the new rate, a millisecond less than all of it."""
        rest = self.flush() if from_hz != self._from_hz else samples[:0]
        self._from_hz = from_hz
        if from_hz == self._to_hz or not len(samples):
            return np.concatenate([rest, samples])
        self._filter = self._filter or av.AudioResampler("flt", "mono", self._to_hz)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = from_hz
        return np.concatenate([rest, *_sound(self._filter, frame)])

    def flush(self) -> Sound:
        """Return the rest, once the stream has ended."""
        held, self._filter = self._filter, None
        return np.concatenate([np.zeros(0, np.float32), *(_sound(held, None) if held else [])])


def _sound(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> list[Sound]:
    return [resampled.to_ndarray()[0] for resampled in resampler.resample(frame)]
