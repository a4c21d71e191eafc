"""Pictures reach the model as the reference's processor makes them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from assistant.runtimes.smolvlm2_image import ImageSettings, make_tiles, resize

SETTINGS = ImageSettings(longest_edge=2048, tile_size=512, splitting=True, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def scene(width: int, height: int) -> np.ndarray:
    """Smooth shades, hard edges and noise: uint8 [height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width]
    shades = np.stack([x * 255 / width, y * 255 / height, (x // 7 + y // 5) % 2 * 255], axis=-1)
    noise = np.random.default_rng(0).normal(0, 12, shades.shape)
    return np.clip(shades + noise, 0, 255).astype(np.uint8)


# For some tall pictures Pillow runs the vertical pass first and so rounds otherwise: the last case, here with hard edges all over.
@pytest.mark.parametrize(
    ("size_in", "size_out", "furthest", "mean"),
    [
        ((640, 480), (512, 512), 1, 0.01),
        ((1280, 720), (512, 288), 1, 0.01),
        ((320, 240), (1024, 768), 1, 0.01),
        ((100, 50), (512, 256), 1, 0.01),
        ((480, 640), (512, 512), 13, 0.7),
    ],
)
def test_resizing_agrees_with_pillow(size_in: tuple[int, int], size_out: tuple[int, int], furthest: int, mean: float) -> None:
    picture = scene(*size_in)
    expected = np.asarray(Image.fromarray(picture).resize(size_out, Image.Resampling.LANCZOS))
    difference = np.abs(resize(picture, *size_out).astype(int) - expected)
    assert difference.max() <= furthest
    assert difference.mean() <= mean


@pytest.mark.parametrize(
    ("size", "rows", "cols"), [((512, 512), 4, 4), ((640, 480), 3, 4), ((480, 640), 4, 3), ((100, 50), 2, 4), ((2000, 300), 1, 4)]
)
def test_a_picture_is_split_into_the_references_grid_with_the_whole_last(size: tuple[int, int], rows: int, cols: int) -> None:
    tiles = make_tiles(scene(*size), SETTINGS, split=True)
    assert (tiles.rows, tiles.cols) == (rows, cols)
    assert tiles.pixels.shape == (rows * cols + 1, 3, 512, 512)


def test_without_splitting_a_picture_is_one_tile() -> None:
    tiles = make_tiles(scene(640, 480), SETTINGS, split=False)
    assert (tiles.pixels.shape, tiles.rows, tiles.cols) == ((1, 3, 512, 512), 0, 0)


def test_black_and_white_become_minus_one_and_one() -> None:
    black, white = (make_tiles(np.full((8, 8, 3), level, np.uint8), SETTINGS, split=False).pixels for level in (0, 255))
    np.testing.assert_allclose(black, -1, atol=1e-6)
    np.testing.assert_allclose(white, 1, atol=1e-6)


def test_a_picture_one_pixel_high_is_still_a_picture() -> None:
    assert make_tiles(scene(300, 1), SETTINGS, split=False).pixels.shape == (1, 3, 512, 512)


@pytest.mark.parametrize(
    "change",
    [
        {"size": None},
        {"size": {"longest_edge": 0}},
        {"image_mean": [0.5, 0.5]},
        {"image_std": [0, 1, 1]},
        {"max_image_size": {"longest_edge": 10**9}},
    ],
)
def test_a_preprocessor_file_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    good = {"size": {"longest_edge": 64}, "max_image_size": {"longest_edge": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    ImageSettings.from_dict(good)
    with pytest.raises((KeyError, TypeError, ValueError)):
        ImageSettings.from_dict(good | change)
