"""Of a damaged picture the user gets one line; what anybody else writes to standard error meanwhile isn't lost."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

import pytest

from assistant.devices.decoder_messages import without_decoder_messages
from assistant.devices.picture_file import open_picture
from assistant.problems import BadInput
from tests.support.odd_pictures import odd_picture_files

DAMAGED = {name: make for name, make in odd_picture_files() if name.startswith("cut off") and name.endswith((".png", ".jpg"))}


def test_decoders_write_nothing_of_damaged_pictures(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, make in DAMAGED.items():
        (tmp_path / name).write_bytes(make())
        with contextlib.suppress(BadInput):
            open_picture(tmp_path / name)
    assert len(DAMAGED) == 20 and capfd.readouterr().err == ""


def test_our_own_lines_are_kept_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    print("before", file=sys.stderr)
    with without_decoder_messages():
        print("ours", file=sys.stderr)
        os.write(2, b"libpng error: IHDR: CRC error\nPremature end of JPEG file\nsomebody else's\n")
    print("after", file=sys.stderr)
    assert capfd.readouterr().err.split("\n") == ["before", "ours", "somebody else's", "after", ""]


def test_threads_that_decode_at_once_lose_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def decode(number: int) -> None:
        for _ in range(20):
            with without_decoder_messages():
                os.write(2, b"libpng warning: odd\n")
                os.write(2, b"%d\n" % number)

    threads = [threading.Thread(target=decode, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(capfd.readouterr().err.split()) == sorted(["0", "1", "2", "3"] * 20)
