"""The network of Firefox's translators once more, plainly in numpy: what export/marian_graph.py writes is compared with it.

Shapes: S source pieces, D width, H heads, V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assistant.export.marian_file import EMBEDDING, Floats, MarianModel

_EPSILON = np.float32(1e-6)


@dataclass(eq=False)
class Decoding:
    """One sentence on its way."""

    keys: list[Floats]
    """[H, D / H, S] for each decoder layer"""
    values: list[Floats]
    """[H, S, D / H]"""
    cells: list[Floats]
    """[D], the state of each layer's recurrent unit"""
    position: int = 0


class PlainMarian:
    """Ids of source pieces in, scores of the next target piece out."""

    def __init__(self, model: MarianModel) -> None:
        wide = {name: weight.levels.astype(np.float32) / weight.per_unit for name, weight in model.weights.items()}
        self._arrays = wide | model.vectors
        self._heads = int(model.settings["transformer-heads"])
        self._encoder_layers = [f"encoder_l{n + 1}" for n in range(int(model.settings["enc-depth"]))]
        self._decoder_layers = [f"decoder_l{n + 1}" for n in range(int(model.settings["dec-depth"]))]
        self._width = self._arrays[EMBEDDING].shape[1]
        self._frequencies = np.exp(np.arange(self._width // 2) * (-math.log(10_000) / (self._width // 2 - 1)))

    def encode(self, source: list[int]) -> Decoding:
        """Read the whole source, S pieces with the end among them."""
        x = self._embed(source, 0)  # [S, D]
        for layer in self._encoder_layers:
            x = self._attend(f"{layer}_self", x, *self._keys_values(f"{layer}_self", x))
            x = self._feed_forward(layer, x)
        pairs = [self._keys_values(f"{layer}_context", x) for layer in self._decoder_layers]
        cells = [np.zeros(self._width, np.float32) for _ in self._decoder_layers]
        return Decoding([keys for keys, _ in pairs], [values for _, values in pairs], cells)

    def step(self, decoding: Decoding, previous: int | None) -> Floats:
        """Scores [V] of the next piece; `previous` is the last one, None at the start. Moves `decoding` on."""
        x = self._embed([] if previous is None else [previous], decoding.position)  # [1, D]
        for index, layer in enumerate(self._decoder_layers):
            x, decoding.cells[index] = self._recur(layer, x, decoding.cells[index])
            x = self._attend(f"{layer}_context", x, decoding.keys[index], decoding.values[index])
            x = self._feed_forward(layer, x)
        decoding.position += 1
        scores: Floats = self._arrays[EMBEDDING] @ x[0] + self._arrays["decoder_ff_logit_out_b"]
        return scores

    def _embed(self, ids: list[int], first_position: int) -> Floats:
        """[max(len(ids), 1), D]; no id is the decoder's start, which has a position but no piece."""
        rows = self._arrays[EMBEDDING][ids] * np.float32(math.sqrt(self._width)) if ids else np.zeros((1, self._width), np.float32)
        angles = (first_position + np.arange(len(rows)))[:, None] * self._frequencies
        return rows + np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)

    def _keys_values(self, name: str, x: Floats) -> tuple[Floats, Floats]:
        """[S, D] -> [H, D / H, S] and [H, S, D / H]"""
        keys, values = (self._linear(x, f"{name}_W{part}", f"{name}_b{part}").reshape(len(x), self._heads, -1) for part in "kv")
        return keys.transpose(1, 2, 0), values.transpose(1, 0, 2)

    def _attend(self, name: str, x: Floats, keys: Floats, values: Floats) -> Floats:
        queries = self._linear(x, f"{name}_Wq", f"{name}_bq").reshape(len(x), self._heads, -1).transpose(1, 0, 2)  # [H, T, D / H]
        scores = queries @ keys / np.float32(math.sqrt(queries.shape[-1]))  # [H, T, S]
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = (weights @ values).transpose(1, 0, 2).reshape(x.shape)  # [T, D]
        return self._normalise(x + self._linear(mixed, f"{name}_Wo", f"{name}_bo"), f"{name}_Wo")

    def _feed_forward(self, layer: str, x: Floats) -> Floats:
        inner = np.maximum(self._linear(x, f"{layer}_ffn_W1", f"{layer}_ffn_b1"), 0)
        return self._normalise(x + self._linear(inner, f"{layer}_ffn_W2", f"{layer}_ffn_b2"), f"{layer}_ffn_ffn")

    def _recur(self, layer: str, x: Floats, cell: Floats) -> tuple[Floats, Floats]:
        """f = sigmoid(Wf x + bf); cell = f cell + (1 - f) W x; the layer adds relu(cell)."""
        forget = 1 / (1 + np.exp(-self._linear(x, f"{layer}_rnn_Wf", f"{layer}_rnn_bf")[0]))
        cell = forget * cell + (1 - forget) * (self._arrays[f"{layer}_rnn_W"] @ x[0])
        return self._normalise(x + np.maximum(cell, 0), f"{layer}_rnn_ffn"), cell

    def _linear(self, x: Floats, weight: str, bias: str) -> Floats:
        out: Floats = x @ self._arrays[weight].T + self._arrays[bias]
        return out

    def _normalise(self, x: Floats, name: str) -> Floats:
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centred * centred).mean(-1, keepdims=True) + _EPSILON)
        out: Floats = centred / deviation * self._arrays[f"{name}_ln_scale"] + self._arrays[f"{name}_ln_bias"]
        return out
