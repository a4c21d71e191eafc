"""What "faster" and "louder" mean: one step of a voice's settings, within what the voices can do. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from assistant.settings import FASTEST, LOUDEST, SLOWEST, VoiceSettings

VoiceStep = Literal["slower", "faster", "quieter", "louder"]
STEP = 1.25
QUIETEST = 0.2
"""A voice that can't be heard couldn't say how to get it back."""

AT_LIMIT: dict[VoiceStep, str] = {"slower": "slowest", "faster": "fastest", "quieter": "quietest", "louder": "loudest"}
"""The phrase to say where a step changes nothing; otherwise it is the step's own."""


def step_voice(settings: VoiceSettings, step: VoiceStep) -> VoiceSettings:
    """Return settings a quarter faster, slower, louder or quieter; the same ones at the limit.

    Up and down again is where it began, limits apart.
    """
    factor = STEP if step in ("faster", "louder") else 1 / STEP
    if step in ("slower", "faster"):
        return replace(settings, rate=min(max(settings.rate * factor, SLOWEST), FASTEST))
    quietest = min(QUIETEST, settings.volume)
    return replace(settings, volume=min(max(settings.volume * factor, quietest), LOUDEST))
