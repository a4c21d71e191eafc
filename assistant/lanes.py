"""Engines are used by one thread each: a lane. Requests wait in line for it, so many and so long, and no more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class Busy(Exception):
    """More wait than there is room for, or one has waited too long; `retry_after_s` says when it's worth trying again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("busy")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class _End:
    """Of a stream: what it died of, if it did."""

    error: Exception | None = None


class Lane:
    """One thread, and a bounded line before it. Its methods are the event loop's; what they are given runs in the thread."""

    USUAL_S = 1.0
    """A request is taken to last, before any has been measured."""

    def __init__(self, name: str, waiting: int, wait_s: float | None) -> None:
        """`waiting`: how many may wait, beside the one that is served; `wait_s`: how long, None for as long as it takes."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._room, self._wait_s = waiting + 1, wait_s
        self._usual_s = self.USUAL_S
        self.in_line = 0
        """Requests that are served or wait."""

    async def do(self, work: Callable[[], T]) -> T:
        """Return what the work returns; Busy if there is no room, or its turn doesn't come in time."""
        return await self._begun(self._submit(work))

    async def stream(self, work: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Yield what the work yields; it is stopped once nobody listens. A listener who is slow doesn't hold up the lane."""
        loop, pieces, is_wanted = asyncio.get_running_loop(), asyncio.Queue[T | _End](), [True]

        def run() -> None:
            error: Exception | None = None
            try:
                for piece in work():
                    if not is_wanted[0]:
                        break
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except Exception as caught:
                error = caught
            loop.call_soon_threadsafe(pieces.put_nowait, _End(error))

        task = asyncio.ensure_future(self._begun(self._submit(run)))
        task.add_done_callback(lambda done: _pass_on(done, pieces))
        try:
            while not isinstance(piece := await pieces.get(), _End):
                yield piece
            if piece.error:
                raise piece.error
        finally:
            is_wanted[0] = False
            task.cancel()

    def close(self) -> None:
        """Let go of who waits; what runs comes to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, work: Callable[[], T]) -> tuple[Future[T], asyncio.Event]:
        if self.in_line >= self._room:
            raise Busy(self._usual_s * self.in_line)
        loop, began = asyncio.get_running_loop(), asyncio.Event()

        def timed() -> T:
            loop.call_soon_threadsafe(began.set)
            start_s = time.monotonic()
            try:
                return work()
            finally:
                self._usual_s += 0.2 * (time.monotonic() - start_s - self._usual_s)

        future = self._pool.submit(timed)
        self.in_line += 1
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._left))
        return future, began

    async def _begun(self, submitted: tuple[Future[T], asyncio.Event]) -> T:
        future, began = submitted
        try:
            await asyncio.wait_for(began.wait(), self._wait_s)
        except (TimeoutError, asyncio.CancelledError) as error:
            if future.cancel() and isinstance(error, TimeoutError):
                raise Busy(self._usual_s * self.in_line) from error
            if not isinstance(error, TimeoutError):
                raise
        return await asyncio.wrap_future(future)

    def _left(self) -> None:
        self.in_line -= 1


def _pass_on(done: asyncio.Task[None], pieces: asyncio.Queue[Any]) -> None:
    """What kept a stream from its turn, to whoever listens."""
    if not done.cancelled() and isinstance(error := done.exception(), Exception):
        pieces.put_nowait(_End(error))
