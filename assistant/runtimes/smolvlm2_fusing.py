"""Fuses a downloaded decoder's attention once, and uses the fused form only where it answers as the original does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from assistant.problems import DamagedModel
from assistant.runtimes.attention_search import UnfusableError
from assistant.runtimes.fused_attention import fuse_attention
from assistant.runtimes.onnx_session import OnnxGraph, SessionSettings
from assistant.runtimes.saved_graphs import Rewriting
from assistant.runtimes.smolvlm2_decoder import Decoder
from assistant.runtimes.smolvlm2_graphs import TokenEmbedder

_PROMPT = "<|im_start|>User: Somebody who can't see asks you what is in front of them. What could it be?<end_of_utterance>\nAssistant:"
_TOKENS = 24
_SAME = 1e-3
"""Largest difference of logits, in units of their spread, that rounding may make in full precision."""
_LAST_DIGIT = 1e-6
_ROUNDINGS = 3


def fused_attention(tokenizer: Tokenizer, embedder: TokenEmbedder, positions: int, threads: int) -> Rewriting:
    """Of a decoder for this tokenizer and these embeddings, with room for `positions` tokens."""

    def rewrite(graph: Path) -> str:
        fused = graph.with_name("fused.onnx")
        try:
            layers = fuse_attention(graph, fused, positions)
            if layers:
                decoders = (
                    Decoder(OnnxGraph(path, SessionSettings(threads)), hidden=embedder.hidden, vocabulary=tokenizer.get_vocab_size())
                    for path in (graph, fused)
                )
                _refuse_other_answers(*decoders, embedder, tokenizer.encode(_PROMPT, add_special_tokens=False).ids)
                fused.replace(graph)
        except UnfusableError as reason:
            return f"attention is not fused: {reason}"
        except Exception as error:  # of onnx and onnxruntime, which have no common root; the original is what counts
            return f"attention is not fused: {type(error).__name__}"
        finally:
            fused.unlink(missing_ok=True)
        return f"attention is fused in {layers} layers, and answers as the original does" if layers else ""

    return Rewriting(f"fused attention 1, {positions} positions", rewrite)


def _refuse_other_answers(original: Decoder, fused: Decoder, embedder: TokenEmbedder, prompt_ids: list[int]) -> None:
    """UnfusableError unless both say the same to a prompt.

    Graphs that round activations to 8 bits answer slightly differently to embeddings that differ in the last digit only. So
    much the fused form may differ too, and a token counts as the same where the original is as undecided as that.
    """
    prompt = embedder.embed(prompt_ids)
    try:
        tokens, expected = _greedy(original, embedder, prompt)
        answer = embedder.embed(tokens[:-1])
        noise = np.random.default_rng(0).standard_normal(prompt.shape).astype(np.float32)
        itself = _follow(original, prompt * (1 + _LAST_DIGIT * noise), answer)
        found = _follow(fused, prompt, answer)
    except DamagedModel as problem:
        raise UnfusableError(problem.what) from problem
    allowed = max(_SAME * float(expected.std()), _ROUNDINGS * float(np.abs(itself - expected).max()))
    difference = float(np.abs(found - expected).max())
    lead = expected.max(-1) - np.take_along_axis(expected, found.argmax(-1)[:, None], -1)[:, 0]  # 0 where the token is the same
    if not difference <= allowed or lead.max() > allowed:
        raise UnfusableError(f"its logits would differ by {difference:.2g}, where {allowed:.2g} is rounding")


def _greedy(decoder: Decoder, embedder: TokenEmbedder, prompt: np.ndarray) -> tuple[list[int], np.ndarray]:
    """_TOKENS tokens, and the logits [_TOKENS, V] that chose them."""
    logits, cache = decoder.read(prompt, decoder.empty_cache)
    read, rows = decoder.continue_from(cache, _TOKENS), [logits[0]]
    while len(rows) < _TOKENS:
        rows.append(read(embedder.embed([int(rows[-1].argmax())])[0]).copy())
    return [int(row.argmax()) for row in rows], np.stack(rows)


def _follow(decoder: Decoder, prompt: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The logits [n + 1, V] that choose each token of a given answer, f32 [n, D], and the one after it."""
    logits, cache = decoder.read(prompt, decoder.empty_cache)
    read = decoder.continue_from(cache, len(answer))
    return np.stack([logits[0], *(read(embed).copy() for embed in answer)])
