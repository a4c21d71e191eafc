"""Several continuations of one cache read side by side, as beam search asks. Knows nothing of text or scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from onnxruntime import OrtValue

from assistant.runtimes.smolvlm2_decoder import Cache, Decoder


class BeamSteps:
    """The caches of all beams as one batch; each step picks the parents' caches and adds a token to each. `cache` stays as it is."""

    def __init__(self, decoder: Decoder, embed: Callable[[list[int]], np.ndarray], cache: Cache) -> None:
        self._decoder = decoder
        self._embed = embed
        self._values = cache.values
        self._length = cache.length
        self._beams = [0]

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> np.ndarray:
        """f32 [beams, V] that follow beam `parents[i]` of the step before and `tokens[i]`, for each i."""
        if list(parents) != self._beams:
            chosen = np.array(parents)
            self._values = tuple(OrtValue.ortvalue_from_numpy(value.numpy()[chosen]) for value in self._values)  # [beams, kv, past, d]
        self._beams = list(range(len(parents)))
        embeds = self._embed(list(tokens))  # [beams, D]
        arrays = self._decoder.feed(embeds[:1], self._length, keep=1)
        arrays |= {name: np.repeat(array, len(tokens), axis=0) for name, array in arrays.items() if array.ndim > 1}
        arrays["inputs_embeds"] = np.ascontiguousarray(embeds[:, None], self._decoder.embed_dtype)  # [beams, 1, D]
        feed = {name: OrtValue.ortvalue_from_numpy(array) for name, array in arrays.items()}
        feed.update(zip(self._decoder.past, self._values, strict=True))
        logits, *values = self._decoder.graph.run_values(feed, ["logits", *self._decoder.present])
        self._values, self._length = tuple(values), self._length + 1
        scores = np.asarray(logits.numpy()[:, -1], np.float32)
        self._decoder.check_numbers(scores)
        return scores
