"""What the user asked to be written is there whole, or what was there before is as it was: never is anything but a file replaced."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.problems import BadInput, DiskFull
from assistant.written_files import INDEX, PNG, SUBTITLES, TRACE, TRANSCRIPT, WAV, Output, WrittenFile, write_file

NEW = b"RIFF1234WAVEnew"
OLD = b"RIFF4321WAVEold"
EXAMPLES = {
    WAV: NEW,
    PNG: b"\x89PNG\r\n\x1a\n",
    SUBTITLES: b"1\n00:00:00,000 --> 00:00:02,000\nx\n",
    INDEX: b"PK\x03\x04...",
    TRACE: b'{"turn": 1}\n',
    TRANSCRIPT: b'{"question": "x"}\n',
}


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "is a pipe"),
        (link_to("/dev/null"), "is a device"),
        (link_to("/dev/full"), "is a device"),
        (link_to("out"), "can't be written"),
        (lambda path: path.write_bytes(b"\xff\xd8\xff a photograph"), "holds something else.* --force"),
    ],
    ids=["folder", "pipe", "device", "full", "link to itself", "another kind"],
)
def test_what_is_no_file_of_that_kind_is_left_alone(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    place = tmp_path / "out"
    make(place)
    before = place.lstat()
    with pytest.raises(BadInput) as told:
        write_file(place, NEW, WAV)
    assert re.search(words, str(told.value)) and "\n" not in str(told.value)
    assert (place.lstat().st_ino, place.lstat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo, link_to("/dev/null")])
def test_not_even_with_force_is_anything_but_a_file_replaced(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "out")
    with pytest.raises(BadInput):
        write_file(tmp_path / "out", NEW, WAV, force=True)


def test_with_force_a_file_of_another_kind_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a letter")
    write_file(tmp_path / "out", NEW, WAV, force=True)
    assert (tmp_path / "out").read_bytes() == NEW


def test_through_a_link_its_target_is_written_and_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target.wav", tmp_path / "link.wav"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link.symlink_to(target)
    write_file(link, NEW, WAV)
    assert link.is_symlink() and target.read_bytes() == NEW
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    target.unlink()
    write_file(link, NEW, WAV)  # it leads nowhere yet
    assert link.is_symlink() and target.read_bytes() == NEW


@pytest.mark.parametrize("output", EXAMPLES, ids=lambda output: output.what)
def test_a_file_of_the_same_kind_or_an_empty_one_is_replaced(tmp_path: Path, output: Output) -> None:
    place = tmp_path / b"caf\xe9".decode("utf-8", "surrogateescape")
    place.touch()
    for _ in range(2):
        write_file(place, EXAMPLES[output], output)
    assert place.read_bytes() == EXAMPLES[output]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "where", ["", ".", "..", "missing/out.wav", "x" * 5000, "file/out.wav", "zero\0.wav", "/dev/null", "/proc/self/mem"]
)
def test_a_place_where_nothing_can_be_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(BadInput) as told:
        write_file(Path(where), NEW, WAV)
    assert "\n" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_until_it_is_whole_the_old_file_stands(tmp_path: Path) -> None:
    place = tmp_path / "out.wav"
    place.write_bytes(OLD)
    written = WrittenFile(place, WAV)
    written.write(NEW)
    assert place.read_bytes() == OLD
    written.discard()
    written.discard()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.wav", OLD)]


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    place = small_disk / "out.wav"
    place.write_bytes(OLD)
    with pytest.raises(DiskFull, match="out.wav"):
        write_file(place, bytes(3_000_000), WAV)
    assert [(path.name, path.read_bytes()) for path in small_disk.iterdir()] == [("out.wav", OLD)]
