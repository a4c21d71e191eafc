"""A camera and a microphone that outlive the loss of their device: it is closed and opened again, with backoff, until it is back.

Know no library and no concrete device: they are given the function that opens one. It is read on a thread of its own, which is left
behind where it hangs in a driver; so whoever looks or listens never hangs, and `close` is prompt. A loss is a MissingDevice
(LostDevice is one) or silence for too long. A source that ends has ended: a recording that is over isn't lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from assistant.devices.connection import GRACE_S, Connection, OnChange, Timeouts
from assistant.interfaces import Camera, Microphone
from assistant.messages import AudioChunk, Frame
from assistant.problems import LostDevice, MissingDevice
from assistant.translatable import Translatable
from assistant.workers import Worker

_SENDS_NOTHING = {
    "camera": Translatable("the camera sends nothing any more"),
    "microphone": Translatable("the microphone sends nothing any more"),
}


class _Closable(Protocol):
    def close(self) -> None: ...


D = TypeVar("D", bound=_Closable)
T = TypeVar("T")


class _Feed(Generic[D, T]):
    """One opened device, read on a thread of its own, an item ahead of whoever asks for them."""

    def __init__(self, name: str, open_device: Callable[[], D], read: Callable[[D], Iterator[T]]) -> None:
        self._open = open_device
        self._read = read
        self._device: D | None = None
        self._item: T | None = None
        self._is_over = False
        self._changed = threading.Condition()
        self.worker = Worker(name, self._pump, self.end)
        self.worker.start()

    def next(self, within_s: float) -> T | None:
        """The next item; None once it is over. TimeoutError when none comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_over or self._item is not None, within_s):
                raise TimeoutError
            item, self._item = self._item, None
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """No more of it; safe to call twice and from any thread."""
        with self._changed:
            self._is_over = True
            self._item = None
            self._changed.notify_all()
        if self._device is not None:
            self._device.close()

    def _pump(self) -> None:
        try:
            device = self._device = self._open()
            try:
                if self._is_over:  # it took so long to open that nobody waits for it any more
                    return
                for item in self._read(device):
                    if not self._put(item):
                        break
            finally:
                device.close()
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _put(self, item: T) -> bool:
        """Wait until the one before was taken; False once it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._item is None)
            if self._is_over:
                return False
            self._item = item
            self._changed.notify_all()
            return True


class _Source(Generic[D, T]):
    """What camera and microphone share."""

    def __init__(
        self, name: str, open_device: Callable[[], D], read: Callable[[D], Iterator[T]], on_change: OnChange, timeouts: Timeouts
    ) -> None:
        self._connection = Connection(name, on_change, timeouts)
        self._open = open_device
        self._read = read
        self._opened: D | None = open_device()
        self._feed: _Feed[D, T] | None = None

    def items(self) -> Iterator[T]:
        """Yield until the source ends by itself or is closed, whatever becomes of its device meanwhile."""
        connection = self._connection
        while not connection.closed.is_set():
            try:
                yield from self._until_lost()
                return
            except MissingDevice as why:
                connection.lost(why)
            if not connection.wait():
                return

    def close(self) -> None:
        self._connection.closed.set()
        if self._opened is not None:
            self._opened.close()
        if self._feed is not None:
            self._feed.end()

    def _until_lost(self) -> Iterator[T]:
        connection, timeouts = self._connection, self._connection.timeouts
        feed = self._feed = _Feed(connection.name, self._first_or_new, self._read)
        within_s = timeouts.start_s
        try:
            while not connection.closed.is_set() and (item := feed.next(within_s)) is not None:
                connection.worked()
                yield item
                within_s = timeouts.stall_s
        except TimeoutError:
            raise LostDevice(_SENDS_NOTHING[connection.name], "check its cable or plug it in again") from None
        finally:
            if not feed.worker.stop(GRACE_S):  # raises what it died of
                connection.leave(feed.worker)

    def _first_or_new(self) -> D:
        device, self._opened = self._opened, None
        return device if device is not None else self._open()


class ReconnectingCamera:
    """Implements `interfaces.Camera` and outlives its device's loss. The first opening is done at once and raises what it raises."""

    def __init__(self, open_camera: Callable[[], Camera], on_change: OnChange, timeouts: Timeouts | None = None) -> None:
        self._source = _Source("camera", open_camera, lambda camera: camera.frames(), on_change, timeouts or Timeouts())

    def frames(self) -> Iterator[Frame]:
        """Yield frames until the source ends by itself or is closed, whatever becomes of its device meanwhile."""
        return self._source.items()

    def close(self) -> None:
        """End `frames` and close the device."""
        self._source.close()


class ReconnectingMicrophone:
    """Implements `interfaces.Microphone` and outlives its device's loss. The first opening is done at once and raises what it raises."""

    def __init__(self, open_microphone: Callable[[], Microphone], on_change: OnChange, timeouts: Timeouts | None = None) -> None:
        self._source = _Source("microphone", open_microphone, lambda microphone: microphone.chunks(), on_change, timeouts or Timeouts())

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield chunks until the source ends by itself or is closed; none come while the device is lost."""
        return self._source.items()

    def close(self) -> None:
        """End `chunks` and close the device."""
        self._source.close()
