"""Makes a downloaded decoder faster once: its attention is fused, and layers in blocks round their inputs. Each is tried, and kept
only where the new form answers as the one before does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from assistant.engines.onnx.attention_search import UnfusableError
from assistant.engines.onnx.fused_attention import fuse_attention
from assistant.engines.onnx.rounded_inputs import round_inputs
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
_SEEDS = 8
"""Ways in which the last digit may differ that are tried: one alone may happen to move nothing where another does."""
_ROUNDED = 0.1
"""How far inputs of 8 bits may move the logits, root mean square in units of their spread. At the shapes of SmolVLM2 they move them by
0.02 to 0.03, where the 4 bits of the weights do by 0.35 to 0.4: together less than 1 % more."""


class _OtherAnswerError(Exception):
    """The new form says something else."""


@dataclass(frozen=True, eq=False)
class _Answer:
    """What the original says to _PROMPT."""

    tokens: list[int]
    logits: np.ndarray
    """[_TOKENS, V]: they chose the tokens."""
    embeds: np.ndarray
    """f32 [_TOKENS - 1, D] of all tokens but the last: what is read to get the logits after the prompt's."""
    allowed: float
    """How far rounding may move a logit of any graph."""


def faster_decoder(tokenizer: Tokenizer, embedder: TokenEmbedder, positions: int, threads: int) -> Rewriting:
    """Return the rewriting that makes a decoder faster.

    Args:
        tokenizer: the model's.
        embedder: its table of embeddings.
        positions: tokens there is room for.
        threads: of the sessions that try it; 0 = one per core.
    """

    def open_decoder(path: Path) -> Decoder:
        return Decoder(OnnxGraph(path, SessionSettings(threads)), hidden=embedder.hidden, vocabulary=tokenizer.get_vocab_size())

    def asked(graph: Path) -> tuple[np.ndarray, _Answer]:
        prompt = embedder.embed(tokenizer.encode(_PROMPT, add_special_tokens=False).ids)
        return prompt, _ask(open_decoder(graph), embedder, prompt)  # freed before the next is opened

    def fuse(graph: Path, fused: Path) -> str:
        layers = fuse_attention(graph, fused, positions)
        if not layers:
            return ""
        prompt, answer = asked(graph)
        found = _follow(open_decoder(fused), prompt, answer.embeds)
        if not (_distance(found, answer) <= answer.allowed or _is_rounding(found, open_decoder(graph), prompt, answer)):
            raise _OtherAnswerError(_other_answer(found, answer))
        return f"attention is fused in {layers} layers and answers as before"

    def round_(graph: Path, rounded: Path) -> str:
        layers = round_inputs(graph, rounded)
        if not layers:
            return ""
        prompt, answer = asked(graph)
        moved = float(np.sqrt(np.mean((_follow(open_decoder(rounded), prompt, answer.embeds) - answer.logits) ** 2)) / answer.logits.std())
        if not moved <= _ROUNDED:
            raise _OtherAnswerError(f"its logits would be {moved:.2g} of their spread off")
        return f"inputs of {layers} layers are rounded to 8 bits"

    def rewrite(graph: Path) -> str:
        notes = (_attempt(graph, fuse, "attention is not fused"), _attempt(graph, round_, "inputs are not rounded"))
        return "; ".join(note for note in notes if note)

    return Rewriting(f"fused attention 4, rounded inputs 1, {positions} positions", rewrite)


def _attempt(graph: Path, change: Callable[[Path, Path], str], otherwise: str) -> str:
    """Replace the graph by what `change` writes beside it, if it does, and return its note; `otherwise`, and why, if it fails."""
    new = graph.with_name("rewritten.onnx")
    try:
        if note := change(graph, new):
            new.replace(graph)
        return note
    except (UnfusableError, _OtherAnswerError, DamagedModel) as reason:
        return f"{otherwise}: {reason}"
    except Exception as error:  # onnx's and onnxruntime's errors have no common root; the original is what counts
        return f"{otherwise}: {type(error).__name__}"
    finally:
        new.unlink(missing_ok=True)


def _ask(decoder: Decoder, embedder: TokenEmbedder, prompt: np.ndarray) -> _Answer:
    """Decode greedily."""
    logits, cache = decoder.read(prompt, decoder.empty_cache)
    read, rows = decoder.continue_from(cache, _TOKENS), [logits[0]]
    while len(rows) < _TOKENS:
        rows.append(read(embedder.embed([int(rows[-1].argmax())])[0]).copy())
    tokens, expected = [int(row.argmax()) for row in rows], np.stack(rows)
    same = _SAME[decoder.empty_cache.values[0].data_type()] * float(expected.std())
    return _Answer(tokens, expected, embedder.embed(tokens[:-1]), same)


def _distance(found: np.ndarray, answer: _Answer) -> float:
    """Give the largest difference of a logit or, if that is larger, lead of a token over the one that would be said in its place."""
    lead = answer.logits.max(-1) - answer.logits[np.arange(_TOKENS), found.argmax(-1)]  # 0 where the token is the same
    return max(float(np.abs(found - answer.logits).max()), float(lead.max()))


def _is_rounding(found: np.ndarray, original: Decoder, prompt: np.ndarray, answer: _Answer) -> bool:
    """Whether the last digit of what it reads moves the original about as far.

    Graphs that round activations to fewer bits turn a difference in the last digit into a larger one, or into none: so much another
    way to compute the same may differ too, and where the lead of a token is smaller than that, chance chose it.
    """
    distance = _distance(found, answer)
    for seed in range(_SEEDS):
        draw = np.random.default_rng(seed).standard_normal
        read = [embeds * (1 + _LAST_DIGIT * draw(embeds.shape, np.float32)) for embeds in (prompt, answer.embeds)]
        if distance <= _ROUNDINGS * float(np.abs(_follow(original, *read) - answer.logits).max()):
            return True
    return False


def _other_answer(found: np.ndarray, answer: _Answer) -> str:
    same, difference = int((found.argmax(-1) == answer.tokens).sum()), float(np.abs(found - answer.logits).max())
    return f"it would say {same} of {_TOKENS} tokens as before, its logits {difference:.2g} off"


def _follow(decoder: Decoder, prompt: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The logits [n + 1, V] that choose each token of a given answer, f32 [n, D], and the one after it."""
    logits, cache = decoder.read(prompt, decoder.empty_cache)
    read = decoder.continue_from(cache, len(answer))
    return np.stack([logits[0], *(read(embed).copy() for embed in answer)])
