"""SmolVLM2's graphs that make embeddings, of tiles and of tokens, as functions on arrays. The language model is in decoder.py.

Shapes: n tokens, D hidden, S side of a tile in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assistant.engines.onnx.session import OnnxGraph


class VisionEncoder:
    """Tiles to visual tokens, one tile a run: the same result as all at once with far less memory."""

    def __init__(self, graph: OnnxGraph, *, tile_size: int, tokens: int, hidden: int, heads: Mapping[str, int]) -> None:
        """Take a graph.

        Args:
            graph: the vision encoder.
            tile_size: side of a tile in pixels.
            tokens: rows that a tile becomes.
            hidden: width of each row.
            heads: the graph's further outputs, and the width of each.

        Raises:
            DamagedModel: the graph doesn't have these inputs and outputs.
        """
        self._graph = graph
        self._feature_shape = (tokens, hidden)
        self._pixel_dtype = graph.input("pixel_values", (None, None, 3, tile_size, tile_size), np.float32, np.float16).dtype
        if "pixel_attention_mask" in graph.inputs:
            graph.input("pixel_attention_mask", (None, None, tile_size, tile_size), np.bool_)
        graph.refuse_other_inputs(("pixel_values", "pixel_attention_mask"))
        graph.output("image_features", (None, tokens, hidden), np.float32, np.float16)
        self._heads = tuple(heads)
        for head, width in heads.items():
            graph.output(head, (None, width), np.float32)

    def encode(self, tiles: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Encode tiles f32 [tiles, 3, S, S].

        Returns:
            (f32 [tokens of all tiles, D], f32 [width] of each head for the last tile).
        """
        runs = [self._encode_tile(tile) for tile in tiles]
        return np.concatenate([features for features, _ in runs]), runs[-1][1]

    def _encode_tile(self, tile: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        feed = {"pixel_values": tile[None, None].astype(self._pixel_dtype)}  # [1, 1, 3, S, S]
        if "pixel_attention_mask" in self._graph.inputs:
            feed["pixel_attention_mask"] = np.ones((1, 1, *tile.shape[1:]), np.bool_)
        features, *logits = self._graph.run(feed, ["image_features", *self._heads])
        if features.shape != (1, *self._feature_shape):
            raise self._graph.foreign(f"makes features of shape {features.shape} of a tile where config.json says {self._feature_shape}")
        return features[0].astype(np.float32, copy=False), {head: found[0] for head, found in zip(self._heads, logits, strict=True)}


class TokenEmbedder:
    """Token ids to the rows of the embedding table."""

    def __init__(self, graph: OnnxGraph) -> None:
        """Take a graph. Raises DamagedModel if it isn't an embedding table."""
        self._graph = graph
        graph.input("input_ids", (None, None), np.int64)
        graph.refuse_other_inputs(("input_ids",))
        width = graph.output("inputs_embeds", (None, None, None), np.float32, np.float16).shape[2]
        if width is None:
            width = int(graph.run({"input_ids": np.zeros((1, 1), np.int64)}, ["inputs_embeds"])[0].shape[-1])
        self.hidden: int = width

    def embed(self, ids: list[int]) -> np.ndarray:
        """Return the rows of n token ids: f32 [n, D]."""
        (rows,) = self._graph.run({"input_ids": np.array([ids], np.int64)}, ["inputs_embeds"])
        return np.asarray(rows[0], np.float32)
