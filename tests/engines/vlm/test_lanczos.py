"""Pictures are resampled as Pillow does it, and a large photo doesn't take long."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from assistant.engines.vlm.lanczos import resize
from tests.support.scenes import scene

FURTHEST_LEVELS = 1
MEAN_LEVELS = 0.02
# Pillow does the same work in C. On an idle machine ours is sooner; what a loaded one adds must not fail the test.
SLOWEST_TIMES_PILLOW = 10


def pillow(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def differences(size_in: tuple[int, int], size_out: tuple[int, int]) -> np.ndarray:
    picture = scene(*size_in)
    return np.asarray(np.abs(resize(picture, *size_out).astype(np.int16) - pillow(picture, *size_out)))


@pytest.mark.parametrize(
    ("size_in", "size_out"),
    [
        ((640, 480), (2048, 1536)),
        ((2048, 1536), (512, 512)),
        ((640, 480), (512, 512)),
        ((1280, 720), (512, 288)),
        ((480, 640), (512, 512)),
        ((1152, 2048), (512, 512)),
        ((1538, 2048), (512, 512)),
        ((1538, 2048), (2048, 2048)),
        ((4000, 3000), (2048, 1536)),
        ((333, 517), (256, 256)),
        ((100, 50), (2048, 1024)),
        ((1, 1), (512, 512)),
        ((700, 1), (512, 2)),
        ((3, 900), (7, 64)),
    ],
)
def test_resizing_agrees_with_pillow_to_one_level(size_in: tuple[int, int], size_out: tuple[int, int]) -> None:
    difference = differences(size_in, size_out)
    print(f"{size_in} -> {size_out}: at most {difference.max()} levels, mean {difference.mean():.4f}")
    assert difference.max() <= FURTHEST_LEVELS
    assert difference.mean() <= MEAN_LEVELS


def test_any_two_sizes_agree_with_pillow_whichever_pass_it_runs_first() -> None:
    """For some tall pictures Pillow 13 resamples rows before columns; done the other way, hard edges came out 30 levels apart."""
    rng = np.random.default_rng(4)
    for width, height, new_width, new_height in rng.integers(8, 160, (150, 4)):
        assert differences((width, height), (new_width, new_height)).max() <= FURTHEST_LEVELS, (width, height, new_width, new_height)


def test_one_shade_stays_one_shade() -> None:
    for level in (0, 1, 127, 254, 255):
        assert (resize(np.full((37, 53, 3), level, np.uint8), 211, 19) == level).all()


def test_the_picture_given_is_left_as_it_is() -> None:
    picture = scene(64, 48)
    before = picture.copy()
    resize(picture, 32, 100)
    np.testing.assert_array_equal(picture, before)


def test_a_photo_of_twelve_megapixels_takes_about_as_long_as_in_pillow() -> None:
    """With weights as dense matrices it took 14 to 35 times as long, and 400 MB."""
    picture = scene(4000, 3000)

    def fastest_s(do: Callable[[np.ndarray, int, int], np.ndarray]) -> float:
        times_s = []
        for _ in range(3):
            began_s = time.process_time()
            do(picture, 2048, 1536)
            times_s.append(time.process_time() - began_s)
        return min(times_s)

    assert fastest_s(resize) <= SLOWEST_TIMES_PILLOW * fastest_s(pillow)
    tracemalloc.start()
    resize(picture, 2048, 1536)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 64e6
