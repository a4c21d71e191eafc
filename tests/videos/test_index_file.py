"""An index gives back exactly what was kept, to the video and model that it is of, and nothing else does."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import numpy as np
import pytest

from assistant.messages import SeenPicture
from assistant.problems import BadInput, DiskFull
from assistant.videos.index_file import IndexKey, SeenKeyframe, VideoIndex, load_index, save_index

KEY = IndexKey("video", "encoder", "settings")


def index(count: int = 3, tokens: int = 4) -> VideoIndex:
    rng = np.random.default_rng(2)
    empty = SeenPicture("<empty>", np.zeros((tokens, 8), np.float32), "", evidence=np.zeros(5, np.float32))

    def seen(number: int) -> SeenPicture:
        features, words = (rng.normal(size=shape).astype(np.float32) for shape in ((tokens, 8), 5))
        return SeenPicture(f"<{number}>", features, f"Seen: {number}.", evidence=words)

    keyframes = [SeenKeyframe(n / 3, seen(n)) for n in range(count)]
    return VideoIndex(KEY, empty, keyframes, 12.5, ("the end is missing",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clip.index"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_what_was_kept_comes_back(path: Path, count: int) -> None:
    kept = index(count)
    save_index(path, kept)
    again = load_index(path, KEY)
    assert again.empty.block == "<empty>" and not again.empty.features.any()
    assert (again.duration_s, tuple(again.warnings)) == (12.5, ("the end is missing",))
    for before, after in zip(kept.keyframes, again.keyframes, strict=True):
        assert (before.time_s, before.seen.block, before.seen.seen) == (after.time_s, after.seen.block, after.seen.seen)
        assert np.array_equal(before.seen.features, after.seen.features)
        assert np.array_equal(before.seen.evidence, after.seen.evidence)
    assert [p.name for p in path.parent.iterdir()] == ["clip.index"]


@pytest.mark.parametrize(("field", "words"), [("video", "another video"), ("encoder", "another model"), ("selection", "other settings")])
def test_an_index_of_something_else_is_refused_and_left_alone(path: Path, field: str, words: str) -> None:
    save_index(path, index())
    before = path.read_bytes()
    with pytest.raises(BadInput, match=words):
        load_index(path, dataclasses.replace(KEY, **{field: "other"}))
    assert path.read_bytes() == before


def test_any_damage_is_one_line(path: Path) -> None:
    save_index(path, index())
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    damaged = [b"", b"PK", b"text\n" * 99, *(whole[: len(whole) * n // 10] for n in range(1, 10))]
    for place in rng.integers(0, len(whole), 150):
        damaged.append(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    refused = 0
    for content in damaged:
        path.write_bytes(content)
        try:
            again = load_index(path, KEY)
        except BadInput as error:
            refused += 1
            assert "\n" not in str(error)
        else:  # a byte that means nothing, such as a date
            assert all(np.array_equal(a.seen.features, b.seen.features) for a, b in zip(again.keyframes, index().keyframes, strict=True))
    assert refused > 100


@pytest.mark.parametrize("member", ["about", "times_s", "features", "words"])
def test_a_member_that_is_no_array_is_refused(path: Path, member: str) -> None:
    """NumPy then gives its bytes as they are."""
    save_index(path, index())
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, b"{}" if name == f"{member}.npy" else content)
    with pytest.raises(BadInput, match="damaged, or no index"):
        load_index(path, KEY)


def test_code_in_an_index_is_never_run(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, about=np.array([object()], object), times_s=np.zeros(0), features=np.zeros((0, 0, 0), np.float32))
    with pytest.raises(BadInput, match="damaged"):
        load_index(path, KEY)


def test_a_full_disk_leaves_no_half_of_an_index(small_disk: Path) -> None:
    with pytest.raises(DiskFull):
        save_index(small_disk / "clip.index", index(50, 4000))
    assert list(small_disk.iterdir()) == []
