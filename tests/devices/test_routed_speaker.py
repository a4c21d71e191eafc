"""A loudspeaker that was chosen by name gives way to headphones in the middle of a word, and nothing of it is lost or said twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from assistant.devices.routed_speaker import RoutedSpeaker
from assistant.messages import AudioChunk

RATE_HZ = 1000
COUNTED = AudioChunk(np.arange(1000, dtype=np.float32), RATE_HZ)


@dataclass
class Route:
    is_private: bool = False


@dataclass
class Device:
    """Takes half a second ahead, as devices do, and plays it in real time of its own."""

    heard: list[float] = field(default_factory=list)
    on_sample: Callable[[], None] = lambda: None
    is_closed: bool = False

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        ahead: list[float] = []
        played = 0
        while not is_stale():
            while len(ahead) < 500 and (chunk := next(chunks, None)) is not None:
                ahead.extend(chunk.samples)
            if not ahead:
                break
            self.heard.append(ahead.pop(0))
            played += 1
            self.on_sample()
        return played / RATE_HZ

    def close(self) -> None:
        self.is_closed = True


def test_a_sentence_goes_on_in_the_headphones_where_it_was_and_back_again() -> None:
    route, named, private = Route(), Device(), Device()
    opened = {"counter": named, "": private}
    speaker = RoutedSpeaker(opened.__getitem__, "counter", route)

    def change() -> None:
        route.is_private = 300 <= len(named.heard) + len(private.heard) < 700

    named.on_sample = private.on_sample = change
    assert speaker.play(iter([COUNTED]), lambda: False) == 1.0
    assert named.heard == [*range(300), *range(700, 1000)] and private.heard == list(range(300, 700))
    speaker.close()
    assert named.is_closed and private.is_closed


def test_what_is_stale_goes_on_nowhere() -> None:
    route, named = Route(), Device()
    speaker = RoutedSpeaker(lambda name: named, "counter", route)
    named.on_sample = lambda: setattr(route, "is_private", len(named.heard) >= 300)
    assert speaker.play(iter([COUNTED]), lambda: len(named.heard) >= 300) == 0.3


def test_the_server_is_asked_for_headphones_only_once_they_are_in() -> None:
    names: list[str] = []

    def opened(name: str) -> Device:
        names.append(name)
        return Device()

    speaker = RoutedSpeaker(opened, "counter", Route())
    speaker.play(iter([COUNTED]), lambda: False)
    assert names == ["counter"]
