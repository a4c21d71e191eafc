"""A tiny model of SmolVLM2's shape for the toy world, before it has learnt anything: its sizes, its tokenizer, its files."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from assistant.engines.vlm.prompt import image_opening
from models.training.toy_world import lessons, long_lessons, scenes

TILE, PATCH, SHUFFLE = 144, 12, 2
SIDE = TILE // PATCH // SHUFFLE
"""Visual tokens in a row and in a column: none looks into two cells of the world."""
_SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_ADDED = (
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)),
    *("<fake_token_around_image>", "<image>", "<end_of_utterance>"),
)
TEXT = {"hidden_size": 96, "intermediate_size": 224, "num_hidden_layers": 3}
TEXT |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32}
_SPREAD = 0.08
"""Of the first weights; the usual 0.02 is for layers ten times as wide."""
VISION = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4}


def new_model(folder: Path, seed: int) -> None:
    """Write a model with random weights as transformers saves it, and a tokenizer that knows the world's words."""
    import torch
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    tokenizer = _tokenizer(seed)
    number = tokenizer.get_vocab(with_added_tokens=True).__getitem__
    text = TEXT | {"model_type": "llama", "vocab_size": tokenizer.get_vocab_size(with_added_tokens=True)}
    text |= {"rope_theta": 2e5, "rms_norm_eps": 1e-5, "max_position_embeddings": 1024, "initializer_range": _SPREAD}
    vision = VISION | {"model_type": "smolvlm_vision", "image_size": TILE, "patch_size": PATCH, "initializer_range": _SPREAD}
    config = SmolVLMConfig(
        text_config=text,
        vision_config=vision,
        scale_factor=SHUFFLE,
        image_token_id=number("<image>"),
        tie_word_embeddings=False,
        pad_token_id=number("<|im_end|>"),
    )
    torch.manual_seed(seed)
    SmolVLMForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    for name, content in _json_files(number("<end_of_utterance>"), number("<|im_end|>")).items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _json_files(end: int, padding: int) -> dict[str, Any]:
    flags = ("do_convert_rgb", "do_resize", "do_rescale", "do_normalize", "do_pad", "do_image_splitting")
    return {
        "preprocessor_config.json": {
            **dict.fromkeys(flags, True),
            "image_processor_type": "SmolVLMImageProcessor",
            **{"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "rescale_factor": 1 / 255, "resample": 1},
            "size": {"longest_edge": 2 * TILE},
            "max_image_size": {"longest_edge": TILE},
            "video_sampling": {"fps": 1, "max_frames": 64, "video_size": {"longest_edge": TILE}},
        },
        "processor_config.json": {"image_seq_len": SIDE**2, "processor_class": "SmolVLMProcessor"},
        "generation_config.json": {"bos_token_id": 0, "eos_token_id": end, "pad_token_id": padding},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<end_of_utterance>"},
    }


def _tokenizer(seed: int) -> Tokenizer:
    """Of SmolLM2's kind: byte-level, digits one by one; the world's words are one token each."""
    rng = random.Random(seed)
    taught = list(itertools.islice(scenes(seed, held_out=False), 400))
    texts = [text for scene in taught for lesson in (*lessons(scene, rng), *long_lessons(scene)) for text in lesson]
    texts += [image_opening([]), "\nAssistant:"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=560, special_tokens=list(_SPECIALS), initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in _ADDED])
    return tokenizer
