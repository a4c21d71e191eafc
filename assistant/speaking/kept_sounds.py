"""The sound of short sentences, kept for when they are said again: "Yes." needn't be made twice while somebody waits for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from assistant.messages import AudioChunk, Sentence

LONGEST_LETTERS = 100
"""Of a sentence that is kept."""
MOST_S = 120.0
"""Of all that is kept, 10 MB; what was said longest ago is dropped."""

_Key = tuple[str, str, str, object]


class KeptSounds:
    """Keeps sounds by sentence and voice settings. Of the thread that makes them."""

    def __init__(self) -> None:
        self._sounds: OrderedDict[_Key, list[AudioChunk]] = OrderedDict()
        self._seconds = 0.0

    def sound(self, sentence: Sentence, settings: object, make: Callable[[Sentence], Iterator[AudioChunk]]) -> Iterator[AudioChunk]:
        """Yield the sound that is kept, or that of `make`, which is kept once all of it was taken."""
        if len(sentence.text) > LONGEST_LETTERS:
            yield from make(sentence)
            return
        key = sentence.text, sentence.language, sentence.quoted_language, settings
        if key in self._sounds:
            self._sounds.move_to_end(key)
            yield from self._sounds[key]
            return
        chunks = []
        for chunk in make(sentence):
            chunks.append(chunk)
            yield chunk
        self._keep(key, chunks)

    def knows(self, sentence: Sentence, settings: object) -> bool:
        """Tell whether its sound is kept."""
        return (sentence.text, sentence.language, sentence.quoted_language, settings) in self._sounds

    def _keep(self, key: _Key, chunks: list[AudioChunk]) -> None:
        self._sounds[key] = chunks
        self._seconds += _seconds(chunks)
        while self._seconds > MOST_S:
            _, dropped = self._sounds.popitem(last=False)
            self._seconds -= _seconds(dropped)


def _seconds(chunks: list[AudioChunk]) -> float:
    return sum(chunk.duration_s for chunk in chunks)
