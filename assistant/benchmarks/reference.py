"""Measures the contender to beat: transformers' own SmolVLM on the CPU (extra [bench]).

    python -m assistant.benchmarks.reference DIR float32|bfloat16

Works in its favour where it can: no processor, no generate(), logits of the last position alone.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import torch
from transformers import AutoTokenizer, SmolVLMForConditionalGeneration

from assistant.benchmarks.figures import (
    DECODED_TOKENS,
    QUESTION,
    VIDEO_FRAMES,
    Figures,
    PromptFigures,
    median_s,
    now_s,
    peak_mb,
    pixels,
    print_figures,
    threads,
)

_FAKE, _GLOBAL, _IMAGE = "<fake_token_around_image>", "<global-img>", "<image>"


class Reference:
    """Runs transformers' SmolVLM step by step. Shapes as in SMOLVLM2.md section 4."""

    def __init__(self, folder: str, dtype: torch.dtype) -> None:
        self.model = SmolVLMForConditionalGeneration.from_pretrained(folder, dtype=dtype).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        vision = self.model.config.vision_config
        self.side, self.dtype = vision.image_size, dtype
        self.tokens_a_tile = (vision.image_size // vision.patch_size // self.model.config.scale_factor) ** 2

    def pixels(self, count: int) -> torch.Tensor:
        """Return `figures.pixels` as a tensor [1, count, 3, side, side]."""
        return torch.from_numpy(pixels(count, self.side))[None].to(self.dtype)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the visual tokens [tokens of all pictures, hidden]."""
        found = self.model.model.get_image_features(pixels, pixel_attention_mask=None)
        found = found if isinstance(found, torch.Tensor) else found.pooler_output  # newer versions wrap them, a tensor a prompt
        return torch.cat(list(found)) if not isinstance(found, torch.Tensor) else found.flatten(0, -2)

    def prompt(self, count: int, question: str = QUESTION) -> torch.Tensor:
        """Return the token ids [1, n] of a question about so many pictures."""
        block = f"{_FAKE}{_GLOBAL}{_IMAGE * self.tokens_a_tile}{_FAKE}"
        if count == 1:
            text = f"<|im_start|>User:{block}{question}"
        else:
            frames = "".join(f"\nFrame from 00:{i:02d}:{block}" for i in range(count))
            intro = f"You are provided the following series of eight frames from a 0:00:{count:02d} [H:MM:SS] video."
            text = f"<|im_start|>User: {intro}\n{frames}\n\n{question}"
        ids = self.tokenizer(f"{text}<end_of_utterance>\nAssistant:", add_special_tokens=False).input_ids
        return torch.tensor([ids])

    def prefill(self, ids: torch.Tensor, features: torch.Tensor) -> Any:
        """Read a prompt [1, n] with its visual tokens [tokens, hidden]; return transformers' output, with the cache."""
        embeds = self.model.get_input_embeddings()(ids)  # [1, n, D]
        embeds[0, ids[0] == self.model.config.image_token_id] = features
        return self.model(inputs_embeds=embeds, use_cache=True, logits_to_keep=1)

    def decode(self, out: Any) -> list[int]:
        """Return DECODED_TOKENS greedy tokens after what was read, whatever they are."""
        tokens = []
        for _ in range(DECODED_TOKENS):
            token = out.logits[:, -1].argmax(-1, keepdim=True)
            tokens.append(int(token))
            out = self.model(input_ids=token, use_cache=True, **{self._cache: getattr(out, self._cache)})
        return tokens

    @property
    def _cache(self) -> str:
        """Newer versions rename it."""
        return "cache" if "cache" in inspect.signature(self.model.forward).parameters else "past_key_values"


@torch.inference_mode()
def main(folder: str, dtype: str) -> None:
    """Measure the model, and print the figures."""
    if threads():
        torch.set_num_threads(threads())
    began = now_s()
    reference = Reference(folder, getattr(torch, dtype))
    load_s = now_s() - began
    one = _measure(reference, 1)
    picture_peak = peak_mb()
    several = _measure(reference, VIDEO_FRAMES)
    assert one.encode_s is not None
    # It keeps nothing between questions: the picture is encoded and read again.
    second_s = one.encode_s + one.prefill_s
    print_figures(Figures.of(one, several, load_s=load_s, second_question_s=second_s, picture_peak_mb=picture_peak, peak_mb=peak_mb()))


def _measure(reference: Reference, count: int) -> PromptFigures:
    tiles, ids = reference.pixels(count), reference.prompt(count)
    features = reference.encode(tiles)
    encode_s = median_s(reference.encode, lambda: tiles)
    prefill_s = median_s(lambda _: reference.prefill(ids, features), lambda: None)
    decode_s = median_s(reference.decode, lambda: reference.prefill(ids, features))
    return PromptFigures(encode_s, prefill_s, DECODED_TOKENS / decode_s, reference.decode(reference.prefill(ids, features)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
