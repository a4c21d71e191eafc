"""Short sounds that tell a listener what the assistant is doing. Pure synthesis; knows no loudspeaker.

They differ in the way their notes go, which is kept by any loudspeaker and any hearing, rather than in timbre. After
Blattner, Sumikawa and Greenberg (1989), "Earcons and Icons"; soft, so that they neither startle nor cover a voice.
"""

from __future__ import annotations

import numpy as np

from assistant.messages import AudioChunk, EarconName, Sound

_LOW, _MIDDLE, _HIGH = 523.25, 698.46, 932.33
"""Hertz: C5, F5 and B flat 5, fourths apart; small loudspeakers still play them, and most people hear them best."""
_NOTE_S, _SLOW_NOTE_S, _QUICK_NOTE_S = 0.08, 0.2, 0.05
_RISE: dict[EarconName, float] = {"aim": 1.25, "light": 2.0}
"""Octaves by which the highest level sounds higher than none."""
_ATTACK_S = 0.01
_PEAK, _SOFT_PEAK = 0.2, 0.08
"""-14 and -22 dBFS; what comes again and again is soft."""
_SECOND_HARMONIC = 0.15
"""Share of the octave above, which makes a note less piercing."""

_MELODIES: dict[EarconName, tuple[float, ...]] = {
    "ready": (_LOW, _MIDDLE, _HIGH),
    "listening": (_LOW, _HIGH),
    "heard": (_HIGH,),
    "thinking": (_LOW, _LOW),
    "answer": (_MIDDLE, _HIGH, _MIDDLE),
    "error": (_HIGH, _MIDDLE, _LOW),
    "muted": (_HIGH, _LOW),
    "aim": (_LOW, _LOW, _LOW),
    "light": (_MIDDLE, _LOW, _MIDDLE),
}


def earcon(name: EarconName, sample_rate_hz: int = 16000, level: float = 0.0) -> AudioChunk:
    """Return at most 0.25 s of sound ("thinking" 0.4 s) that begins and ends in silence.

    Args:
        name: what it tells.
        sample_rate_hz: 8000 or more.
        level: in [0, 1]; "aim" is the higher the better the camera is placed, "light" the brighter it is.
    """
    peak = _SOFT_PEAK if name in ("thinking", "aim", "light") else _PEAK
    note_s = {"thinking": _SLOW_NOTE_S, "aim": _QUICK_NOTE_S, "light": _QUICK_NOTE_S}.get(name, _NOTE_S)
    rise = 2 ** (_RISE.get(name, 0.0) * level)
    notes = [_note(rise * pitch_hz, note_s, sample_rate_hz) for pitch_hz in _MELODIES[name]]
    return AudioChunk((peak * np.concatenate(notes)).astype(np.float32), sample_rate_hz)


def _note(pitch_hz: float, duration_s: float, sample_rate_hz: int) -> Sound:
    """Within [-1, 1], from zero to zero: it swells as a quarter of a sine and dies away as a raised cosine."""
    times_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    phase = 2 * np.pi * pitch_hz * times_s
    tone = (np.sin(phase) + _SECOND_HARMONIC * np.sin(2 * phase)) / (1 + _SECOND_HARMONIC)
    swell = np.sin(np.pi / 2 * np.minimum(times_s / _ATTACK_S, 1.0))
    decay = (1 + np.cos(np.pi * times_s / duration_s)) / 2
    return np.asarray(tone * swell * decay, np.float32)
