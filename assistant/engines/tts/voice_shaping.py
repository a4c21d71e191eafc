"""Makes synthesised speech faster or slower at the same pitch, louder without harsh clipping, and begin at once. Knows no engine."""

from __future__ import annotations

import math
from fractions import Fraction

import av
import av.filter
import numpy as np

from assistant.messages import Sound

_LARGEST_STEP = 2.0
"""Beyond it atempo skips sound instead of blending it; two filters in a row take 4.0."""
_SILENCE = 0.003
"""No sample of silence is louder: -50 dB."""
_KEPT_S = 0.005
"""Of the silence before a sound, for it not to begin with a click."""


def without_lead(samples: Sound, sample_rate_hz: int) -> Sound:
    """Return float32 [n] from where it begins to be heard, 5 ms of the silence before it kept; all silence is left as it is."""
    audible = np.flatnonzero(np.abs(samples) > _SILENCE)
    return samples[max(0, int(audible[0]) - round(_KEPT_S * sample_rate_hz)) :] if len(audible) else samples


def time_stretch(samples: Sound, sample_rate_hz: int, rate: float) -> Sound:
    """Return float32 [n] as float32 [about n / rate] at the same pitch; `rate` above 1 is faster.

    By FFmpeg's filter atempo, which is WSOLA (Verhelst and Roelands, 1993).
    """
    if rate == 1.0 or not len(samples):
        return samples
    steps = math.ceil(abs(math.log(rate, _LARGEST_STEP)))
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=sample_rate_hz, format="flt", layout="mono", time_base=Fraction(1, sample_rate_hz))
    tempos = [graph.add("atempo", f"{rate ** (1 / steps):.6f}") for _ in range(steps)]
    graph.link_nodes(source, *tempos, graph.add("abuffersink")).configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32)[np.newaxis], "flt", "mono")
    frame.sample_rate = sample_rate_hz
    graph.push(frame)
    graph.push(None)
    parts: list[Sound] = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray()[0])
        except av.EOFError:
            return np.concatenate([*parts, np.zeros(0, np.float32)])


def amplify(samples: Sound, volume: float) -> Sound:
    """Return the samples times `volume`, within [-1, 1]. Above 1 loud parts are rounded off by tanh, which leaves speech clear."""
    if volume <= 1.0:
        return samples * np.float32(volume)
    return np.asarray(np.tanh(samples * np.float32(volume)), np.float32)
