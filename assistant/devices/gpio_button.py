"""A push button on a pin of a small computer, through gpiozero (pip install gpiozero): for kiosks and devices without a keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.problems import MissingDevice

BOUNCE_S = 0.05
"""Seconds within which presses count as one: a button's contacts chatter for some milliseconds."""


class GpioButton:
    """Implements `interfaces.Button` on a pin. MissingDevice when there is no such pin, or gpiozero isn't installed."""

    def __init__(self, pin: str) -> None:
        """Open `pin`, named as gpiozero does: "17", "GPIO17", "BOARD11". The button connects it to ground."""
        try:
            import gpiozero
        except ImportError as error:
            raise MissingDevice("a button on a pin needs gpiozero, which isn't installed", "run: pip install gpiozero lgpio") from error
        try:
            self._button: Any = gpiozero.Button(pin, bounce_time=BOUNCE_S)
        except Exception as error:  # gpiozero's and its back ends' errors have no root of their own
            raise MissingDevice(f"there is no button on pin {pin} ({error})", "check the setting talk under [keys]") from error

    def watch(self, on_press: Callable[[], None]) -> None:
        """Call `on_press` at every press, on gpiozero's thread, until `close`."""
        self._button.when_pressed = on_press

    def close(self) -> None:
        """Free the pin."""
        self._button.close()
