"""Tells how long a describer takes for its words: what the trace of a turn can't see from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from assistant.interfaces import SceneDescriber
from assistant.live.session import EventSink


def timed(describer: SceneDescriber, report: EventSink) -> SceneDescriber:
    """Return the describer, reporting "first_token" and, of each answer, "tokens" (pieces of text)."""
    return cast(SceneDescriber, _Timed(describer, report))


class _Timed:
    """All of another describer but for `answer`."""

    def __init__(self, describer: SceneDescriber, report: EventSink) -> None:
        self._describer = describer
        self._report = report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._describer, name)

    def answer(self, *args: Any, **options: Any) -> Iterator[str]:
        count = 0
        for piece in self._describer.answer(*args, **options):
            if not count:
                self._report("first_token", {})
            count += 1
            yield piece
        self._report("tokens", {"count": count})
