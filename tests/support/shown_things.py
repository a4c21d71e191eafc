"""Simple pictures of things that are held before the camera."""

from __future__ import annotations

import numpy as np

from assistant.messages import Frame, Keyframe, Picture

SIZE = (360, 640)
Colour = tuple[int, int, int]


def held(colour: Colour, other: Colour | None = None, ground: Colour = (205, 205, 200), period: int = 24, seed: int = 0) -> Picture:
    """Return uint8 [360, 640, 3] with a rectangle of cloth in the middle, striped with `other` if given, and a little noise."""
    rng = np.random.default_rng(seed)
    picture = np.full((*SIZE, 3), ground, np.float64)
    cloth = np.full((260, 300, 3), colour, np.float64)
    if other:
        cloth[:, np.arange(300) % period < period * 0.4] = other
    picture[50:310, 170:470] = cloth * (1 + 0.04 * rng.normal(size=(260, 300, 1)))
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def keyframes(*pictures: Picture) -> list[Keyframe]:
    """Return them as keyframes of different scenes."""
    return [Keyframe(Frame(picture, float(place)), "change", scene=place) for place, picture in enumerate(pictures)]
