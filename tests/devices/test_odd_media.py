"""Pictures and videos of kinds that went wrong once, and their neighbours: read whole, or refused by their own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cut_pictures import cut_pictures
from tests.support.odd_media import Odd, fate, pictures, videos

EVERYTHING = [*pictures(), *cut_pictures(), *videos()]


@pytest.mark.parametrize("odd", EVERYTHING, ids=[ascii(odd.name) for odd in EVERYTHING])
def test_it_is_read_whole_or_refused_by_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: Odd) -> None:
    """Names are relative: "10:30.mp4" is a protocol to FFmpeg, "/tmp/10:30.mp4" isn't."""
    monkeypatch.chdir(tmp_path)
    Path(odd.name).write_bytes(odd.make())
    right, told = fate(Path(odd.name), odd)
    assert right, told
    assert "\n" not in told and "our mistake" not in told


def test_decoders_write_nothing_of_what_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for odd in EVERYTHING:
        if "cut" in odd.name:
            Path(odd.name).write_bytes(odd.make())
            fate(Path(odd.name), odd)
    assert capfd.readouterr().err == ""
