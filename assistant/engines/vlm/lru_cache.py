"""A cache bounded by bytes that drops what was least recently used. Knows nothing of what it keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Keeps values up to a number of bytes in all and drops the least recently used. Threads may share it.

    The newest is kept even if it is larger than the limit alone: it was just paid for and is about to be used. A limit of 0 keeps nothing.
    """

    def __init__(self, limit_bytes: int, size_bytes: Callable[[V], int]) -> None:
        """Create an empty cache.

        Args:
            limit_bytes: of all values together.
            size_bytes: tells a value's size.
        """
        self._limit_bytes = limit_bytes
        self._size_bytes = size_bytes
        self._values: OrderedDict[K, V] = OrderedDict()
        self._held_bytes = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Return the size of all values that are kept."""
        return self._held_bytes

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return a value, which is now the most recently used; None if it isn't kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value, in place of an older one of that key, and drop others as far as there is no room."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._held_bytes += self._size_bytes(value)
            while self._held_bytes > self._limit_bytes and (len(self._values) > 1 or not self._limit_bytes):
                self._drop(next(iter(self._values)))

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values.clear()
            self._held_bytes = 0

    def _drop(self, key: K) -> None:
        if key in self._values:
            self._held_bytes -= self._size_bytes(self._values.pop(key))
