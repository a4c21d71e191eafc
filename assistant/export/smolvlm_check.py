"""Checks exported SmolVLM graphs on a random picture: against transformers where it is installed, else for sane numbers.

Runs the graphs itself, so that it says what they compute and not what a runtime makes of them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from assistant.engines.onnx.session import OnnxGraph
from assistant.export.smolvlm_config import SmolVlmShape
from assistant.problems import DamagedModel, shorten

TOKENS = 20
"""Tokens that are generated."""
GRAPHS = ("vision_encoder", "embed_tokens", "decoder_model_merged")
EXACT = "fp32"
"""The variant that must generate transformers' tokens."""
_TOLERANCE = 0.001
"""Largest difference of EXACT's logits, in units of their spread; rounding alone stays a hundred times below."""

_IMAGE = "<image>"
_PROMPT = "<|im_start|>User:<fake_token_around_image><global-img>{image}<fake_token_around_image>Describe it.<end_of_utterance>\nAssistant:"


@dataclass(frozen=True)
class VariantCheck:
    """Tells how a variant did on the random picture."""

    variant: str
    compared_with: str
    """ "transformers", or the widest variant's name."""
    same_tokens: int
    """How many of `tokens` it puts first where the reference does, what stands before them being the same."""
    tokens: int
    largest_difference: float
    """Between its logits and the reference's, at the places of `tokens`."""
    files: list[str]
    """Names of the variant's files."""


@dataclass(frozen=True, eq=False)
class SampleInput:
    """A prompt and the tiles in it."""

    ids: list[int]
    image_token: int
    pixels: np.ndarray
    """f32 [1, tiles, 3, S, S]"""

    @property
    def mask(self) -> np.ndarray:
        """Return bool [1, tiles, S, S]: all of it is picture."""
        return np.ones((*self.pixels.shape[:2], *self.pixels.shape[3:]), np.bool_)


def check_export(source: Path, folder: Path, shape: SmolVlmShape, suffixes: Mapping[str, str], compare: bool) -> list[VariantCheck]:
    """Generate with the first variant and score its tokens with all.

    Args:
        source: the transformers folder.
        folder: the exported one.
        shape: the model's numbers.
        suffixes: of each variant's files, widest variant first.
        compare: with transformers, if it is installed; else with the widest variant.

    Raises:
        DamagedModel: a graph doesn't run, gives the wrong shape or something that is no number, or EXACT's tokens or
            logits are not transformers'.
    """
    sample = _make_sample(folder, shape)
    widest = next(iter(suffixes))
    tokens, reference = ExportedGraphs(folder, suffixes[widest], shape).generate(sample)
    compared_with = widest
    if compare and transformers_installed():
        reference, compared_with = _transformers_logits(source, sample, tokens), "transformers"
    results = []
    for name, suffix in suffixes.items():
        logits = ExportedGraphs(folder, suffix, shape).score(sample, tokens)
        same = int((logits.argmax(-1) == reference.argmax(-1)).sum())
        difference = float(np.abs(logits - reference).max())
        files = sorted(path.name for path in (folder / "onnx").iterdir() if _is_of(path, suffix))
        results.append(VariantCheck(name, compared_with, same, TOKENS, difference, files))
        if name == EXACT and (same < TOKENS or difference > _TOLERANCE * reference.std()):
            what = f"the exported graphs give {same} of {TOKENS} tokens as {compared_with} does (largest logit difference "
            raise DamagedModel(f"{what}{difference:.2g})", "please report it with the model's config.json")
    return results


def transformers_installed() -> bool:
    """Tell whether torch and transformers are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers"))


def _make_sample(folder: Path, shape: SmolVlmShape) -> SampleInput:
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # what the Rust library raises has no narrower type
        raise DamagedModel(f"{shorten(folder.name)}/tokenizer.json holds no tokenizer", "give a whole folder") from error
    image_token = tokenizer.token_to_id(_IMAGE)
    ids = list(tokenizer.encode(_PROMPT.format(image=_IMAGE * shape.vision.tokens), add_special_tokens=False).ids)
    if image_token is None or ids.count(image_token) != shape.vision.tokens or max(ids) >= shape.vocabulary:
        raise DamagedModel("tokenizer.json doesn't belong to this model", "give a whole folder of one SmolVLM2 model")
    size = shape.vision.image_size
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 1, 3, size, size)).astype(np.float32)
    return SampleInput(ids, image_token, pixels)


def _is_of(path: Path, suffix: str) -> bool:
    """Whether a graph, or the weights beside it, are of the variant with this suffix."""
    return path.stem in {f"{name}{suffix}" for name in GRAPHS}


class ExportedGraphs:
    """Runs one variant's three graphs."""

    def __init__(self, folder: Path, suffix: str, shape: SmolVlmShape) -> None:
        self._vision, self._embed, self._decoder = (OnnxGraph(folder / "onnx" / f"{name}{suffix}.onnx") for name in GRAPHS)
        self._shape = shape
        self._cache = [f"{layer}.{part}" for layer in range(shape.text.layers) for part in ("key", "value")]

    def generate(self, sample: SampleInput) -> tuple[list[int], np.ndarray]:
        """Return TOKENS greedy tokens, and the logits [TOKENS, vocabulary] that chose them."""
        cache, embeds, rows = self._empty_cache(), self._prompt_embeds(sample), []
        for _ in range(TOKENS):
            logits, cache = self._read(embeds, cache, keep=1)
            rows.append(logits[-1])
            embeds = self._embeds([int(logits[-1].argmax())])
        return [int(row.argmax()) for row in rows], np.stack(rows)

    def score(self, sample: SampleInput, tokens: list[int]) -> np.ndarray:
        """Return the logits [tokens, vocabulary] that choose each token after those before it, all in one run."""
        embeds = np.concatenate([self._prompt_embeds(sample), self._embeds(tokens[:-1])])
        return self._read(embeds, self._empty_cache(), keep=len(tokens))[0]

    def _prompt_embeds(self, sample: SampleInput) -> np.ndarray:
        """f32 [n, hidden]: the prompt with the tiles in it."""
        (features,) = self._vision.run({"pixel_values": sample.pixels, "pixel_attention_mask": sample.mask}, ["image_features"])
        _check_numbers(self._vision, features, (sample.pixels.shape[1], self._shape.vision.tokens, self._shape.text.hidden))
        embeds = self._embeds(sample.ids)
        embeds[np.array(sample.ids) == sample.image_token] = features.reshape(-1, self._shape.text.hidden)
        return embeds

    def _embeds(self, ids: list[int]) -> np.ndarray:
        (rows,) = self._embed.run({"input_ids": np.array([ids], np.int64)}, ["inputs_embeds"])
        _check_numbers(self._embed, rows, (1, len(ids), self._shape.text.hidden))
        return np.array(rows[0])

    def _empty_cache(self) -> dict[str, np.ndarray]:
        dtype = self._decoder.inputs[f"past_key_values.{self._cache[0]}"].dtype
        empty = np.zeros((1, self._shape.text.kv_heads, 0, self._shape.text.head_dim), dtype)
        return {f"past_key_values.{name}": empty for name in self._cache}

    def _read(self, embeds: np.ndarray, cache: Mapping[str, np.ndarray], keep: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Logits [keep, vocabulary] and the longer cache."""
        past, new = next(iter(cache.values())).shape[2], len(embeds)
        feed = {
            "inputs_embeds": embeds[None],
            "attention_mask": np.ones((1, past + new), np.int64),
            "position_ids": np.arange(past, past + new)[None],
            "num_logits_to_keep": np.array(keep),
            **cache,
        }
        logits, *presents = self._decoder.run(feed, ["logits", *(f"present.{name}" for name in self._cache)])
        _check_numbers(self._decoder, logits, (1, keep, self._shape.vocabulary))
        return logits[0], {f"past_key_values.{name}": value for name, value in zip(self._cache, presents, strict=True)}


def _check_numbers(graph: OnnxGraph, values: np.ndarray, shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise graph.foreign(f"gives {values.shape} where {shape} is expected")
    if not np.isfinite(values).all():
        raise graph.foreign("computes something that is no number")


def _transformers_logits(source: Path, sample: SampleInput, tokens: list[int]) -> np.ndarray:
    """What transformers' own model gives at the same places, in float32. Greedy decoding is the same if the largest are."""
    import torch
    from transformers import AutoModelForImageTextToText

    loader: Any = AutoModelForImageTextToText
    try:
        model = loader.from_pretrained(source, dtype=torch.float32, local_files_only=True).eval()
    except Exception as error:  # a folder that transformers can't read may raise anything
        what = f"transformers can't load {shorten(source)} ({shorten(error)})"
        raise DamagedModel(what, "add --no-compare to export it without comparing") from error
    ids = torch.tensor([[*sample.ids, *tokens[:-1]]])
    with torch.inference_mode():
        output = model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            pixel_values=torch.from_numpy(sample.pixels),
            pixel_attention_mask=torch.from_numpy(sample.mask),
        )
    return np.asarray(output.logits[0, -len(tokens) :].numpy(), np.float32)
