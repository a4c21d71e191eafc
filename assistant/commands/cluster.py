"""Spreads work over the machines of a Dask cluster, as `spread` does over processes. A worker that is lost loses nothing.

The program itself stays on its machine: it speaks to a scheduler there, which the workers of other machines connect to.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from assistant.problems import BadInput, MissingModel

A = TypeVar("A")
B = TypeVar("B")
CONNECT_S = 15
WAITING_A_WORKER = 4
"""Pieces of work that are handed out beyond those being done, so that no worker waits for the next."""


def spread_over_cluster(items: Sequence[A], work: Callable[[A], B], address: str) -> Iterator[tuple[A, B | None]]:
    """Yield each item with what the work made of it, as they are done; None where worker after worker died of it.

    Args:
        items: what is to be worked on.
        work: a function that the workers' Python can import, or a partial of one; what it raises is raised here.
        address: of the scheduler, on this machine.

    Raises:
        BadInput: there is no scheduler, or it is on another machine.
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
    """Hand out a little more than is being done: a folder of a million videos isn't a million messages."""
    left, handed_out = iter(range(len(items))), dict[Any, int]()
    done = distributed.as_completed()

    def hand_out() -> None:
        room = WAITING_A_WORKER + sum(client.nthreads().values() or [1])
        while len(handed_out) < room and (number := next(left, None)) is not None:
            future = client.submit(work, items[number], pure=False)
            handed_out[future] = number
            done.add(future)

    hand_out()
    for future in done:
        number = handed_out.pop(future)
        try:
            yield items[number], future.result()
        except distributed.KilledWorker:
            yield items[number], None
        hand_out()


def _check(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise BadInput(f"--cluster {address} is no scheduler of this machine", "run this where it is, and give tcp://127.0.0.1:8786")
