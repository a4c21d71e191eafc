"""A sheet on a table is found, seen from any side."""

from __future__ import annotations

from time import process_time

import cv2
import numpy as np
import pytest

from assistant.messages import Picture
from assistant.reading.page_edges import page_corners

Points = tuple[tuple[float, float], ...]
VIEWS: dict[str, Points] = {
    "upright": ((300, 60), (980, 60), (980, 660), (300, 660)),
    "turned": ((420, 40), (1040, 220), (860, 680), (240, 500)),
    "from below": ((420, 80), (860, 80), (1080, 660), (200, 660)),
    "from a side": ((250, 150), (1000, 40), (1000, 690), (250, 560)),
    "far away": ((500, 200), (900, 220), (880, 560), (480, 520)),
}


def sheet(shade: int = 235) -> Picture:
    """A printed page, 600 x 450."""
    paper = np.full((600, 450, 3), shade, np.uint8)
    for row in range(12):
        cv2.putText(paper, "the quick brown fox", (30, 60 + 44 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 20), 2)
    return paper


def table(kind: str) -> Picture:
    """What the sheet lies on, 720 x 1280."""
    random = np.random.default_rng(5)
    if kind == "wood":
        grain = 90 + 25 * np.sin(np.arange(720) / 6)[:, None] + random.normal(0, 8, (720, 1280))
        return np.clip(grain[..., None] * (1.1, 0.8, 0.5), 0, 255).astype(np.uint8)
    if kind == "pattern":
        return np.kron(random.integers(20, 170, (36, 64, 3)), np.ones((20, 20, 1))).astype(np.uint8)
    shade = {"dark": 40, "grey": 150, "white": 205}[kind]
    return np.clip(shade + random.normal(0, 3, (720, 1280, 3)), 0, 255).astype(np.uint8)


def seen(paper: Picture, points: Points, background: Picture) -> Picture:
    source = np.array([(0, 0), (paper.shape[1], 0), (paper.shape[1], paper.shape[0]), (0, paper.shape[0])], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.array(points, np.float32))
    size = (background.shape[1], background.shape[0])
    mask = cv2.warpPerspective(np.full(paper.shape[:2], 255, np.uint8), matrix, size)
    laid = cv2.warpPerspective(paper, matrix, size, flags=cv2.INTER_AREA)
    return np.where(mask[..., None] > 127, laid, background).astype(np.uint8)


@pytest.mark.parametrize("kind", ["dark", "grey", "white", "wood", "pattern"])
@pytest.mark.parametrize("points", VIEWS.values(), ids=VIEWS.keys())
def test_a_sheet_is_found(points: Points, kind: str) -> None:
    found = page_corners(seen(sheet(), points, table(kind)))
    assert found is not None
    assert np.abs(np.array(found) * (1280, 720) - np.array(points)).max() < 8  # pixels


@pytest.mark.parametrize("kind", ["dark", "white", "wood", "pattern"])
def test_no_sheet_is_found_where_none_is(kind: str) -> None:
    assert page_corners(table(kind)) is None


def test_a_page_that_fills_the_picture_has_no_edges() -> None:
    assert page_corners(cv2.resize(sheet(), (1280, 720))) is None


def test_tiny_and_even_pictures_do_no_harm() -> None:
    for shape in ((1, 1, 3), (2, 500, 3), (720, 1280, 3)):
        assert page_corners(np.zeros(shape, np.uint8)) is None


def test_a_sheet_is_looked_for_within_the_time_between_two_frames() -> None:
    times = []
    picture = seen(sheet(), VIEWS["turned"], table("pattern"))
    for _ in range(5):
        start = process_time()
        page_corners(picture)
        times.append(process_time() - start)
    assert min(times) < 0.03  # seconds of the processor: other tests may run beside it
