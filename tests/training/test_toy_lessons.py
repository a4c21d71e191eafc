"""Lessons about a picture that are read together teach the same as each of them alone."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from models.training.evaluate_toy import TOY_EYE
from models.training.smolvlm_prompts import SmolVlmPrompts
from models.training.toy_world import draw, lessons, scenes


@pytest.mark.parametrize("split", [False, True])
def test_packed_lessons_expect_the_same_words_as_lessons_one_by_one(split: bool) -> None:
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    pytest.importorskip("peft", reason="the extra [train] is not installed")
    from models.training import smolvlm_torch as on_torch
    from models.training.toy_lessons import pack, packed_logits

    prompts, rng = SmolVlmPrompts(TOY_EYE), random.Random(1)
    network = on_torch.load_network(TOY_EYE, torch.float32)
    shown = list(itertools.islice(scenes(1, held_out=False), 2))
    looked = [prompts.look(draw(scene, 1), split=split) for scene in shown]
    told = [list(lessons(scene, rng))[: 3 + number] for number, scene in enumerate(shown)]
    alone = [prompts.sample(each, asked, prompts.answer(said)) for each, pairs in zip(looked, told, strict=True) for asked, said in pairs]
    with torch.no_grad():
        together = pack(prompts, looked, told)
        features = on_torch.encode_tiles(network, torch.from_numpy(np.concatenate([each.values for each in looked])))
        packed = packed_logits(network, together, features).numpy()
        batch = on_torch.collate(alone, prompts.image_id)
        single = on_torch.answer_logits(network, batch).numpy()
    assert together.targets.tolist() == batch.targets.tolist()
    assert np.abs(packed - single).max() < 1e-3 * np.abs(single).max()
