"""Spreads work over processes. A process that dies takes nothing with it: what it was at is begun again, once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from assistant import offline

A = TypeVar("A")
B = TypeVar("B")
TRIES = 2
"""Of a piece of work whose process dies, perhaps by it."""


def spread(items: Sequence[A], work: Callable[[A], B], jobs: int) -> Iterator[tuple[A, B | None]]:
    """Yield each item with what the work made of it, as they are done; None where its process died, twice.

    `work` must be a function that another process can import, or a partial of one. With one job all is done here.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from ((item, work(item)) for item in items)
        return
    left = dict.fromkeys(range(len(items)), 0)
    while left:
        alone = any(left.values())  # a process has died: who is at fault shows when each is alone
        for number, result in _round(items, work, list(left), 1 if alone else jobs):
            if result is None:
                left[number] += 1
                if left[number] >= TRIES:
                    del left[number]
                    yield items[number], None
                break
            del left[number]
            yield items[number], result[0]


def _round(items: Sequence[A], work: Callable[[A], B], numbers: list[int], jobs: int) -> Iterator[tuple[int, tuple[B] | None]]:
    """Until all is done, or a process dies: then the first that was lost, with None."""
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin)
    waiting: dict[Future[B], int] = {}
    try:
        for number in numbers:
            if len(waiting) >= 2 * jobs:
                yield from _done(waiting)
            waiting[pool.submit(work, items[number])] = number
        while waiting:
            yield from _done(waiting)
    except BrokenProcessPool:
        yield min(waiting.values(), default=numbers[0]), None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _done(waiting: dict[Future[B], int]) -> Iterator[tuple[int, tuple[B]]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        result = (future.result(),)
        yield waiting.pop(future), result


def _begin() -> None:
    """Hold a new process to this machine, as its parent is."""
    offline.enforce()
    offline.enforce_below_python()
