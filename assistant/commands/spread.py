"""Spreads work over processes. When one dies, what was handed out is begun again, each alone: so it shows which work is at fault."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from assistant import offline

A = TypeVar("A")
B = TypeVar("B")
TRIES = 2
"""Of a piece of work alone in its process, if that dies: other programs may have used up the memory."""


def spread(items: Sequence[A], work: Callable[[A], B], jobs: int) -> Iterator[tuple[A, B | None]]:
    """Yield each item with what the work made of it, as they are done; None where its process died twice with nothing else in it.

    `work` must be a function that another process can import, or a partial of one. With one job all is done here.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from ((item, work(item)) for item in items)
        return
    left = deque(items)
    while left:
        for suspect in (yield from _together(left, work, jobs)):
            yield suspect, _alone(suspect, work)


def _together(left: deque[A], work: Callable[[A], B], jobs: int) -> Generator[tuple[A, B], None, list[A]]:
    """Take from `left` and yield what is done, until all is or a process dies; return what was handed out and isn't done."""
    waiting: dict[Future[B], A] = {}
    pool = _pool(jobs)
    try:
        while left or waiting:
            while left and len(waiting) < 2 * jobs:
                future = pool.submit(work, left[0])
                waiting[future] = left.popleft()
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                result = future.result()
                yield waiting.pop(future), result
    except BrokenProcessPool:
        pass
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    yield from ((item, future.result()) for future, item in waiting.items() if not future.exception())
    return [item for future, item in waiting.items() if future.exception()]


def _alone(item: A, work: Callable[[A], B]) -> B | None:
    for _ in range(TRIES):
        with _pool(1) as pool:
            try:
                return pool.submit(work, item).result()
            except BrokenProcessPool:
                continue
    return None


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """Hold a new process to this machine, as its parent is."""
    offline.enforce()
    offline.enforce_below_python()
