"""A line is cut out upright, whole and of one height, however it stands in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from assistant.engines.ocr.line_crops import LINE_HEIGHT, LONGEST_LINE, cut_line
from assistant.engines.ocr.text_boxes import Corners

UPRIGHT = np.array([[40, 60], [140, 60], [140, 80], [40, 80]], np.float32)


@pytest.fixture
def picture() -> np.ndarray:
    """A line of 100 x 20 pixels, red where it begins and blue where it ends."""
    picture = np.full((200, 200, 3), 255, np.uint8)
    picture[60:80, 40:60] = (255, 0, 0)
    picture[60:80, 120:140] = (0, 0, 255)
    return picture


def turned(picture: np.ndarray, degrees: float) -> tuple[np.ndarray, Corners]:
    matrix = cv2.getRotationMatrix2D((100, 100), degrees, 1)
    return cv2.warpAffine(picture, matrix, (200, 200)), cv2.transform(UPRIGHT[np.newaxis], matrix)[0].astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 15, -40, 90, 180, 270])
def test_a_turned_line_is_upright_once_it_is_cut(picture: np.ndarray, degrees: float) -> None:
    line = cut_line(*turned(picture, degrees))
    assert line.shape == (LINE_HEIGHT, 240, 3)
    assert line[24, 10:35].mean(axis=0) == pytest.approx((255, 0, 0), abs=12)
    assert line[24, -35:-10].mean(axis=0) == pytest.approx((0, 0, 255), abs=12)


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1), (0, 0), (5000, 5000)])
def test_whatever_its_size_a_line_is_bounded(picture: np.ndarray, size: tuple[int, int]) -> None:
    width, height = size
    line = cut_line(picture, np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32))
    assert line.shape[0] == LINE_HEIGHT
    assert 1 <= line.shape[1] <= LONGEST_LINE
