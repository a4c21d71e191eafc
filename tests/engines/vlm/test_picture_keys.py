"""A picture is known by its content, which is hashed once as long as its frame lives."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from assistant.engines.vlm import picture_keys
from assistant.engines.vlm.picture_keys import PictureDigests
from assistant.messages import Frame


def frame(seed: int, height: int = 6, width: int = 8) -> Frame:
    return Frame(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8), 0.0)


def test_the_same_content_has_the_same_digest_and_another_content_or_shape_another() -> None:
    digests, shown = PictureDigests(), frame(1)
    assert digests.of(shown) == digests.of(frame(1)) == PictureDigests().of(shown)
    turned = Frame(shown.picture.reshape(8, 6, 3), 0.0)
    mirrored = Frame(shown.picture[:, ::-1], 0.0)
    assert len({digests.of(each) for each in (shown, turned, mirrored, frame(2))}) == 4


def test_a_frame_is_hashed_once_until_a_camera_writes_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = list[bytes]()
    hash_pixels = picture_keys._digest

    def count(pixels: np.ndarray) -> bytes:
        hashed.append(pixels.tobytes())
        return hash_pixels(pixels)

    monkeypatch.setattr(picture_keys, "_digest", count)
    digests, shown = PictureDigests(), frame(1)
    before = digests.of(shown)
    assert digests.of(shown) == before and len(hashed) == 1
    shown.picture[-1, -1, -1] += 1
    assert digests.of(shown) != before and len(hashed) == 2
    shown.picture[-1, -1, -1] -= 1
    assert digests.of(shown) == before and len(hashed) == 3


def test_frames_are_not_kept() -> None:
    digests, shown = PictureDigests(), frame(1)
    digests.of(shown)
    gone = weakref.ref(shown)
    del shown
    gc.collect()
    assert gone() is None
