"""A hundred lines of a sound library are one to the user, and are counted; what others write is kept."""

from __future__ import annotations

import os

import pytest

from assistant.devices.sound_messages import SoundMessages, sound_messages_once

UNDERRUN = b"ALSA lib pcm.c:8675:(snd_pcm_recover) underrun occurred"


def test_each_kind_is_shown_once_whatever_numbers_are_in_it() -> None:
    messages = SoundMessages()
    lines = [UNDERRUN, UNDERRUN.replace(b"8675", b"8700"), b"ALSA lib pcm.c:1:(open) Unknown PCM cards.pcm.rear", b"Trouble", b"Trouble"]
    assert [messages.passes(line) for line in lines] == [True, False, True, True, True]


def test_of_a_hundred_lines_one_is_seen_and_all_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    with sound_messages_once(told.append):
        for _ in range(100):
            os.write(2, UNDERRUN + b"\n")
        os.write(2, b"somebody else's\nand a last line without an end")
    assert told == [UNDERRUN.decode()] * 100
    assert capfd.readouterr().err.splitlines() == [UNDERRUN.decode(), "somebody else's", "and a last line without an end"]


def test_afterwards_all_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    with sound_messages_once(lambda line: None):
        pass
    os.write(2, UNDERRUN + b"\n" + UNDERRUN + b"\n")
    assert len(capfd.readouterr().err.splitlines()) == 2
