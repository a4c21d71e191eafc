"""`assistant index` and `find` over a folder: many videos looked through once, by several processes, and searched together."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.command_line import main
from assistant.commands import cluster as cluster_module
from assistant.commands import find, index
from assistant.commands import spread as spread_module
from assistant.commands.cluster import spread_over_cluster
from assistant.commands.spread import spread
from tests.commands.test_video_commands import BLUE, GREEN, RED, write_clip
from tests.support.fakes import ColourDescriber
from tests.support.folders import PROJECT


@pytest.fixture
def describer(monkeypatch: pytest.MonkeyPatch) -> ColourDescriber:
    describer = ColourDescriber()
    monkeypatch.setattr(find, "open_describer", lambda *_, **__: describer)
    monkeypatch.setattr(index, "_opened", {})
    return describer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos, one of them in a folder of its own, and one that is none."""
    folder = tmp_path / "videos"
    (folder / "deep").mkdir(parents=True)
    write_clip(folder / "one.avi", [RED, GREEN, RED])
    write_clip(folder / "deep" / "two.avi", [RED, BLUE, RED])
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "notes.txt").write_text("no video either")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, object]]:
    assert main([*map(str, arguments), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_folder_is_indexed_once_and_searched_together(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, folder: Path
) -> None:
    *each, total = run(capsys, "index", folder, "--jobs", 1)
    assert (total["made"], total["there"], total["failed"]) == (2, 0, 1)
    assert [one["what"] for one in each if one["is"] == "failed"][0]
    assert (folder / "deep" / "two.avi.index").is_file()
    encoded = describer.encoded
    assert run(capsys, "index", folder, "--jobs", 1)[-1]["there"] == 2 and describer.encoded == encoded
    (found,) = run(capsys, "find", folder, "something blue", "--top", 1)
    assert found["found"] and found["videos"] == 2
    assert found["moments"][0]["video"] == "deep/two.avi" and found["moments"][0]["start_s"] == pytest.approx(3, abs=0.7)  # type: ignore[index]
    (missing,) = run(capsys, "find", folder, "something purple")
    assert not missing["found"]


def test_indexes_may_be_kept_elsewhere_and_a_video_that_changed_is_looked_at_again(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "indexes"
    run(capsys, "index", folder, "--out", out, "--jobs", 1)
    assert (out / "deep" / "two.avi.index").is_file() and not (folder / "one.avi.index").exists()
    write_clip(folder / "one.avi", [BLUE, GREEN])
    assert run(capsys, "index", folder, "--out", out, "--jobs", 1)[-1]["made"] == 1


def test_what_is_wrong_is_told_in_one_line(capsys: pytest.CaptureFixture[str], describer: ColourDescriber, tmp_path: Path) -> None:
    for arguments in (["index", tmp_path], ["index", tmp_path / "none"], ["find", tmp_path, "x"], ["index", tmp_path, "--jobs", "0"]):
        assert main([*map(str, arguments)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_an_index_of_another_model_is_told_and_the_rest_is_searched(
    capsys: pytest.CaptureFixture[str], describer: ColourDescriber, folder: Path
) -> None:
    run(capsys, "index", folder, "--jobs", 1)
    (folder / "bad.avi.index").write_bytes(b"PK\x03\x04 nothing")
    (found,) = run(capsys, "find", folder, "something blue")
    assert found["found"] and len(found["warnings"]) == 1  # type: ignore[arg-type]


def double_unless_killed(number: int, folder: Path, always: bool) -> int:
    """Dies at 3, the first time or always."""
    if number == 3 and (always or not (folder / "died").exists()):
        (folder / "died").touch()
        os._exit(9)
    return 2 * number


@pytest.mark.slow
def test_a_process_that_dies_loses_nothing(tmp_path: Path) -> None:
    work = partial(double_unless_killed, folder=tmp_path, always=False)
    assert sorted(spread(range(6), work, 2)) == [(number, 2 * number) for number in range(6)]


@pytest.mark.slow
def test_work_that_kills_whoever_does_it_is_given_up_and_the_rest_is_done(tmp_path: Path) -> None:
    done = dict(spread(range(5), partial(double_unless_killed, folder=tmp_path, always=True), 2))
    assert done == {0: 0, 1: 2, 2: 4, 3: None, 4: 8}


@pytest.mark.slow
def test_what_is_told_done_and_lost_at_once_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was given up: on a busy machine the parent sees late that 2 is done and 3 has killed its process, and blamed the lower number."""

    def late(futures: Iterable[Future[int]], return_when: str = "") -> Any:
        return SimpleNamespace(done=sorted(concurrent.futures.wait(futures).done, key=lambda future: future.exception() is None))

    monkeypatch.setattr(spread_module, "wait", late)
    done = dict(spread(range(5), partial(double_unless_killed, folder=tmp_path, always=True), 2))
    assert done == {0: 0, 1: 2, 2: 4, 3: None, 4: 8}


@pytest.fixture(scope="module")
def local_cluster() -> Callable[..., Any]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: script/setup test")
    return partial(distributed.LocalCluster, host="127.0.0.1", dashboard_address=None, worker_dashboard_address=None)


@pytest.fixture(scope="module")
def cluster(local_cluster: Any) -> Iterator[Any]:
    """Two workers of one thread on this machine."""
    with local_cluster(n_workers=2, threads_per_worker=1) as running:
        yield running


@pytest.mark.slow
def test_a_worker_of_a_cluster_that_is_lost_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    work = partial(double_unless_killed, folder=tmp_path, always=False)
    assert sorted(spread_over_cluster(range(40), work, cluster.scheduler_address)) == [(number, 2 * number) for number in range(40)]
    assert (tmp_path / "died").exists()


def die_in_company(number: int, folder: Path) -> int:
    """2 kills its worker, at first as soon as 0 and 1 are with it; these stay until it has."""
    if number == 2:
        wait_for(lambda: (folder / "died").exists() or all((folder / f"{other} is with it").exists() for other in (0, 1)))
        (folder / "died").touch()
        os._exit(9)
    (folder / f"{number} is with it").touch()
    wait_for((folder / "died").exists)
    return 2 * number


def wait_for(happened: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 60
    while not happened() and time.monotonic() < until_s:
        time.sleep(0.01)


@pytest.mark.slow
def test_work_that_kills_every_worker_is_given_up_and_the_rest_is_done(local_cluster: Any, tmp_path: Path) -> None:
    """Dask blames all that a lost worker had: who was with the guilty as often as may be was given up with it."""
    with local_cluster(n_workers=1, threads_per_worker=3, scheduler_kwargs={"allowed_failures": 0}) as running:
        done = dict(spread_over_cluster(range(3), partial(die_in_company, folder=tmp_path), running.scheduler_address))
    assert done == {0: 0, 1: 2, 2: None}


@pytest.mark.slow
def test_a_cluster_without_workers_is_told_in_one_line(
    local_cluster: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """It waited for ever."""
    monkeypatch.setattr(cluster_module, "WORKERLESS_S", 0.1)
    with local_cluster(n_workers=0) as running:
        assert main(["index", str(folder), "--cluster", running.scheduler_address]) == 2
    told = capsys.readouterr().err
    assert "no worker" in told and told.count("\n") == 1


@pytest.mark.models
@pytest.mark.slow
def test_a_cluster_indexes_with_the_real_model(capsys: pytest.CaptureFixture[str], cluster: Any, models_dir: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        shutil.copy(PROJECT / "assistant" / "commands" / "demo_files" / "clip.mp4", tmp_path / name)
    *each, total = run(capsys, "index", tmp_path, "--cluster", cluster.scheduler_address)
    assert total["made"] == 3 and {one["is"] for one in each} == {"made"}
    assert run(capsys, "index", tmp_path, "--jobs", 1)[-1]["there"] == 3, "the same indexes as one process makes"


def test_a_cluster_that_isnt_there_is_told_in_one_line(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for address in ("tcp://192.0.2.1:8786", "127.0.0.1", "tcp://evil.example:1"):
        assert main(["index", str(folder), "--cluster", address]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.models
@pytest.mark.slow
def test_two_processes_index_with_the_real_model(capsys: pytest.CaptureFixture[str], models_dir: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(PROJECT / "assistant" / "commands" / "demo_files" / "clip.mp4", tmp_path / name)
    total = run(capsys, "index", tmp_path, "--jobs", 2)[-1]
    assert (total["made"], total["failed"]) == (2, 0)
    (found,) = run(capsys, "find", tmp_path, "a cat")
    assert {moment["video"] for moment in found["moments"]} <= {"a.mp4", "b.mp4"}  # type: ignore[attr-defined]
