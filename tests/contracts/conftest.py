"""A private sound system for the tests that are marked `sound`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from assistant.devices.portaudio import load_sounddevice
from tests.support import pulse


@pytest.fixture
def sound_system() -> Iterator[pulse.SoundSystem]:
    """PulseAudio, and PortAudio looking nowhere else: it reads the environment once, when it is started."""
    if not pulse.is_installed():
        pytest.skip("PulseAudio, its tools or ALSA's pulse plugin are not installed")
    with pulse.sound_system() as system, pytest.MonkeyPatch.context() as patch:
        for name, value in system.env.items():
            patch.setitem(os.environ, name, value)
        sounddevice = load_sounddevice()
        sounddevice._terminate()
        sounddevice._initialize()
        yield system
