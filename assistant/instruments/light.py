"""Answers questions about the light: how much there is, whence it comes, and whether a lamp is to be seen. Needs no model."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.interfaces import Instrument
from assistant.messages import Ask, Detail, Finding, View
from assistant.seeing.light_levels import bright_lamp, light_level, side_of

RELIABILITY = 0.9
"""Share of what it tells of rendered and photographed rooms that is right: see docs/colour-and-light.md."""
SOURCE = "light"


class LightInstrument(Instrument):
    """Implements `interfaces.Instrument`. Never says yes or no: a lamp outside of the picture may be on."""

    def reliability(self, ask: Ask) -> float:
        """Return how often what it tells is right: it answers only what asks for the light."""
        return RELIABILITY if ask.intent == "light" else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield how much light the newest keyframe shows, then a lamp, or whence the light comes, or that neither is to be seen."""
        if not view.keyframes:
            return
        picture = view.keyframes[-1].frame.picture
        level, *whence = light_level(picture)
        yield _told(level)
        lamp = bright_lamp(picture)
        if lamp:
            yield Finding("light", (f"lamp_{side_of(lamp)}", {}), RELIABILITY, SOURCE, region=lamp)
        for key in whence:
            yield _told(key)
        if not lamp and not whence and level != "light_very_dark":
            yield _told("no_lamp")

    def forget(self) -> None:
        """Do nothing: it remembers no picture and holds no memory."""


def _told(key: str) -> Finding:
    return Finding("light", (key, {}), RELIABILITY, SOURCE)
