"""Fuses a downloaded decoder's attention once, and uses the fused form only where it answers as the original does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from assistant.engines.onnx.attention_search import UnfusableError
from assistant.engines.onnx.fused_attention import fuse_attention
from assistant.engines.onnx.saved_graphs import Rewriting
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm.decoder import Decoder
from assistant.engines.vlm.graphs import TokenEmbedder
from assistant.problems import DamagedModel

_PROMPT = "<|im_start|>User: Somebody who can't see asks you what is in front of them. What could it be?<end_of_utterance>\nAssistant:"
_TOKENS = 24
_SAME = {"tensor(float)": 1e-3, "tensor(float16)": 1e-2}
"""Largest difference of logits, in units of their spread, that rounding may make, by the numbers in the cache."""
_LAST_DIGIT = 1e-6
_ROUNDINGS = 3


@dataclass(frozen=True, eq=False)
class _Answer:
    """What the original says to _PROMPT."""

    tokens: list[int]
    logits: np.ndarray
    """[_TOKENS, V]: they chose the tokens."""
    allowed: float
    """How far rounding may move a logit."""


def fused_attention(tokenizer: Tokenizer, embedder: TokenEmbedder, positions: int, threads: int) -> Rewriting:
    """Return the rewriting that fuses the attention of a decoder.

    Args:
        tokenizer: the model's.
        embedder: its table of embeddings.
        positions: tokens there is room for.
        threads: of the sessions that try it; 0 = one per core.
    """

    def open_decoder(path: Path) -> Decoder:
        return Decoder(OnnxGraph(path, SessionSettings(threads)), hidden=embedder.hidden, vocabulary=tokenizer.get_vocab_size())

    def rewrite(graph: Path) -> str:
        fused = graph.with_name("fused.onnx")
        try:
            layers = fuse_attention(graph, fused, positions)
            if not layers:
                return ""
            prompt = embedder.embed(tokenizer.encode(_PROMPT, add_special_tokens=False).ids)
            answer = _ask(open_decoder(graph), embedder, prompt)  # freed before the next is opened
            _refuse_other_answer(open_decoder(fused), embedder, prompt, answer)
            fused.replace(graph)
        except (UnfusableError, DamagedModel) as reason:
            return f"attention is not fused: {reason}"
        except Exception as error:  # onnx's and onnxruntime's errors have no common root; the original is what counts
            return f"attention is not fused: {type(error).__name__}"
        finally:
            fused.unlink(missing_ok=True)
        return f"attention is fused in {layers} layers and answers as before"

    return Rewriting(f"fused attention 2, {positions} positions", rewrite)


def _ask(decoder: Decoder, embedder: TokenEmbedder, prompt: np.ndarray) -> _Answer:
    """Decode greedily; then find how much the last digit of what it reads matters to it.

    Graphs that round activations to 8 bits turn a difference in the last digit into a larger one: so much another way to
    compute the same may differ too, and where the lead of a token is smaller than that, chance chose it.
    """
    logits, cache = decoder.read(prompt, decoder.empty_cache)
    read, rows = decoder.continue_from(cache, _TOKENS), [logits[0]]
    while len(rows) < _TOKENS:
        rows.append(read(embedder.embed([int(rows[-1].argmax())])[0]).copy())
    tokens, expected = [int(row.argmax()) for row in rows], np.stack(rows)
    noise = np.random.default_rng(0).standard_normal(prompt.shape).astype(np.float32)
    again = _follow(decoder, prompt * (1 + _LAST_DIGIT * noise), embedder.embed(tokens[:-1]))
    same = _SAME[decoder.empty_cache.values[0].data_type()] * float(expected.std())
    return _Answer(tokens, expected, max(same, _ROUNDINGS * float(np.abs(again - expected).max())))


def _refuse_other_answer(fused: Decoder, embedder: TokenEmbedder, prompt: np.ndarray, answer: _Answer) -> None:
    """UnfusableError unless it says the same, but where chance chose."""
    found = _follow(fused, prompt, embedder.embed(answer.tokens[:-1]))
    difference = float(np.abs(found - answer.logits).max())
    chosen = found.argmax(-1)
    lead = answer.logits.max(-1) - answer.logits[np.arange(_TOKENS), chosen]  # 0 where the token is the same
    if not difference <= answer.allowed or lead.max() > answer.allowed:
        same = int((chosen == answer.tokens).sum())
        raise UnfusableError(f"it would say {same} of {_TOKENS} tokens as before, its logits {difference:.2g} off")


def _follow(decoder: Decoder, prompt: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The logits [n + 1, V] that choose each token of a given answer, f32 [n, D], and the one after it."""
    logits, cache = decoder.read(prompt, decoder.empty_cache)
    read = decoder.continue_from(cache, len(answer))
    return np.stack([logits[0], *(read(embed).copy() for embed in answer)])
