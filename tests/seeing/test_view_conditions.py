"""What is said to "where am I looking?": about light and sharpness, always something, always in every language."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from assistant.languages import languages, phrase
from assistant.messages import Picture
from assistant.seeing.view_conditions import view_conditions


def scene(height: int = 480, width: int = 640) -> Picture:
    """Blocks of many colours with sharp edges, of medium brightness."""
    coarse = np.random.default_rng(3).integers(60, 200, (12, 16, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def lit(gain: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Picture:
    """The scene times a gain of (x, y), both in [0, 1]."""
    y, x = np.meshgrid(np.linspace(0, 1, 480), np.linspace(0, 1, 640), indexing="ij")
    return np.asarray(np.clip(scene() * gain(x, y)[..., np.newaxis], 0, 255), np.uint8)


def test_a_good_view_is_called_good() -> None:
    assert view_conditions(scene()) == ["view_good"]


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (lit(lambda x, y: 0.25 + 0 * x), "view_dim"),
        (lit(lambda x, y: 1.5 + 1.2 * y), "view_bright"),
        (lit(lambda x, y: np.where(x < 0.4, 1.3, 0.4)), "view_lit_left"),
        (lit(lambda x, y: np.where(x < 0.6, 0.4, 1.3)), "view_lit_right"),
        (lit(lambda x, y: np.where((abs(x - 0.5) < 0.28) & (abs(y - 0.5) < 0.28), 0.3, 1.5)), "view_backlit"),
        (cv2.GaussianBlur(scene(), (0, 0), 3.5), "view_soft"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_light_and_sharpness_are_named(picture: Picture, said: str) -> None:
    assert view_conditions(picture) == [said]


def test_two_troubles_are_both_named() -> None:
    assert view_conditions(cv2.GaussianBlur(lit(lambda x, y: 0.25 + 0 * x), (0, 0), 2.0)) == ["view_dim", "view_soft"]


@pytest.mark.parametrize(("level", "said"), [(0, "dark"), (128, "blank"), (255, "overexposed")])
def test_a_picture_that_must_not_be_described_is_named_by_its_problem_alone(level: int, said: str) -> None:
    assert view_conditions(np.full((480, 640, 3), level, np.uint8)) == [said]


@pytest.mark.parametrize("shape", [(1, 1), (2, 700), (700, 2), (3, 3)])
def test_a_picture_of_odd_shape_is_no_trouble(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (*shape, 3)).astype(np.uint8)
    for key in view_conditions(picture):
        assert all(phrase(key, code)[0] for code in languages())
