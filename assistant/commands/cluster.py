"""Spreads work over the machines of a Dask cluster, as `spread` does over processes. A worker that is lost loses nothing, and who was
only with the guilty isn't given up with it.

The program itself stays on its machine: it speaks to a scheduler there, which the workers of other machines connect to.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from assistant.problems import BadInput, MissingModel

A = TypeVar("A")
B = TypeVar("B")
CONNECT_S, POLL_S, WORKERLESS_S = 15, 1, 60
"""Seconds: to find the scheduler, to wait between two looks at the workers, and for a first or another worker."""
WAITING_A_WORKER = 4
"""Pieces of work that are handed out beyond those being done, so that no worker waits for the next."""


def spread_over_cluster(items: Sequence[A], work: Callable[[A], B], address: str) -> Iterator[tuple[A, B | None]]:
    """Yield each item with what the work made of it, as they are done; None where worker after worker died that had nothing else to do.

    Args:
        items: what is to be worked on.
        work: a function that the workers' Python can import, or a partial of one; what it raises is raised here.
        address: of the scheduler, on this machine.

    Raises:
        BadInput: there is no scheduler, it is on another machine, or it has no worker for a minute.
        MissingModel: the extra [cluster] isn't installed.
    """
    _check(address)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for this machine's address in the network, which is refused
            import distributed
    except ImportError as error:
        raise MissingModel("a cluster needs Dask, which isn't installed", "run: pip install 'scene-assistant[cluster]'") from error
    try:
        client = distributed.Client(address, timeout=CONNECT_S)
    except (OSError, TimeoutError) as error:
        raise BadInput(f"there is no Dask scheduler at {address}", "start one with: dask scheduler --host 127.0.0.1") from error
    with client:
        yield from _spread(distributed, client, items, work)


def _spread(distributed: Any, client: Any, items: Sequence[A], work: Callable[[A], B]) -> Iterator[tuple[A, B | None]]:
    """Dask gives up all that a worker had when it was lost, once that is the fourth: such work is done again at the end, each alone."""
    suspects = []
    for item, future in _together(distributed, client, items, work):
        try:
            yield item, _result(client, future)
        except distributed.KilledWorker:
            suspects.append(item)
    for item in suspects:
        try:
            yield item, _result(client, client.submit(work, item, pure=False))
        except distributed.KilledWorker:
            yield item, None


def _together(distributed: Any, client: Any, items: Sequence[A], work: Callable[[A], B]) -> Iterator[tuple[A, Any]]:
    """Yield each item with its future, ended. Little more than is being done is handed out: a million videos aren't a million messages."""
    left, handed_out = iter(items), dict[Any, A]()
    while True:
        room = WAITING_A_WORKER + sum(client.nthreads().values() or [1]) - len(handed_out)
        handed_out |= {client.submit(work, item, pure=False): item for item in islice(left, max(0, room))}
        if not handed_out:
            return
        ended = _bounded(client, partial(distributed.wait, list(handed_out), POLL_S, return_when="FIRST_COMPLETED"))
        for future in ended.done:
            yield handed_out.pop(future), future


def _result(client: Any, future: Any) -> Any:
    return _bounded(client, partial(future.result, timeout=POLL_S))


def _bounded(client: Any, wait: Callable[[], B]) -> B:
    """Wait, a piece at a time, while there are workers: a lost one comes again by itself, but not if its machine is off."""
    until_s = time.monotonic() + WORKERLESS_S
    while True:
        try:
            return wait()
        except TimeoutError as error:
            if client.nthreads():
                until_s = time.monotonic() + WORKERLESS_S
            elif time.monotonic() > until_s:
                raise BadInput(
                    "the Dask scheduler has no worker (left)", "start one with: dask worker ADDRESS, then this again: what is done is kept"
                ) from error


def _check(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise BadInput(f"--cluster {address} is no scheduler of this machine", "run this where it is, and give tcp://127.0.0.1:8786")
