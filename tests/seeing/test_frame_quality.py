"""Pictures that can't be described are told apart from pictures that can."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assistant.messages import Picture, PictureProblem
from assistant.seeing.frame_quality import FreezeDetector, is_hidden, picture_problem, thumbnail


def scene(low: int = 20, high: int = 235) -> Picture:
    """A sharp patchwork of random colours, 480 x 640."""
    cells = np.random.default_rng(3).integers(low, high, (24, 32, 3))
    return np.kron(cells, np.ones((20, 20, 1))).astype(np.uint8)


def noisy(picture: np.ndarray, sigma: float = 2.0) -> Picture:
    return np.clip(picture + np.random.default_rng(4).normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def smeared(picture: Picture, reach: int, axes: tuple[int, ...]) -> np.ndarray:
    """A running mean over `reach` pixels, three times over each axis when there are two (nearly Gaussian)."""
    result = picture.astype(float)
    for axis in axes * (3 if len(axes) > 1 else 1):
        result = np.mean([np.roll(result, shift, axis) for shift in range(reach)], axis=0)
    return result


GREY = np.zeros((480, 640, 3))


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        (lambda: GREY, "dark"),
        (lambda: scene() * 0.05, "dark"),
        (lambda: GREY + 255, "overexposed"),
        (lambda: GREY + (90, 130, 170), "blank"),
        (lambda: GREY + np.linspace(60, 200, 640)[:, None], "blank"),
        (lambda: smeared(scene(), 24, (0, 1)), "blurred"),
        (lambda: smeared(scene(), 90, (1,)), "blurred"),
        (lambda: GREY + (60, 20, 15), "covered"),
    ],
)  # each made by its own test: made with the list, every worker made all of them
def test_a_spoilt_picture_is_named(spoilt: Callable[[], np.ndarray], problem: PictureProblem) -> None:
    picture = noisy(spoilt())
    assert picture_problem(picture) == problem
    assert is_hidden(picture) == (problem in ("dark", "covered"))


def test_a_scene_passes_at_dusk_in_fog_and_with_a_blurred_background() -> None:
    background = noisy(smeared(scene(), 24, (0, 1)))
    background[160:320, 200:440] = scene()[160:320, 200:440]
    for picture in (scene(), noisy(scene() * 0.2), noisy(scene(110, 150)), background):
        assert picture_problem(picture) is None
        assert not is_hidden(picture)


def test_a_thumbnail_is_judged_like_its_picture() -> None:
    small = thumbnail(scene())
    assert thumbnail(small) is small
    assert max(small.shape) == 160


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 3), (17, 2)])
def test_odd_shapes_are_judged_without_failing(shape: tuple[int, int]) -> None:
    assert picture_problem(np.full((*shape, 3), 128, np.uint8)) == "blank"


def test_only_pictures_repeated_for_long_are_frozen() -> None:
    detector = FreezeDetector(longest_s=2.0)
    assert [detector.is_frozen(scene(), time_s) for time_s in (0.0, 1.0, 2.0)] == [False, False, True]
    assert not detector.is_frozen(noisy(scene()), 2.1)
