"""A named thread with an owner: it is stopped, unblocked and joined by whoever started it, and its error is raised again there.

Also what watches over threads (how often one may be restarted, which of them hang), and where they meet: a bounded inbox.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Worker:
    """Runs `body` on a thread of its own. `unblock` is called by `stop` to end what `body` may be waiting for.

    With `restarts`, a body that dies of an error runs again as often as they allow, and `on_restart` is called on the worker's thread
    with its name and the error; then, or without them, the error is kept for `stop` to raise.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[], None],
        unblock: Callable[[], None],
        restarts: RestartLimit | None = None,
        on_restart: Callable[[str, Exception], None] = lambda name, error: None,
    ) -> None:
        self.name = name
        self._body = body
        self._unblock = unblock
        self._restarts = restarts
        self._on_restart = on_restart
        self._stopping = False
        self._error: BaseException | None = None
        self.done = threading.Event()
        """Set once the body has returned or died for good."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def failed(self) -> bool:
        """Tell whether the body has died of an error that `stop` will raise."""
        return self._error is not None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Unblock and join; return False if the thread still runs after `timeout_s`. Raises what the body died of."""
        self._stopping = True
        self._unblock()
        self._thread.join(timeout_s)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping and not self._returned():
                pass
        except BaseException as error:  # kept for the owner, who raises it in `stop`
            self._error = error
        finally:
            self.done.set()

    def _returned(self) -> bool:
        """Run the body once; False if it died and may run again."""
        try:
            self._body()
        except Exception as error:
            if self._stopping or self._restarts is None or not self._restarts.allows(time.monotonic()):
                raise
            self._on_restart(self.name, error)
            return False
        return True


class RestartLimit:
    """Allows so many restarts within so many seconds. Takes the time as an argument; one for each worker."""

    def __init__(self, count: int = 5, within_s: float = 60.0) -> None:
        self._within_s = within_s
        self._times_s: deque[float] = deque(maxlen=count)

    def allows(self, now_s: float) -> bool:
        """Tell whether one more restart is allowed now; it counts if it is."""
        is_full = len(self._times_s) == self._times_s.maxlen
        if is_full and (not self._times_s or now_s - self._times_s[0] < self._within_s):
            return False
        self._times_s.append(now_s)
        return True


class Watchdog:
    """Finds the stages that hang: those whose last sign of life is older than their limit. Takes the time as an argument.

    A stage is expected to `beat` whenever it gets on, and to `rest` before it waits for others (a question, a sentence): nothing is
    expected of it then until it beats again, nor before its first beat. Any thread may call.
    """

    def __init__(self, limits_s: Mapping[str, float]) -> None:
        self._limits_s = dict(limits_s)
        self._beats_s: dict[str, float] = {}

    def beat(self, stage: str, time_s: float) -> None:
        """Note a sign of life. KeyError for a stage without a limit."""
        if stage not in self._limits_s:
            raise KeyError(stage)
        self._beats_s[stage] = time_s

    def rest(self, stage: str) -> None:
        """Expect nothing of a stage until it beats again."""
        self._beats_s.pop(stage, None)

    def hung(self, now_s: float) -> list[str]:
        """Return the stages that hang now, in the order of their limits."""
        beats_s = self._beats_s.copy()
        return [stage for stage, limit_s in self._limits_s.items() if now_s - beats_s.get(stage, now_s) > limit_s]


class Inbox(Generic[T]):
    """A bounded queue between threads: when full the oldest item is dropped, since a user cares for what was said last."""

    def __init__(self, capacity: int) -> None:
        self._items: queue.Queue[T | None] = queue.Queue()
        self._capacity = capacity

    def put(self, item: T) -> None:
        """Add an item, and drop the oldest if there are too many."""
        while self._items.qsize() >= self._capacity:
            try:
                self._items.get_nowait()
            except queue.Empty:
                break
        self._items.put(item)

    def get(self) -> T | None:
        """Wait for the next item and return it; None once closed."""
        return self._items.get()

    def close(self) -> None:
        """Take no more items: every later `get` that finds nothing older returns None."""
        self._items.put(None)
