"""Teaches a tiny model of SmolVLM2's shape the toy world, as a test double whose answers can be right or wrong. Resumable: run it again.

    python -m models.training.train_toy --out DIR [--steps N]

DIR becomes what transformers saves, in half precision (1.5 MB); tests/support/toy_eye is one. `evaluate_toy` tells how often it is right.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from assistant.engines.vlm.prompt import image_opening
from models.training.commands import prepare_out, run_command, writing
from models.training.smolvlm_prompts import Looked, Sample, SmolVlmPrompts
from models.training.toy_world import COLOURS, GROUNDS, PLACES, THINGS, draw, lessons, long_lessons, scenes

if TYPE_CHECKING:
    from torch import Tensor

    from models.training.smolvlm_torch import Plan

STEPS, RATE = 3000, 2e-3
POOL = 2000
"""Scenes, each drawn once."""
ENCODER_STEPS, ENCODER_SCENES = 700, 64
"""What the vision encoder learns from before there is any language."""
SCENES_A_STEP = 32
TOGETHER_STEPS, TOGETHER_RATE = 2000, 1e-3
"""After the language model alone, that and the encoder."""
SPLIT_SHARE, SPLIT_SCENES = 0.08, 8
"""Of the steps, with so many pictures cut into tiles as a closer look has them; only those teach long captions."""
TILE, PATCH, SHUFFLE = 128, 16, 2
SEED = 21
_SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_ADDED = (
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)),
    *("<fake_token_around_image>", "<image>", "<end_of_utterance>"),
)
_TEXT = {"hidden_size": 96, "intermediate_size": 224, "num_hidden_layers": 3}
_TEXT |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32}
_SPREAD = 0.08
"""Of the first weights; the usual 0.02 is for layers ten times as wide."""
_VISION = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to make; run again with it to go on")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"batches to learn from (default {STEPS})")
    parser.add_argument("--save-every", type=int, default=250, metavar="N", help="steps between checkpoints (default 250)")
    options = parser.parse_args(arguments)
    return run_command("train_toy", lambda: train_toy(options, lambda line: print(line, flush=True)))


def train_toy(options: argparse.Namespace, report: Callable[[str], None]) -> None:
    """The whole command; raises a Problem for whatever the user can mend."""
    import torch
    from torch.nn import functional as F

    from models.training import smolvlm_torch as on_torch

    torch.set_num_threads(1)
    work = prepare_out(options.out)
    start = work / "start"
    if not start.is_dir():
        _new_model(start)
    prompts = SmolVlmPrompts(start)
    network = on_torch.trainable_network(start, on_torch.Trained(rank=0, everything=True), torch.float32)
    pool = _Pool(prompts)
    settings = {"rate": RATE, "text": repr(_TEXT), "vision": repr(_VISION), "world": 4}
    _teach_encoder(network, pool, on_torch.Plan(ENCODER_STEPS, RATE, ENCODER_SCENES, options.save_every), work, settings, report)
    network.model.vision_model.requires_grad_(False)
    pool.encode(network)

    def loss_of(numbers: list[int], *, encoded: bool = True) -> Tensor:
        batch = on_torch.collate(pool.samples(network, numbers, encoded=encoded), prompts.image_id)
        losses = F.cross_entropy(on_torch.answer_logits(network, batch), batch.targets, reduction="none")
        lengths = batch.rows.bincount()[batch.rows]  # a yes weighs as much as a caption
        return (losses / lengths).sum() / len(batch.ids)

    plan = on_torch.Plan(options.steps, RATE, SCENES_A_STEP, options.save_every)
    on_torch.train(network, loss_of, options.steps * SCENES_A_STEP, plan, work / "checkpoint.pt", settings, report)
    network.model.vision_model.requires_grad_(True)
    together = on_torch.Plan(TOGETHER_STEPS, TOGETHER_RATE, SCENES_A_STEP, options.save_every)
    on_torch.train(network, partial(loss_of, encoded=False), POOL, together, work / "together.pt", settings, report)
    with writing(options.out):
        network.half().save_pretrained(options.out)
        for path in start.iterdir():
            if path.suffix == ".json" and path.name != "config.json":
                shutil.copyfile(path, options.out / path.name)
    report(f"{options.out} is ready. Next: python -m models.training.evaluate_toy --model {options.out}")


def _teach_encoder(network: Any, pool: _Pool, plan: Plan, work: Path, settings: dict[str, Any], report: Callable[[str], None]) -> None:
    """Teach the vision encoder alone, by a linear layer that is then thrown away, which thing of which colour stands in each cell.

    It reads a cell from the cell's own patches, the same in all cells: so whoever looks for a thing finds it where it is.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    from models.training import smolvlm_torch as on_torch

    classes = (len(THINGS) + 1, len(COLOURS) + 1, len(GROUNDS))
    head = nn.Linear(_VISION["hidden_size"], sum(classes))
    learner = nn.ModuleDict({"vision": network.model.vision_model, "head": head})
    pooling = torch.from_numpy(_cells_of_patches())  # [cells, patches]

    def loss_of(numbers: list[int]) -> Tensor:
        features = pooling @ on_torch.encode_tiles(network, torch.from_numpy(pool.tiles(numbers)))  # [B, cells, width]
        told = head(features).flatten(0, 1).split(classes, dim=1)  # of each cell the thing, the colour, and the ground behind it
        truth = torch.from_numpy(np.stack([pool.truth(number) for number in numbers])).flatten(0, 1)  # [B * cells, 3]
        losses = [F.cross_entropy(part, truth[:, place]) for place, part in enumerate(told)]
        return torch.stack(losses).sum()

    on_torch.train(learner, loss_of, POOL, plan, work / "encoder.pt", settings, report)


class _Pool:
    """The scenes that are taught, with their pictures as the model takes them."""

    def __init__(self, prompts: SmolVlmPrompts) -> None:
        self._prompts = prompts
        self._scenes = list(itertools.islice(scenes(SEED, held_out=False), POOL))
        self._looked = [self._look(number, split=False) for number in range(POOL)]
        self._encoded = list[Looked]()

    def tiles(self, numbers: Sequence[int]) -> np.ndarray:
        """f32 [B, 3, S, S]"""
        return np.concatenate([self._looked[number % POOL].values for number in numbers]).astype(np.float32)

    def truth(self, number: int) -> np.ndarray:
        """Of each cell the thing's number, 0 for none, the colour's and the ground's: i64 [cells, 3]."""
        scene, told = self._scenes[number % POOL], np.zeros((len(PLACES), 3), np.int64)
        for group in scene.groups:
            for cell in group.cells:
                told[cell, :2] = 1 + THINGS.index(group.thing), 1 + list(COLOURS).index(group.colour)
        told[:, 2] = list(GROUNDS).index(scene.ground)
        return told

    def encode(self, network: Any) -> None:
        """Keep what the encoder, which learns no more, makes of each whole picture."""
        for first in range(0, POOL, ENCODER_SCENES):
            numbers = range(first, min(first + ENCODER_SCENES, POOL))
            self._encoded += [Looked(values[None], 0, 0) for values in _encoded(network, self.tiles(numbers))]

    def samples(self, network: Any, numbers: Sequence[int], *, encoded: bool) -> list[Sample]:
        """A lesson about each scene, its picture encoded or as it is; now and then long ones about some, looked at closer."""
        rng = random.Random(f"{SEED} {numbers}")
        split = encoded and rng.random() < SPLIT_SHARE
        found = list[Sample]()
        for number in numbers[:SPLIT_SCENES] if split else numbers:
            looked = self._encoded[number % POOL] if encoded else Looked(self.tiles([number]), 0, 0)
            told = list(lessons(self._scenes[number % POOL], rng))
            if split:
                tiles, told = self._look(number % POOL, split=True), list(long_lessons(self._scenes[number % POOL]))
                looked = Looked(_encoded(network, tiles.values), tiles.rows, tiles.cols)
            asked, said = rng.choice(told)
            found.append(self._prompts.sample(looked, asked, self._prompts.answer(said)))
        return found

    def _look(self, number: int, *, split: bool) -> Looked:
        looked = self._prompts.look(draw(self._scenes[number], number), split=split)
        return Looked(looked.values.astype(np.float16), looked.rows, looked.cols)


def _cells_of_patches() -> np.ndarray:
    """Means over the patches of each cell: f32 [cells, patches]."""
    side = TILE // PATCH
    rows, columns = np.divmod(np.arange(side * side), side)
    cells = (rows * 2 // side) * 3 + ((columns + 0.5) * 3 / side).astype(int)
    belongs = (cells == np.arange(len(PLACES))[:, None]).astype(np.float32)
    return np.asarray(belongs / belongs.sum(1, keepdims=True))


def _encoded(network: Any, tiles: np.ndarray) -> np.ndarray:
    """f [T, 3, S, S] -> f32 [T, patches, width]"""
    import torch

    from models.training.smolvlm_torch import encode_tiles

    with torch.no_grad():
        return np.asarray(encode_tiles(network, torch.from_numpy(tiles.astype(np.float32))).numpy())


def _new_model(folder: Path) -> None:
    """A model with random weights as transformers saves it, and a tokenizer that knows the world's words."""
    import torch
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    tokenizer = _tokenizer()
    number = tokenizer.get_vocab(with_added_tokens=True).__getitem__
    text = _TEXT | {"model_type": "llama", "vocab_size": tokenizer.get_vocab_size(with_added_tokens=True)}
    text |= {"rope_theta": 2e5, "rms_norm_eps": 1e-5, "max_position_embeddings": 1024, "initializer_range": _SPREAD}
    vision = _VISION | {"model_type": "smolvlm_vision", "image_size": TILE, "patch_size": PATCH, "initializer_range": _SPREAD}
    config = SmolVLMConfig(
        text_config=text,
        vision_config=vision,
        scale_factor=SHUFFLE,
        image_token_id=number("<image>"),
        tie_word_embeddings=False,
        pad_token_id=number("<|im_end|>"),
    )
    torch.manual_seed(SEED)
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
        "processor_config.json": {"image_seq_len": (TILE // PATCH // SHUFFLE) ** 2, "processor_class": "SmolVLMProcessor"},
        "generation_config.json": {"bos_token_id": 0, "eos_token_id": end, "pad_token_id": padding},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<end_of_utterance>"},
    }


@lru_cache(maxsize=1)
def _tokenizer() -> Tokenizer:
    """Of SmolLM2's kind: byte-level, digits one by one; the world's words are one token each."""
    rng = random.Random(SEED)
    taught = list(itertools.islice(scenes(SEED, held_out=False), 400))
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


if __name__ == "__main__":
    sys.exit(main())
