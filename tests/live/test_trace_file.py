"""The file of `run --trace` on a disk that is full: the conversation goes on, the user is told once, and what finds room is kept."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.live import trace_file
from assistant.live.trace_file import TraceFile
from assistant.problems import DiskFull, Problem
from tests.support.folders import PROJECT

RECORDS = [{"turn": number, "question": "¿Qué es esto?" * 9} for number in range(20)]


class Disk:
    """Has room for so many bytes, a part of a record at last."""

    def __init__(self, room: int) -> None:
        self.room = room

    def pwrite(self, descriptor: int, data: bytes, at: int) -> int:
        if at >= self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.pwrite(descriptor, data[: self.room - at], at)


def lines(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_records_wait_for_room_and_the_user_is_told_once(tmp_path: Path) -> None:
    """The whole assistant ended, and what was written before was thrown away."""
    disk, told = Disk(1000), list[Problem]()
    file = TraceFile(tmp_path / "t.jsonl", told.append, pwrite=disk.pwrite)
    for record in RECORDS[:10]:
        file.write(record)
    assert len(told) == 1 and "no room" in str(told[0])
    disk.room = 10**6
    for record in RECORDS[10:]:
        file.write(record)
    file.close()
    assert lines(tmp_path / "t.jsonl") == RECORDS and len(told) == 1


def test_what_never_found_room_is_told_at_the_end_and_the_rest_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_file, "MOST_WAITING", 5)
    file = TraceFile(tmp_path / "t.jsonl", lambda problem: None, pwrite=Disk(1000).pwrite)
    for record in RECORDS:
        file.write(record)
    with pytest.raises(DiskFull, match=r"\d+ turns are missing"):
        file.close()
    kept = lines(tmp_path / "t.jsonl")
    assert kept == RECORDS[: len(kept)] and 0 < len(kept) < 8


FULL = """
import sys
from pathlib import Path
from assistant.live.trace_file import TraceFile
from assistant.problems import DiskFull
folder, told = Path(sys.argv[1]), []
file = TraceFile(folder / "t.jsonl", told.append)
(folder / "else").write_bytes(bytes(56 << 10))
for number in range(100):
    file.write({"turn": number, "text": "x" * 200})
assert len(told) == 1, told
(folder / "else").unlink()
file.close()
assert (folder / "t.jsonl").read_bytes().count(b"\\n") == 100
print("all there")
"""


def test_a_small_disk_that_is_really_full(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=64k none "{tmp_path}" && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", mount, "sh", sys.executable, "-c", FULL, str(tmp_path)]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this system lets nobody make namespaces")
    assert done.stdout == "all there\n", done.stderr
