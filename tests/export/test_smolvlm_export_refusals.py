"""What `assistant models export` can't use is named in one line, and nothing half-written is left. Needs no torch."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.command_line import main
from assistant.export import smolvlm_export
from assistant.export.graph import FileGraph
from assistant.export.smolvlm_export import export_smolvlm
from assistant.problems import BadInput, DamagedModel, DiskFull, MissingModel, Problem
from tests.support.make_smolvlm import TINY, Weights, change_config, change_weights, write_transformers_folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """One that a test may spoil."""
    return write_transformers_folder(tmp_path / "source", TINY["tiny-a"])


def export(source: Path, destination: Path) -> None:
    export_smolvlm(source, destination, ["fp32"], lambda line: None, compare=False)


def cut_weights(source: Path) -> None:
    with (source / "model.safetensors").open("r+b") as file:
        file.truncate((source / "model.safetensors").stat().st_size - 100)


def write_garbage(source: Path) -> None:
    (source / "model.safetensors").write_bytes(b"PK\x03\x04" * 100)


def write_index(source: Path, content: object) -> None:
    (source / "model.safetensors").unlink()
    (source / "model.safetensors.index.json").write_text(json.dumps(content), encoding="utf-8")


def without(name: str) -> Callable[[Weights], Weights]:
    return lambda weights: {each: value for each, value in weights.items() if each != name}


def turned(name: str) -> Callable[[Weights], Weights]:
    return lambda weights: weights | {name: (weights[name][0][::-1], lambda: weights[name][1]().T)}


def not_a_number(name: str) -> Callable[[Weights], Weights]:
    return lambda weights: weights | {name: (weights[name][0], lambda: np.full(weights[name][0], np.nan, np.float32))}


def relabel(source: Path, kind: bytes) -> None:
    """The first tensor's numbers are said to be of another kind."""
    path = source / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"F32"', kind, 1))


UP = "model.text_model.layers.1.mlp.up_proj.weight"
TROUBLES: list[tuple[type[Problem], str, Callable[[Path], object]]] = [
    (MissingModel, "config.json is missing", lambda source: (source / "config.json").unlink()),
    (MissingModel, "model.safetensors are missing", lambda source: (source / "model.safetensors").unlink()),
    (MissingModel, "tokenizer.json is missing", lambda source: (source / "tokenizer.json").unlink()),
    (MissingModel, "generation_config.json is missing", lambda source: (source / "generation_config.json").unlink()),
    (MissingModel, "lost.safetensors are missing", lambda source: write_index(source, {"weight_map": {UP: "lost.safetensors"}})),
    (DamagedModel, "no index of weights", lambda source: write_index(source, {"weight_map": [1]})),
    (DamagedModel, "cut off", cut_weights),
    (DamagedModel, "no safetensors file", write_garbage),
    (DamagedModel, "not valid JSON", lambda source: (source / "config.json").write_text("{")),
    (DamagedModel, "whole number above 0 as text_config.hidden_size", lambda source: change_config(source, {"hidden_size": "64"})),
    (DamagedModel, "don't go into blocks of 3", lambda source: change_config(source, scale_factor=3)),
    (DamagedModel, f"have no {UP}", lambda source: change_weights(source, without(UP))),
    (DamagedModel, "have no lm_head.weight", lambda source: change_weights(source, without("lm_head.weight"))),
    (DamagedModel, r"of shape \[64, 96\] where config.json says \[96, 64\]", lambda source: change_weights(source, turned(UP))),
    (DamagedModel, "more than the 1 layers", lambda source: change_config(source, {"num_hidden_layers": 1})),
    (DamagedModel, "are not SmolVLM's", lambda source: change_weights(source, lambda _: {"bert.weight": ((1,), lambda: np.ones(1))})),
    (DamagedModel, "are F64. Save them as one of F32, F16, BF16", lambda source: relabel(source, b'"F64"')),
    (DamagedModel, "damaged", lambda source: relabel(source, b'"F16"')),
    (DamagedModel, "no number", lambda source: change_weights(source, not_a_number(UP))),
    (DamagedModel, "doesn't belong to this model", lambda source: change_tokenizer(source)),
    (BadInput, "model_type 'llava'", lambda source: change_config(source, model_type="llava")),
    (BadInput, "model_type 'qwen2'", lambda source: change_config(source, {"model_type": "qwen2"})),
    (BadInput, "attention_bias True", lambda source: change_config(source, {"attention_bias": True})),
    (BadInput, "rope_type 'llama3'", lambda source: change_config(source, {"rope_scaling": {"rope_type": "llama3", "factor": 8}})),
]


def change_tokenizer(source: Path) -> None:
    text = (source / "tokenizer.json").read_text(encoding="utf-8")
    (source / "tokenizer.json").write_text(text.replace("<image>", "<picture>"), encoding="utf-8")


@pytest.mark.parametrize(("kind", "message", "spoil"), TROUBLES, ids=[message for _, message, _ in TROUBLES])
def test_a_folder_that_cant_be_exported_is_named_and_nothing_is_left(
    source: Path, kind: type[Problem], message: str, spoil: Callable[[Path], object]
) -> None:
    spoil(source)
    with pytest.raises(kind, match=message):
        export(source, source.parent / "out")
    assert [path.name for path in source.parent.iterdir()] == ["source"]


def test_a_full_disk_leaves_nothing(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileGraph, "_keep", refuse)
    with pytest.raises(DiskFull, match="is full"):
        export(source, source.parent / "out")
    assert [path.name for path in source.parent.iterdir()] == ["source"]


def test_stopping_in_the_middle_leaves_nothing(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(smolvlm_export, "check_export", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export(source, source.parent / "out")
    assert [path.name for path in source.parent.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--out", "{there}"], "already there"), ([], "add --out"), (["--out", "{new}", "--variants", "q3"], "no variant 'q3'")],
)
def test_the_command_refuses_in_one_line(source: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    filled = [each.format(there=source, new=source.parent / "new") for each in arguments]
    assert main(["models", "export", str(source), *filled]) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("reading")]
    assert len(error) == 1 and message.lower() in error[0].lower()
    assert [path.name for path in source.parent.iterdir()] == ["source"]
