"""Pictures reach the model as the reference's processor makes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.engines.vlm.image import TILE_BUDGETS, ImageSettings, make_tiles
from tests.support.scenes import scene

SETTINGS = ImageSettings(longest_edge=2048, tile_size=512, splitting=True, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("size", "rows", "cols"), [((512, 512), 4, 4), ((640, 480), 3, 4), ((480, 640), 4, 3), ((100, 50), 2, 4), ((2000, 300), 1, 4)]
)
def test_a_picture_is_split_into_the_references_grid_with_the_whole_last(size: tuple[int, int], rows: int, cols: int) -> None:
    tiles = make_tiles(scene(*size), SETTINGS, split=True)
    assert (tiles.rows, tiles.cols) == (rows, cols)
    assert tiles.pixels.shape == (rows * cols + 1, 3, 512, 512)


@pytest.mark.parametrize(
    "size", [(512, 512), (640, 480), (480, 640), (100, 50), (2000, 300), (300, 2000), (1, 700), (31, 29), (4000, 3000)]
)
@pytest.mark.parametrize("budget", sorted({*TILE_BUDGETS.values()} - {1}))
def test_a_split_picture_keeps_its_budget_of_tiles_and_uses_half_of_it(size: tuple[int, int], budget: int) -> None:
    tiles = make_tiles(scene(*size), SETTINGS, split=True, budget=budget)
    assert tiles.rows * tiles.cols + 1 == len(tiles.pixels)
    assert budget / 4 < len(tiles.pixels) <= budget


@pytest.mark.parametrize("size", [(512, 512), (640, 480), (333, 517)])
def test_the_full_budget_is_the_references_own_tiles(size: tuple[int, int]) -> None:
    full, own = (make_tiles(scene(*size), SETTINGS, split=True, budget=budget) for budget in (TILE_BUDGETS["full"], None))
    np.testing.assert_array_equal(full.pixels, own.pixels)


def test_a_model_that_must_not_split_gets_one_tile_whatever_the_budget() -> None:
    tiles = make_tiles(scene(640, 480), replace(SETTINGS, splitting=False), split=True, budget=17)
    assert (len(tiles.pixels), tiles.rows, tiles.cols) == (1, 0, 0)


def test_the_whole_picture_comes_last_and_the_tiles_row_by_row() -> None:
    """A picture whose four quarters have four shades."""
    picture = np.kron(np.array([[0, 80], [160, 240]])[..., None], np.ones((512, 512, 3))).astype(np.uint8)
    pixels = make_tiles(picture, SETTINGS, split=True, budget=5).pixels
    middles = pixels[:, 0, 256, 256] * 127.5 + 127.5
    np.testing.assert_allclose(middles[:4], [0, 80, 160, 240], atol=1)
    np.testing.assert_allclose(pixels[4, 0, ::300, ::300] * 127.5 + 127.5, [[0, 80], [160, 240]], atol=1)


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
        {"max_image_size": {"longest_edge": 4096}, "size": {"longest_edge": 4096}},
        {"max_image_size": {"longest_edge": 4}},
        {"size": {"longest_edge": 64.5}},
        {"size": {"longest_edge": "64"}},
        {"size": {"longest_edge": True}},
        {"image_mean": [0.5, 0.5, float("nan")]},
        {"image_std": ["0.5"] * 3},
        {"rescale_factor": float("inf")},
        {"rescale_factor": None},
        {"do_image_splitting": "no"},
    ],
)
def test_a_preprocessor_file_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    good = {"size": {"longest_edge": 64}, "max_image_size": {"longest_edge": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    ImageSettings.from_dict(good)
    with pytest.raises((KeyError, TypeError, ValueError)):
        ImageSettings.from_dict(good | change)
