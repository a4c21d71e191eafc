"""`assistant bench` measures what is there, and says what it can't."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.benchmarks.figures import DECODED_TOKENS, Figures, median_s, read_figures
from assistant.command_line import main
from tests.tiny_onnx import write_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("bench") / "tiny").folder


def test_each_kind_of_weights_is_measured(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", str(folder), "--json", "--models-dir", str(tmp_path)]) == 0
    contenders = json.loads(capsys.readouterr().out)["contenders"]
    assert list(contenders) == ["ours, fp32"]
    figures = contenders["ours, fp32"]
    assert figures["ratios"] == {}  # nobody to compare with
    assert len(figures["picture_tokens"]) == len(figures["video_tokens"]) == DECODED_TOKENS
    assert all(figures[name] > 0 for name in Figures.__dataclass_fields__ if not name.endswith("tokens"))
    assert figures["peak_mb"] >= figures["picture_peak_mb"]


def test_nothing_is_left_in_the_models_folder(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert main(["bench", "--model", str(folder)]) == 0
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--variants", "q4"], "no weights of the kind 'q4'"), (["--model", "nowhere"], "no model named nowhere")],
)
def test_what_is_not_there_is_named(folder: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", str(folder), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_contender_that_fails_is_named(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers", reason="the extra [bench] is not installed")
    assert main(["bench", "--model", str(folder), "--reference", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "assistant.benchmarks.reference could not measure" in error and error.count("\n") == 1


def test_figures_that_were_not_told_are_not_invented() -> None:
    for output in ("", "nothing", "{}", '{"load_s": 1}'):
        with pytest.raises(ValueError):
            read_figures(output)


def test_a_round_to_warm_up_is_not_counted() -> None:
    calls: list[int] = []
    assert median_s(calls.append, lambda: 1) >= 0
    assert len(calls) == 6
