"""What a user presses: a key of a real terminal, a pin of a board that gpiozero plays."""

from __future__ import annotations

import os
import pty
import termios
import threading
import time
from collections.abc import Iterator

import pytest

from assistant.assembly import open_button, open_buttons
from assistant.devices.keyboard import ANY_KEY, Keyboard
from assistant.problems import BadInput, MissingDevice
from assistant.settings import KeySettings


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """(the user's end, the program's end)"""
    user, program = pty.openpty()
    yield user, program
    os.close(user)
    os.close(program)


def presses(key: str, typed: bytes, terminal: tuple[int, int], wanted: int) -> int:
    user, program = terminal
    counted = threading.Semaphore(0)
    keyboard = Keyboard(key, program)
    keyboard.watch(counted.release)
    time.sleep(0.2)
    for letter in typed:
        os.write(user, bytes([letter]))
        time.sleep(0.02)
    count = 0
    while counted.acquire(timeout=2 if count < wanted else 0.2):
        count += 1
    keyboard.close()
    return count


def test_any_key_of_the_keyboard_is_the_button(terminal: tuple[int, int]) -> None:
    assert presses(ANY_KEY, b"a q", terminal, 3) == 3


def test_with_a_key_in_the_settings_no_other_counts(terminal: tuple[int, int]) -> None:
    assert presses(" ", b"a q ", terminal, 2) == 2


def test_a_second_key_pauses_and_is_no_press_of_the_first(terminal: tuple[int, int]) -> None:
    user, program = terminal
    pressed = list[str]()
    keyboard = Keyboard(ANY_KEY, program)
    keyboard.other(" ").watch(lambda: pressed.append("pause"))
    keyboard.watch(lambda: pressed.append("talk"))
    time.sleep(0.2)
    for letters, count in ((b"a", 1), (b" ", 2), (b"b c", 4)):
        os.write(user, letters)
        until_s = time.monotonic() + 5
        while len(pressed) < count and time.monotonic() < until_s:
            time.sleep(0.02)
    keyboard.close()
    assert pressed == ["talk", "pause", "pause", "talk"]


def test_the_pause_key_may_be_left_out_or_be_the_only_other_one() -> None:
    assert open_buttons(KeySettings(pause=""))[1] is None
    assert open_buttons(KeySettings(talk=" "))[1] is None, "the key to talk stays what it was"
    talk, pause = open_buttons(KeySettings())
    assert isinstance(talk, Keyboard) and pause is not None


def test_the_terminal_is_left_as_it_was(terminal: tuple[int, int]) -> None:
    before = termios.tcgetattr(terminal[1])
    presses(ANY_KEY, b"", terminal, 0)
    assert termios.tcgetattr(terminal[1]) == before


def test_without_a_terminal_nothing_is_pressed() -> None:
    reading, writing = os.pipe()
    keyboard = Keyboard(ANY_KEY, reading)
    keyboard.watch(pytest.fail)
    os.write(writing, b"x")
    keyboard.close()
    os.close(reading)
    os.close(writing)


def test_a_pin_is_a_button_too() -> None:
    gpiozero = pytest.importorskip("gpiozero", reason="gpiozero is not installed")
    mock = pytest.importorskip("gpiozero.pins.mock")
    gpiozero.Device.pin_factory = mock.MockFactory()
    pressed = threading.Event()
    button = open_button("gpio:17")
    button.watch(pressed.set)
    gpiozero.Device.pin_factory.pin(17).drive_low()
    assert pressed.wait(2)
    button.close()
    with pytest.raises(MissingDevice, match="pin 99"):
        open_button("gpio:99")


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="is no key"):
        KeySettings(talk="space bar")
