"""Optimised graphs are saved once, and nothing that happens to them is more than a slower start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from assistant.engines.onnx import saved_graphs
from assistant.engines.onnx import session as onnx_session
from assistant.engines.onnx.saved_graphs import find_saved
from assistant.engines.onnx.session import OnnxGraph, SessionSettings
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import Frame, Keyframe
from assistant.problems import DamagedModel
from tests.support.tiny_onnx import GRAPHS, write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny").folder


def tokens(model: Path, saved: Path | None) -> list[int]:
    describer = Smolvlm2Describer(model, session=SessionSettings(1, saved_graphs=saved))
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return describer.raw([Keyframe(Frame(picture, 0.0), "only")], "What is this?", False, max_tokens=12).token_ids


def files(folder: Path) -> dict[str, int]:
    """Path and time of change of all that is saved."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_saved_graphs_answer_as_the_models_own_and_are_made_only_once(model: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    expected = tokens(model, None)
    assert tokens(model, saved) == expected
    made = files(saved)
    assert {Path(name).parent.name.rpartition("-")[0] for name in made} == set(GRAPHS)
    assert tokens(model, saved) == expected
    assert files(saved) == made


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"no graph"),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.unlink(),
    ],
    ids=["overwritten", "cut short", "removed"],
)
@pytest.mark.parametrize("name", ["graph.onnx", "weights", "made.json"])
def test_a_damaged_saved_graph_is_not_used_and_made_anew(model: Path, tmp_path: Path, name: str, damage: Callable[[Path], object]) -> None:
    saved = tmp_path / "saved"
    expected = tokens(model, saved)
    for path in saved.rglob(name):
        damage(path)
    assert tokens(model, saved) == expected
    assert tokens(model, saved) == expected
    assert len(list(saved.rglob("made.json"))) == len(GRAPHS)


def test_damage_that_size_and_time_dont_show_is_noticed_when_the_graph_cant_be_loaded(model: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    expected = tokens(model, saved)
    for path in saved.rglob("graph.onnx"):
        status = path.stat()
        path.write_bytes(bytes(status.st_size))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert tokens(model, saved) == expected
    assert not list(saved.rglob("graph.onnx"))
    assert tokens(model, saved) == expected


def test_a_graph_that_changed_is_saved_anew_and_its_old_form_removed(model: Path, tmp_path: Path) -> None:
    """Even one of the same size and time, as fine-tunes of one model out of an archive are."""
    mine, saved = Path(shutil.copytree(model, tmp_path / "mine")), tmp_path / "saved"
    other = write_tiny_model(tmp_path / "other", seed=1).folder
    before = tokens(mine, saved)
    for name in GRAPHS:
        path = mine / "onnx" / f"{name}.onnx"
        status = path.stat()
        path.write_bytes((other / "onnx" / path.name).read_bytes())
        assert path.stat().st_size == status.st_size
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert tokens(mine, saved) == tokens(other, None) != before
    assert len(list(saved.rglob("graph.onnx"))) == len(GRAPHS)


def test_another_version_of_onnxruntime_saves_its_own(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved, graph = tmp_path / "saved", model / "onnx" / "decoder_model_merged.onnx"
    old = find_saved(graph, saved)
    monkeypatch.setattr(onnxruntime, "__version__", "99.0")
    new = find_saved(graph, saved)
    assert old is not None and new is not None
    assert old != new and new.is_file() and not old.is_file()


def test_a_folder_that_cant_be_written_is_fine(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("", encoding="utf-8")
    assert tokens(model, tmp_path / "a file") == tokens(model, None)


def test_a_disk_without_room_is_left_alone(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert tokens(model, tmp_path / "saved") == tokens(model, None)
    assert files(tmp_path / "saved") == {}


def test_weights_in_a_file_of_their_own_are_not_saved_twice(model: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(model, tmp_path / "mine"))
    (mine / "onnx" / "decoder_model_merged.onnx_data").write_bytes(b"weights")
    assert find_saved(mine / "onnx" / "decoder_model_merged.onnx", tmp_path / "saved") is None


def test_a_damaged_graph_is_named_itself(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(DamagedModel, match="broken.onnx"):
        OnnxGraph(tmp_path / "broken.onnx", SessionSettings(1, saved_graphs=tmp_path / "saved"))
    assert files(tmp_path / "saved") == {}


def test_several_at_once_make_one_whole_form(model: Path, tmp_path: Path) -> None:
    graph, saved = model / "onnx" / "decoder_model_merged.onnx", tmp_path / "saved"
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: find_saved(graph, saved), range(4)))
    assert len(found) == 1
    assert sorted(path.name for path in saved.rglob("*") if path.is_file()) == ["graph.onnx", "made.json", "weights"]


def test_what_a_killed_process_left_is_swept_away(model: Path, tmp_path: Path) -> None:
    graph, saved = model / "onnx" / "embed_tokens.onnx", tmp_path / "saved"
    place = find_saved(graph, saved)
    assert place is not None
    left = place.parent.parent / "unfinished-old"
    left.mkdir()
    os.utime(left, (0, 0))
    saved_graphs.discard(place)
    find_saved(graph, saved)
    assert not left.exists()


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 2), (3, 2), (8, 7)])
def test_live_use_leaves_a_core_to_sound_where_there_are_three(monkeypatch: pytest.MonkeyPatch, cores: int, expected: int) -> None:
    monkeypatch.setattr(onnx_session, "physical_cores", lambda: cores)
    assert SessionSettings.beside_audio() == SessionSettings(expected, spin=False)
    assert SessionSettings.beside_audio(5) == SessionSettings(5, spin=False)


def test_the_cores_counted_are_some_of_those_there_are() -> None:
    assert 1 <= onnx_session.physical_cores() <= (os.cpu_count() or 1)
