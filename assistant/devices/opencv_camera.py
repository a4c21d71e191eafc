"""Live cameras through OpenCV. Converts to RGB frames with times; decides nothing about what they show."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import cv2

from assistant.devices.picture_file import shrink, to_rgb
from assistant.messages import Frame
from assistant.problems import LostDevice, MissingDevice
from assistant.settings import CameraSettings
from assistant.translatable import Translatable


class OpencvCamera:
    """Implements `interfaces.Camera` on a live camera. Times are those of the monotonic clock at arrival."""

    def __init__(self, number: int, settings: CameraSettings) -> None:
        """Open a camera by its number. MissingDevice if that can't be done."""
        self._name = Translatable("camera {number}", number=number)
        self._settings = settings
        self._closed = threading.Event()
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            raise MissingDevice(
                "{name} can't be opened", "plug it in, close other programs that use it, or give another number", name=self._name
            )
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def frames(self) -> Iterator[Frame]:
        """Yield frames until `close`. LostDevice when the device gives no more."""
        try:
            while not self._closed.is_set():
                delivered, picture = self._capture.read()
                if self._closed.is_set():
                    return
                if not delivered:
                    raise LostDevice("{name} has stopped giving pictures", "check its cable, then start again", name=self._name)
                yield Frame(shrink(to_rgb(picture), self._settings.largest_edge), time.monotonic())
        finally:
            self._capture.release()

    def close(self) -> None:
        """End `frames` after the picture it is waiting for, which frees the device."""
        self._closed.set()
