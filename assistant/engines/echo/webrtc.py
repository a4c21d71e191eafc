"""Echo cancellation: WebRTC's AEC3, in the wheel pywebrtc-audio (Apache-2.0). Knows no devices.

It finds the delay between what is played and its echo by itself, up to half a second, and follows it (matched filters on both signals); a
linear filter and a suppressor then take the echo out. Source: https://webrtc.googlesource.com/src/+/main/modules/audio_processing/aec3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.messages import Sound
from assistant.problems import MissingModel

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 160
"""AEC3 works on frames of 10 ms."""


class WebrtcEchoCanceller:
    """Implements `interfaces.EchoCanceller`; what comes out is 10 ms late."""

    def __init__(self) -> None:
        """Make one for one microphone. MissingModel where the wheel isn't installed: there is none for every processor."""
        try:
            import pywebrtc_audio
        except ImportError as error:
            raise MissingModel("the echo canceller is not installed", "run: {command}", command="pip install pywebrtc-audio") from error
        self._aec: Any = pywebrtc_audio.EchoCanceller(SAMPLE_RATE_HZ)
        self.reset()

    def reset(self) -> None:
        """Forget the room."""
        self._aec.reset()
        self._heard = self._played = np.zeros(0, np.float32)
        self._ready: Sound = np.zeros(FRAME_SAMPLES, np.float32)

    def clean(self, heard: Sound, played: Sound) -> Sound:
        """Return float32 [n], what was `heard` without the echo of what was `played`."""
        self._heard, self._played = _with(self._heard, heard), _with(self._played, played)
        whole = len(self._heard) // FRAME_SAMPLES * FRAME_SAMPLES
        if whole:
            cleaned = self._aec.process(self._heard[:whole], self._played[:whole])
            self._ready = np.concatenate([self._ready, cleaned])
            self._heard, self._played = self._heard[whole:], self._played[whole:]
        cleaned, self._ready = self._ready[: len(heard)], self._ready[len(heard) :]
        return cleaned


def _with(before: Sound, after: Sound) -> Sound:
    return np.concatenate([before, np.clip(np.nan_to_num(after), -1.0, 1.0)]).astype(np.float32)
