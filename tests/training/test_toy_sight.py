"""What a toy eye's visual tokens are to know is what lies where they look."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.toy_model import PATCH, SHUFFLE, SIDE, TILE
from models.training.toy_world import COLOURS, GROUNDS, THINGS, Group, Scene


def test_a_token_knows_its_cell() -> None:
    from models.training.toy_sight import truth_of_tokens

    scene = Scene("brown", (Group("kite", "blue", (0, 5)), Group("ball", "red", (4,))))
    truth = truth_of_tokens(scene).reshape(SIDE, SIDE, -1)
    assert SIDE * SHUFFLE * PATCH == TILE
    kite = [1 + THINGS.index("kite"), 1 + list(COLOURS).index("blue"), 2, 1]
    for row, column, expected in ((0, 0, [*kite, 0]), (0, SIDE - 1, [0, 0, 0, 0, 2]), (SIDE - 1, SIDE - 1, [*kite, 5])):
        assert truth[row, column].tolist() == [*expected, list(GROUNDS).index("brown")]
    ball = truth[..., 0] == 1 + THINGS.index("ball")
    assert np.array_equal(ball, truth[..., 4] == 4) and ball.sum() == SIDE * SIDE / 6


def test_sight_is_learnt_through_the_connector(tmp_path_factory: pytest.TempPathFactory) -> None:
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    pytest.importorskip("peft", reason="the extra [train] is not installed")
    from models.training import smolvlm_torch as on_torch
    from models.training.smolvlm_prompts import SmolVlmPrompts
    from models.training.toy_model import new_model
    from models.training.toy_sight import Pool, Sight

    folder = tmp_path_factory.mktemp("toy")
    new_model(folder, 1)
    network, sight = on_torch.load_network(folder, torch.float32), Sight(1)
    loss = Pool(SmolVlmPrompts(folder), 1, 2).loss(network, sight, [0, 1])
    loss.backward()
    learns = {name.split(".")[1] for name, weight in network.named_parameters() if weight.grad is not None}
    assert learns == {"vision_model", "connector"}
