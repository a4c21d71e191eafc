"""SmolVLM2's three graphs as functions on arrays. Knows nothing of text; everything that differs between models is read from the graphs.

Shapes: n new tokens, past tokens already in the cache, D hidden, V vocabulary, S side of a tile in pixels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from onnxruntime import OrtValue

from assistant.runtimes.onnx_session import OnnxGraph

PREFILL_CHUNK = 128
"""Tokens a run while reading a prompt: bounds the memory of attention and of the logits, which come for every token."""


class VisionEncoder:
    """Tiles to visual tokens, one tile a run: the same result as all at once with far less memory."""

    def __init__(self, graph: OnnxGraph, *, tile_size: int, tokens: int, hidden: int, classes: int | None) -> None:
        """DamagedModel if the graph doesn't make `tokens` rows of width `hidden` from a tile, or has no head for `classes`, if given."""
        self._graph = graph
        self._feature_shape = (tokens, hidden)
        self._pixel_dtype = graph.input("pixel_values", (None, None, 3, tile_size, tile_size), np.float32, np.float16).dtype
        if "pixel_attention_mask" in graph.inputs:
            graph.input("pixel_attention_mask", (None, None, tile_size, tile_size), np.bool_)
        graph.refuse_other_inputs(("pixel_values", "pixel_attention_mask"))
        graph.output("image_features", (None, tokens, hidden), np.float32, np.float16)
        self._output_names = ["image_features"]
        if classes is not None:
            graph.output("class_logits", (None, classes), np.float32)
            self._output_names.append("class_logits")

    def encode(self, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """f32 [tiles, 3, S, S] -> (f32 [tokens of all tiles, D], f32 [classes] of the last tile or None)."""
        runs = [self._encode_tile(tile) for tile in tiles]
        return np.concatenate([features for features, _ in runs]), runs[-1][1]

    def _encode_tile(self, tile: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        feed = {"pixel_values": tile[None, None].astype(self._pixel_dtype)}  # [1, 1, 3, S, S]
        if "pixel_attention_mask" in self._graph.inputs:
            feed["pixel_attention_mask"] = np.ones((1, 1, *tile.shape[1:]), np.bool_)
        features, *head = self._graph.run(feed, self._output_names)
        if features.shape != (1, *self._feature_shape):
            raise self._graph.foreign(f"makes features of shape {features.shape} of a tile where config.json says {self._feature_shape}")
        return features[0].astype(np.float32, copy=False), head[0][0] if head else None


class TokenEmbedder:
    """Token ids to the rows of the embedding table."""

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        graph.input("input_ids", (None, None), np.int64)
        graph.refuse_other_inputs(("input_ids",))
        width = graph.output("inputs_embeds", (None, None, None), np.float32, np.float16).shape[2]
        if width is None:
            width = int(graph.run({"input_ids": np.zeros((1, 1), np.int64)}, ["inputs_embeds"])[0].shape[-1])
        self.hidden: int = width

    def embed(self, ids: list[int]) -> np.ndarray:
        """f32 [n, D]."""
        (rows,) = self._graph.run({"input_ids": np.array([ids], np.int64)}, ["inputs_embeds"])
        return np.asarray(rows[0], np.float32)


@dataclass(frozen=True, eq=False)
class Cache:
    """Keys and values of the tokens read so far. Never changed: to read on makes another, so any number of answers continue from one."""

    values: tuple[OrtValue, ...]
    """Key and value of layer 0, 1, ...; each [1, kv heads, length, head_dim]."""
    length: int


class Decoder:
    """The language model with its cache."""

    def __init__(self, graph: OnnxGraph, *, hidden: int, vocabulary: int) -> None:
        """DamagedModel if the graph isn't one of this embedding's width and tokenizer's size, or its cache isn't laid out as published."""
        self._graph = graph
        self._embed_dtype = graph.input("inputs_embeds", (None, None, hidden), np.float32, np.float16).dtype
        graph.input("attention_mask", (None, None), np.int64)
        if "position_ids" in graph.inputs:
            graph.input("position_ids", (None, None), np.int64)
        if "num_logits_to_keep" in graph.inputs:
            graph.input("num_logits_to_keep", (), np.int64)
        scored = graph.output("logits", (None, None, None), np.float32, np.float16).shape[2]
        if scored is not None and scored < vocabulary:
            raise graph.foreign(f"scores {scored} tokens where tokenizer.json has {vocabulary}")
        self._layers = self._find_layers()
        self._past = [f"past_key_values.{name}" for name in self._layers]
        self._present = [f"present.{name}" for name in self._layers]
        graph.refuse_other_inputs(("inputs_embeds", "attention_mask", "position_ids", "num_logits_to_keep", *self._past))
        self.empty_cache = Cache(tuple(self._empty_value(name) for name in self._past), 0)

    def read(self, embeds: np.ndarray, cache: Cache, *, every_logit: bool = False) -> tuple[np.ndarray, Cache]:
        """Read on from `cache`, in chunks.

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
            logits, cache = self._run(embeds[start : start + PREFILL_CHUNK], cache, keep=0 if every_logit else 1)
            rows.append(logits if every_logit else logits[-1:])
        logits = np.concatenate(rows) if every_logit else rows[-1]
        if not np.isfinite(logits.max()):
            raise self._graph.foreign("computes something that is no number")
        return logits, cache

    def _run(self, embeds: np.ndarray, cache: Cache, keep: int) -> tuple[np.ndarray, Cache]:
        new, total = len(embeds), cache.length + len(embeds)
        arrays = {
            "inputs_embeds": np.ascontiguousarray(embeds[None], self._embed_dtype),
            "attention_mask": np.ones((1, total), np.int64),  # fused attention counts it: never shorter than past + new
            "position_ids": np.arange(cache.length, total, dtype=np.int64)[None],
            "num_logits_to_keep": np.array(keep, np.int64),  # 0 = all
        }
        feed = {name: OrtValue.ortvalue_from_numpy(array) for name, array in arrays.items() if name in self._graph.inputs}
        feed.update(zip(self._past, cache.values, strict=True))
        logits, *present = self._graph.run_values(feed, ["logits", *self._present])
        if list(present[0].shape())[2] != total:
            raise self._graph.foreign(f"keeps {list(present[0].shape())[2]} tokens where it read {total}")
        return logits.numpy()[0].astype(np.float32, copy=False), Cache(tuple(present), cache.length + new)

    def _find_layers(self) -> list[str]:
        """ "0.key", "0.value", "1.key" ... as far as the graph has them."""
        numbers = {int(match[1]) for name in self._graph.inputs if (match := re.fullmatch(r"past_key_values\.(\d{1,4})\.key", name))}
        if not numbers:
            raise self._graph.foreign("has no key/value cache")
        return [f"{number}.{part}" for number in range(max(numbers) + 1) for part in ("key", "value")]

    def _empty_value(self, name: str) -> OrtValue:
        port = self._graph.input(name, (None, None, None, None), np.float32, np.float16)
        _, heads, _, width = port.shape
        if heads is None or width is None:
            raise self._graph.foreign(f"leaves the heads of {name!r} open")
        self._graph.output(name.replace("past_key_values", "present"), (None, heads, None, width), port.dtype.type)
        return OrtValue.ortvalue_from_numpy(np.zeros((1, heads, 0, width), port.dtype))
