"""What is no picture, for all engines that look into one."""

from __future__ import annotations

import numpy as np

from assistant.messages import Picture
from assistant.problems import BadInput

LONGEST_SIDE = 32_000
"""Pixels; OpenCV can neither resize nor cut lines out of larger pictures."""


def check_picture(picture: Picture, what_cant: str) -> None:
    """Raise BadInput unless it is uint8 [H, W, 3] with something in it, and not too large.

    `what_cant`: what an engine can't do then, as "text can't be read".
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise BadInput(f"{what_cant} in an array {picture.dtype} {picture.shape}", "give it a picture, uint8 [H, W, 3]")
    if max(picture.shape) > LONGEST_SIDE:
        raise BadInput(f"{what_cant} in a picture of {picture.shape[1]} x {picture.shape[0]} pixels", "make it smaller")
