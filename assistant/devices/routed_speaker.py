"""A loudspeaker that was chosen by name, and in its place the sound server's own choice while the user listens through headphones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from assistant.devices.playback import BLOCK_S
from assistant.interfaces import Speaker, SpeakerRoute
from assistant.messages import AudioChunk

KEPT_BLOCKS = 200
"""Blocks, two seconds of them, that were given to a device and may not have been heard: more than any holds."""


class RoutedSpeaker:
    """Implements `interfaces.Speaker` on one device or the other, as the route says; a sentence goes on where it was cut."""

    def __init__(self, open_speaker: Callable[[str], Speaker], name: str, route: SpeakerRoute) -> None:
        """Open the named loudspeaker; MissingDevice if that can't be. `open_speaker` gets a name, or "" for the server's choice."""
        self._open, self._route = open_speaker, route
        self._named = open_speaker(name)
        self._private: Speaker | None = None

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Play until the chunks end or `is_stale()`, and return the seconds heard. Raises what the devices raise."""
        blocks, heard_s = _Blocks(chunks), 0.0
        while True:
            is_private = self._route.is_private

            def is_over(began: bool = is_private) -> bool:
                return is_stale() or self._route.is_private != began

            now_s = self._device(is_private).play(blocks, is_over)
            heard_s += now_s
            if is_stale() or self._route.is_private == is_private:
                return heard_s
            blocks.take_back(now_s)

    def close(self) -> None:
        """Silence both; `play` returns. Safe from another thread."""
        self._named.close()
        if self._private:
            self._private.close()

    def _device(self, is_private: bool) -> Speaker:
        if not is_private:
            return self._named
        self._private = self._private or self._open("")
        return self._private


class _Blocks:
    """An iterator over short pieces of sound, of which what wasn't heard can be had again."""

    def __init__(self, chunks: Iterator[AudioChunk]) -> None:
        self._coming = _cut(chunks)
        self._again: deque[AudioChunk] = deque()
        self._given: deque[AudioChunk] = deque(maxlen=KEPT_BLOCKS)
        self._given_s = 0.0

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        block = self._again.popleft() if self._again else next(self._coming)
        self._given.append(block)
        self._given_s += block.duration_s
        return block

    def take_back(self, heard_s: float) -> None:
        """Give again what was given since the last call, but for its first `heard_s` seconds, to the nearest block."""
        while self._given and self._given_s - self._given[-1].duration_s / 2 > heard_s:
            block = self._given.pop()
            self._given_s -= block.duration_s
            self._again.appendleft(block)
        self._given.clear()
        self._given_s = 0.0


def _cut(chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
    for chunk in chunks:
        longest = max(1, round(BLOCK_S * chunk.sample_rate_hz))
        for start in range(0, len(chunk.samples), longest):
            yield AudioChunk(chunk.samples[start : start + longest], chunk.sample_rate_hz)
