"""Finds people with OpenCV's histogram of oriented gradients (Dalal & Triggs 2005), the peer of the benchmark of detection.

OpenCV 5 has it no more: another Python with OpenCV 4 runs this file. Lines in: paths of pictures. Lines out: [[sureness, left, top,
width, height], ...] in JSON, shares of the picture.
"""

import json
import sys
from typing import Any

import cv2

_OPENCV4: Any = cv2  # the types that are installed are those of OpenCV 5
SHORT_SIDE = 512
"""Pixels; smaller people than 64 x 128 aren't found, so small pictures are enlarged."""


def main() -> None:
    """Answer each line."""
    hog = _OPENCV4.HOGDescriptor()
    hog.setSVMDetector(_OPENCV4.HOGDescriptor_getDefaultPeopleDetector())
    for line in sys.stdin:
        picture = _OPENCV4.imread(line.strip())
        scale = SHORT_SIDE / min(picture.shape[:2])
        picture = _OPENCV4.resize(picture, None, fx=scale, fy=scale)
        height, width = picture.shape[:2]
        boxes, sureness = hog.detectMultiScale(picture, winStride=(8, 8), padding=(8, 8), scale=1.05)
        rows = [[float(sure), x / width, y / height, w / width, h / height] for (x, y, w, h), sure in zip(boxes, sureness, strict=True)]
        print(json.dumps(rows), flush=True)


if __name__ == "__main__":
    main()
