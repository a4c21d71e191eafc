"""A named thread with an owner: it is stopped, unblocked and joined by whoever started it, and its error is raised again there.

Also the two places where threads meet: a bounded inbox that keeps the newest, and a slot that holds only the newest.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Worker:
    """Runs `body` on a thread of its own. `unblock` is called by `stop` to end what `body` may be waiting for."""

    def __init__(self, name: str, body: Callable[[], None], unblock: Callable[[], None]) -> None:
        self.name = name
        self._body = body
        self._unblock = unblock
        self._error: BaseException | None = None
        self.done = threading.Event()
        """Set once the body has returned or died."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def failed(self) -> bool:
        """Whether the body has died of an error that `stop` will raise."""
        return self._error is not None

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Unblock and join; False if the thread still runs after `timeout_s`. Raises what the body died of."""
        self._unblock()
        self._thread.join(timeout_s)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._body()
        except BaseException as error:  # kept for the owner, who raises it in `stop`
            self._error = error
        finally:
            self.done.set()


class Inbox(Generic[T]):
    """A bounded queue: when full the oldest item is dropped, since a user cares for what was said last."""

    def __init__(self, capacity: int) -> None:
        self._items: queue.Queue[T | None] = queue.Queue()
        self._capacity = capacity

    def put(self, item: T) -> None:
        while self._items.qsize() >= self._capacity:
            try:
                self._items.get_nowait()
            except queue.Empty:
                break
        self._items.put(item)

    def get(self) -> T | None:
        """Wait for the next item; None once closed."""
        return self._items.get()

    def close(self) -> None:
        """No more items: every later `get` that finds nothing older returns None."""
        self._items.put(None)
