"""A picture that shows nothing new isn't looked at again, and whatever a person would see is."""

from __future__ import annotations

import numpy as np

from assistant.messages import Picture
from assistant.seeing.stillness import Stillness

SCENE = np.random.default_rng(3).integers(60, 200, (12, 16, 3)).astype(np.uint8).repeat(40, axis=0).repeat(40, axis=1)


def noisy(picture: Picture, seed: int, light: float = 1.0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 8, picture.shape)
    return np.clip(picture * light + noise, 0, 255).astype(np.uint8)


def test_noise_and_a_lamps_flicker_are_no_news() -> None:
    stillness = Stillness()
    assert not stillness.is_still(noisy(SCENE, 0)), "nothing was seen before"
    assert all(stillness.is_still(noisy(SCENE, seed, light)) for seed, light in ((1, 1.0), (2, 1.02), (3, 0.98)))


def test_somebody_who_steps_in_is_news_and_so_is_that_they_have_gone() -> None:
    stillness = Stillness()
    stillness.is_still(SCENE)
    person = SCENE.copy()
    person[200:440, 300:380] = (30, 40, 60)
    assert not stillness.is_still(noisy(person, 1))
    assert stillness.is_still(noisy(person, 2))
    assert not stillness.is_still(noisy(SCENE, 3))


def test_it_forgets_slow_drift_never() -> None:
    """Small changes add up: the last picture that was news is what counts, not the last one."""
    stillness = Stillness()
    stillness.is_still(SCENE)
    drifting = [
        np.clip(SCENE.astype(int) + np.array([2 * step, 0, 0]) * (np.arange(640) > 320)[None, :, None], 0, 255) for step in range(20)
    ]
    assert not all(stillness.is_still(picture.astype(np.uint8)) for picture in drifting)
