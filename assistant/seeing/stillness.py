"""Tells whether a picture shows the same as the last one that was looked at, in well under a millisecond. Pure."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from assistant.messages import Picture

SIZE = (32, 18)
"""Pixels that a picture is shrunk to."""
NOISE = 6.0
"""Levels of 255 by which such a pixel changes for nothing but the camera's noise and a lamp's flicker."""


class Stillness:
    """Remembers the last picture that wasn't still, a few hundred bytes of it."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.float32] | None = None

    def is_still(self, picture: Picture) -> bool:
        """Tell whether uint8 [H, W, 3] shows nothing that the last one which wasn't still didn't."""
        small = cv2.cvtColor(cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
        if self._last is not None:
            change = small - self._last
            if float(np.abs(change - np.median(change)).max()) < NOISE:
                return True
        self._last = small
        return False
