"""SmolVLM2's language model with its key/value cache, as a function on arrays. Knows nothing of text; layers, heads and types are read
from the graph.

A cache is held as onnxruntime's values and never copied through numpy. To read on makes new values, so any number of answers
continue from one cache without a copy of it. Where the graph allows it (fused attention does) an answer's own cache is then
written in place, token by token; the plain way copies all of it for every token.

Shapes: n new tokens, past tokens already in the cache, D hidden, V vocabulary.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from onnxruntime import OrtValue

from assistant.engines.onnx.session import OnnxGraph
from assistant.problems import DamagedModel

PREFILL_CHUNK = 128
"""Tokens a run while reading a prompt: bounds the memory of attention and of the logits, which come for every token."""
_PROBE_TOKENS, _PROBE_ROOM = 3, 5
_SAME = 1e-3
_MOST_HEADS, _MOST_WIDTH = 256, 1024

NextLogits = Callable[[np.ndarray], np.ndarray]
"""Reads one token, f32 [D], and gives the logits that follow, f32 [V]."""
SideBySide = Callable[[Sequence[int], np.ndarray], np.ndarray]
"""Reads one token of each of some answers, f32 [answers, D], and gives the logits that follow, f32 [answers, V]. Each answer goes on
from that answer of the last reading whose place is given for it; at first all go on from the prompt."""


@dataclass(frozen=True, eq=False)
class Cache:
    """Keys and values of the tokens read so far. Never changed: to read on makes another, so any number of answers continue from one."""

    values: tuple[OrtValue, ...]
    """Key and value of layer 0, 1, ...; each [1, kv heads, length, head_dim]."""
    length: int
    """Tokens."""

    @property
    def size_bytes(self) -> int:
        """Return the memory that the values take."""
        return sum(int(value.tensor_size_in_bytes()) for value in self.values)


class Decoder:
    """The language model with its cache."""

    def __init__(self, graph: OnnxGraph, *, hidden: int, vocabulary: int) -> None:
        """Take a graph.

        Args:
            graph: the language model.
            hidden: width of the embeddings.
            vocabulary: tokens that tokenizer.json has.

        Raises:
            DamagedModel: the graph isn't one of this width and size, or its cache isn't laid out as published.
        """
        self.graph = graph
        self.hidden = hidden
        self.embed_dtype = graph.input("inputs_embeds", (None, None, hidden), np.float32, np.float16).dtype
        graph.input("attention_mask", (None, None), np.int64)
        if "position_ids" in graph.inputs:
            graph.input("position_ids", (None, None), np.int64)
        if "num_logits_to_keep" in graph.inputs:
            graph.input("num_logits_to_keep", (), np.int64)
        if "use_cache_branch" in graph.inputs:
            graph.input("use_cache_branch", (None,), np.bool_)
        logits = graph.output("logits", (None, None, None), np.float32, np.float16)
        if logits.shape[2] is not None and logits.shape[2] < vocabulary:
            raise graph.foreign(f"scores {logits.shape[2]} tokens where tokenizer.json has {vocabulary}")
        self._vocabulary = vocabulary
        self._scored = logits.shape[2] or vocabulary
        names = self._find_layers()
        self.past = [f"past_key_values.{name}" for name in names]
        self.present = [f"present.{name}" for name in names]
        graph.refuse_other_inputs(("inputs_embeds", "attention_mask", "position_ids", "num_logits_to_keep", "use_cache_branch", *self.past))
        self.empty_cache = Cache(tuple(self._empty_value(name) for name in self.past), 0)

    def read(self, embeds: np.ndarray, cache: Cache, *, every_logit: bool = False) -> tuple[np.ndarray, Cache]:
        """Read on from `cache`, in chunks of PREFILL_CHUNK tokens.

        Args:
            embeds: f32 [n, D], n above 0.
            cache: what was read before; stays as it is.
            every_logit: give what follows each token, not only the last.

        Returns:
            (f32 [n or 1, V], the cache with the n tokens added).

        Raises:
            DamagedModel: the graph fails, or gives something that is no number.
        """
        rows: list[np.ndarray] = []
        for start in range(0, len(embeds), PREFILL_CHUNK):
            chunk = embeds[None, start : start + PREFILL_CHUNK]
            scores, values = self._run(chunk, cache.values, cache.length, keep=0 if every_logit else 1)
            cache = Cache(values, cache.length + chunk.shape[1])
            rows.append(scores[0] if every_logit else scores[0, -1:])
        logits = np.concatenate(rows) if every_logit else rows[-1]
        self.check_numbers(logits)
        return logits, cache

    def continue_from(self, cache: Cache, room: int) -> NextLogits:
        """Return what reads on from `cache` token by token, at most `room` of them, as decoding does. `cache` stays as it is."""
        read = self.continue_side_by_side(cache, 1, room)
        return lambda embed: np.asarray(read([0], embed[None])[0])

    def continue_side_by_side(self, cache: Cache, answers: int, room: int) -> SideBySide:
        """Return what reads on from `cache` token by token, at most `room` of them, up to that many answers at once.

        That is cheaper than one after the other, since the weights are read from memory once. `cache` stays as it is.
        """
        return InPlaceSteps(self, cache, answers, room).read if room > 0 and self._writes_in_place else self._copying_steps(cache)

    def _copying_steps(self, cache: Cache) -> SideBySide:
        """The plain way: each step makes its caches anew."""
        values, length, places = cache.values, cache.length, [0]

        def read(parents: Sequence[int], embeds: np.ndarray) -> np.ndarray:
            nonlocal values, length, places
            if list(parents) != places:
                values = tuple(OrtValue.ortvalue_from_numpy(value.numpy()[list(parents)]) for value in values)
            scores, values = self._run(embeds[:, None], values, length, keep=1)
            length, places = length + 1, list(range(len(embeds)))
            self.check_numbers(scores)
            return np.asarray(scores[:, -1])

        return read

    def feed(self, embeds: np.ndarray, past: int, keep: int) -> dict[str, np.ndarray]:
        """Return the graph's inputs but for the cache.

        Args:
            embeds: f32 [answers, n, D].
            past: tokens in the cache.
            keep: how many last tokens of each answer are to have logits; 0 = all.
        """
        answers, new, _ = embeds.shape
        total = past + new
        arrays = {
            "inputs_embeds": np.ascontiguousarray(embeds, self.embed_dtype),
            "attention_mask": np.ones((answers, total), np.int64),  # fused attention counts it: never shorter than past + new
            "position_ids": np.tile(np.arange(past, total, dtype=np.int64), (answers, 1)),
            "num_logits_to_keep": np.array(keep, np.int64),
            "use_cache_branch": np.array([past > 0]),
        }
        return {name: array for name, array in arrays.items() if name in self.graph.inputs}

    def room_for_logits(self, answers: int) -> np.ndarray:
        """Return memory [answers, 1, as many as the graph scored last] for the graph to write one token's logits of each answer to."""
        return np.empty((answers, 1, self._scored), self.graph.outputs["logits"].dtype)

    def check_numbers(self, logits: np.ndarray) -> None:
        """Raise DamagedModel unless the logits [..., V] are numbers, one for each of the tokenizer's tokens."""
        if logits.shape[-1] < self._vocabulary:
            raise self.graph.foreign(f"scores {logits.shape[-1]} tokens where tokenizer.json has {self._vocabulary}")
        if not np.isfinite(logits.max()):  # a NaN anywhere is the maximum
            raise self.graph.foreign("computes something that is no number")

    def _run(self, embeds: np.ndarray, values: Sequence[OrtValue], past: int, keep: int) -> tuple[np.ndarray, tuple[OrtValue, ...]]:
        """f32 [answers, n, D] after `past` tokens in `values` -> (logits f32 [answers, `keep` or n, V], the longer values)."""
        feed = {name: OrtValue.ortvalue_from_numpy(array) for name, array in self.feed(embeds, past, keep).items()}
        feed.update(zip(self.past, values, strict=True))
        logits, *present = self.graph.run_values(feed, ["logits", *self.present])
        (answers, new, _), scores = embeds.shape, logits.numpy()
        if any(len(value.shape()) != 4 or value.shape()[2] != past + new for value in present):
            raise self.graph.foreign(f"keeps a cache of shape {present[0].shape()} where it read {past + new} tokens")
        if scores.ndim != 3 or scores.shape[0] != answers or scores.shape[1] not in (new, keep or new):
            raise self.graph.foreign(f"gives logits of shape {scores.shape} for {new} tokens")
        self._scored = scores.shape[2]
        return scores.astype(np.float32, copy=False), tuple(present)

    @functools.cached_property
    def _writes_in_place(self) -> bool:
        """Whether a cache longer than the mask, given both as past and as present, is added to where it lies. Tried, not assumed:
        two answers, of which the second then goes on twice, beside the plain way with just as many at once, for a layer that rounds
        its inputs to 8 bits may round those of several answers otherwise than one's.
        """
        embeds = np.random.default_rng(0).standard_normal((_PROBE_TOKENS + 4, self.hidden)).astype(np.float32)
        prompt, firsts, seconds = np.split(embeds, [_PROBE_TOKENS, _PROBE_TOKENS + 2])
        _, cache = self.read(prompt, self.empty_cache)
        try:
            expected, found = (
                np.concatenate([read([0, 0], firsts), read([1, 1], seconds)])
                for read in (self._copying_steps(cache), InPlaceSteps(self, cache, 2, _PROBE_ROOM).read)
            )
        except DamagedModel:
            return False
        return bool(np.allclose(found, expected, rtol=_SAME, atol=_SAME * float(np.abs(expected).max())))

    def _find_layers(self) -> list[str]:
        """ "0.key", "0.value", "1.key" ... as far as the graph has them."""
        numbers = {int(match[1]) for name in self.graph.inputs if (match := re.fullmatch(r"past_key_values\.(\d{1,4})\.key", name))}
        if not numbers:
            raise self.graph.foreign("has no key/value cache")
        return [f"{number}.{part}" for number in range(max(numbers) + 1) for part in ("key", "value")]

    def _empty_value(self, name: str) -> OrtValue:
        port = self.graph.input(name, (None, None, None, None), np.float32, np.float16)
        _, heads, _, width = port.shape
        if heads is None or width is None:
            raise self.graph.foreign(f"leaves the heads of {name!r} open")
        if not (0 < heads <= _MOST_HEADS and 0 < width <= _MOST_WIDTH):
            raise self.graph.foreign(f"has {name!r} of {heads} heads of width {width}")
        self.graph.output(name.replace("past_key_values", "present"), (None, heads, None, width), port.dtype.type)
        return OrtValue.ortvalue_from_numpy(np.zeros((1, heads, 0, width), port.dtype))


class InPlaceSteps:
    """Answers' own key/value caches with room for their tokens: bound once as past and as present, so that each step only adds to them.

    All else is bound once too, but for the mask, which grows; and anew where there are fewer answers than before.
    """

    def __init__(self, decoder: Decoder, cache: Cache, answers: int, room: int) -> None:
        """Copy a prompt's cache for each answer.

        Args:
            decoder: reads the tokens.
            cache: of the prompt; stays as it is.
            answers: the most there will be.
            room: tokens of each answer at most.
        """
        self._decoder = decoder
        self._prompt, self._length, self._room = cache.length, cache.length, cache.length + room
        self._caches = [_with_room(value.numpy(), answers, room) for value in cache.values]
        self._mask = np.ones((answers, self._room), np.int64)
        self._bind(answers)

    def read(self, parents: Sequence[int], embeds: np.ndarray) -> np.ndarray:
        """Read one token of each answer, as `SideBySide` describes.

        Args:
            parents: the place of each answer's beginning among those of the last reading.
            embeds: f32 [answers, D].

        Returns:
            The logits that follow, f32 [answers, V].
        """
        assert self._length < self._room, "more tokens than there was room for"
        if self._length > self._prompt and list(parents) != list(range(self._answers)):
            for cache in self._caches:
                said = cache[:, :, self._prompt : self._length]
                said[: len(parents)] = said[parents]
        if len(parents) != self._answers:
            self._bind(len(parents))
        self._inputs["inputs_embeds"][:, 0] = embeds
        if "position_ids" in self._inputs:
            self._inputs["position_ids"][:] = self._length
        self._length += 1
        mask = np.ascontiguousarray(self._mask[: self._answers, : self._length])
        self._binding.input("attention_mask", OrtValue.ortvalue_from_numpy(mask))
        self._binding.run()
        logits: np.ndarray = self._logits[:, 0].astype(np.float32)
        self._decoder.check_numbers(logits)
        return logits

    def _bind(self, answers: int) -> None:
        """The first so many caches, and inputs and logits of as many."""
        decoder, self._answers = self._decoder, answers
        self._binding = decoder.graph.bind()
        for past, present, cache in zip(decoder.past, decoder.present, self._caches, strict=True):
            value = OrtValue.ortvalue_from_numpy(cache[:answers])
            self._binding.input(past, value)
            self._binding.output(present, value)
        self._inputs = decoder.feed(np.zeros((answers, 1, decoder.hidden), np.float32), self._length, keep=1)
        for name, array in self._inputs.items():
            self._binding.input(name, OrtValue.ortvalue_from_numpy(array))
        self._logits = decoder.room_for_logits(answers)
        self._binding.output("logits", OrtValue.ortvalue_from_numpy(self._logits))


def _with_room(values: np.ndarray, answers: int, room: int) -> np.ndarray:
    """[1, heads, past, width] to [answers, heads, past + room, width]. Of what lies beyond, no memory is taken before it is written."""
    _, heads, past, width = values.shape
    longer = np.zeros((answers, heads, past + room, width), values.dtype)
    longer[:, :, :past] = values
    return longer
