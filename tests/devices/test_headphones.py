"""Headphones that are plugged in: the loudspeaker is mute at once, and some silence longer when they are pulled out."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from assistant.devices.headphones import SILENCE_S, Headphones, Sink, worn_among
from tests.support.pulse import LOUDSPEAKER, RATE_HZ, SoundSystem, is_installed, sound_system

SPEAKER = Sink("alsa.pci.analog", "analog-output-speaker")
SOCKET = Sink("alsa.pci.analog", "analog-output-headphones")
USB = Sink("alsa.usb.analog", "analog-output headset")
NEW = Sink("bluez.1", "")
SCREEN = Sink("alsa.pci.hdmi", "hdmi-output-0")
DUMMY = Sink("auto_null", "")


@pytest.mark.parametrize(
    ("sinks", "worn"),
    [
        ([SPEAKER], ""),
        ([SOCKET], SOCKET.name),
        ([SPEAKER, USB], USB.name),
        ([SPEAKER, NEW], NEW.name),
        ([SPEAKER, SCREEN], ""),
        ([DUMMY], ""),
        ([], ""),
    ],
)
def test_what_only_its_user_hears(sinks: list[Sink], worn: str) -> None:
    assert worn_among(sinks, SPEAKER.name, frozenset([SPEAKER.name])) == worn


def test_a_second_loudspeaker_that_was_there_before_is_no_headphone() -> None:
    assert worn_among([SPEAKER, NEW], SPEAKER.name, frozenset([SPEAKER.name, NEW.name])) == ""


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundSystem]:
    if not is_installed():
        pytest.skip("PulseAudio or PortAudio is not installed")
    with sound_system() as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value)
        yield running


def is_mute(sink: str) -> bool:
    return "yes" in pactl("get-sink-mute", sink)


def pactl(*arguments: str) -> str:
    return subprocess.run(["pactl", *arguments], check=True, capture_output=True, text=True, env=os.environ).stdout


@pytest.mark.sound
def test_the_loudspeaker_is_mute_while_headphones_are_in(system: SoundSystem) -> None:
    changes = queue.Queue[tuple[str, bool]]()
    headphones = Headphones()
    headphones.watch(lambda now: changes.put((now, is_mute(LOUDSPEAKER))))
    time.sleep(0.3)
    began_s = time.monotonic()
    number = pactl("load-module", "module-null-sink", "sink_name=usb", "sink_properties=device.form_factor=headphone").strip()
    assert changes.get(timeout=5) == ("in", True)
    assert time.monotonic() - began_s < 1.0
    wait_for(lambda: "Default Sink: usb" in pactl("info"))
    pactl("unload-module", number)
    assert changes.get(timeout=5) == ("out", True)
    out_s = time.monotonic()
    assert changes.get(timeout=5) == ("aloud", False)
    assert time.monotonic() - out_s > SILENCE_S / 2
    assert f"Default Sink: {LOUDSPEAKER}" in pactl("info")
    headphones.close()
    assert changes.empty()


@pytest.mark.sound
def test_who_ends_leaves_the_loudspeaker_as_it_was(system: SoundSystem) -> None:
    changes = queue.Queue[str]()
    pactl("load-module", "module-null-sink", "sink_name=usb", "sink_properties=device.form_factor=headset")
    pactl("set-default-sink", LOUDSPEAKER)
    headphones = Headphones()
    headphones.watch(changes.put)
    assert changes.get(timeout=5) == "in", "they were in before it began"
    headphones.close()
    assert not is_mute(LOUDSPEAKER)


PLAY = """
import sys, time, os, queue
import numpy as np
from assistant.devices.headphones import Headphones
from assistant.devices.sounddevice_speaker import SounddeviceSpeaker
from assistant.messages import AudioChunk
speaker, headphones = SounddeviceSpeaker(), Headphones()
headphones.watch(lambda now: print(now, flush=True))
tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000 * 12) / 16000)
print("playing", flush=True)
speaker.play(iter([AudioChunk(tone.astype(np.float32), 16000)]), lambda: False)
"""


@contextmanager
def playing(program: str) -> Iterator[IO[str]]:
    """Run a program that plays, and give what it tells, from when it has been heard for two seconds."""
    player = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=os.environ)
    assert player.stdout is not None
    try:
        assert player.stdout.readline() == "playing\n"
        wait_for(lambda: "Sink Input" in pactl("list", "sink-inputs"))
        time.sleep(2.0)
        yield player.stdout
    finally:
        player.kill()
        player.wait()


@pytest.mark.sound
def test_the_voice_itself_moves_and_is_never_heard_aloud_meanwhile(system: SoundSystem) -> None:
    """Recorded at the loudspeaker: sound, then silence from the plug on, still silence after the pull, as long as SILENCE_S."""
    with system.recording(LOUDSPEAKER) as aloud, playing(PLAY) as told:
        number = pactl("load-module", "module-null-sink", "sink_name=usb", "sink_properties=device.form_factor=headphone").strip()
        assert told.readline() == "in\n"
        plugged_s = aloud.seconds()
        with system.recording("usb") as private:
            time.sleep(1.5)
        pulled_s = aloud.seconds()
        pactl("unload-module", number)
        assert told.readline() == "out\n"
        out_s = aloud.seconds()
    rate = 48000
    before, between = (
        aloud.samples[round(a * rate) : round(b * rate)] for a, b in ((plugged_s - 0.9, plugged_s - 0.5), (plugged_s + 0.2, out_s))
    )
    assert np.abs(before).max() > 0.3
    assert pulled_s < out_s
    assert np.abs(between).max() == 0, "whatever the server moves where"
    assert np.abs(private.samples).max() > 0.3


PLAY_ON = """
import sys, time, os
import numpy as np
from assistant.assembly import open_headphone_watch, open_speaker
from assistant.live.voice_control import VoiceControl
from assistant.messages import AudioChunk
control = VoiceControl()
speaker = open_speaker("counter", lambda *told: print(told, file=sys.stderr), control, route=control)
headphones = open_headphone_watch("counter")
def changed(now):
    control.is_private = now != "aloud"
    print(now, flush=True)
headphones.watch(changed)
rising = np.linspace(0.1, 0.7, 16000 * 40) * np.sign(np.sin(2 * np.pi * 440 * np.arange(16000 * 40) / 16000))
print("playing", flush=True)
speaker.play(iter([AudioChunk(rising.astype(np.float32), 16000)]), lambda: False)
"""


@pytest.mark.sound
def test_headphones_take_over_from_a_loudspeaker_that_is_named_and_give_back(system: SoundSystem) -> None:
    """A kiosk with --speaker had no private listening. What is played rises, so that its place can be told from its loudness."""
    pactl("load-module", "module-null-sink", "sink_name=counter", "channels=1", "norewinds=1")
    with Path(system.env["ALSA_CONFIG_PATH"]).open("a") as config:
        config.write('pcm.counter { type pulse device "counter" hint { show on description "The counter" } }\n')
    with system.recording("counter") as named, system.recording(LOUDSPEAKER) as other, playing(PLAY_ON) as told:
        number = pactl("load-module", "module-null-sink", "sink_name=usb", "channels=1", "sink_properties=device.form_factor=headphone")
        assert told.readline() == "in\n"
        plugged_s = named.seconds()
        with system.recording("usb") as private:
            time.sleep(4.0)
        pactl("unload-module", number.strip())
        assert told.readline() == "out\n"
        assert told.readline() == "aloud\n"
        aloud_s = named.seconds()
        time.sleep(4.0)
    before, between, after = (
        np.abs(named.samples[round(a * RATE_HZ) : round(b * RATE_HZ)])
        for a, b in ((0, plugged_s - 0.5), (plugged_s + 0.2, aloud_s - 0.3), (aloud_s, len(named.samples) / RATE_HZ))
    )
    heard = np.abs(private.samples)
    assert before.max() > 0.1 and heard.max() > 0.1 and after.max() > 0.1
    assert between.max() == 0, "silence at the named one, until it is told that it speaks again"
    assert before.max() < heard.max() < after.max(), "it goes on where it was"
    assert np.abs(other.samples).max() == 0, "nor does the server's own loudspeaker play it"


def wait_for(done: Callable[[], bool], within_s: float = 20.0) -> None:
    give_up_s = time.monotonic() + within_s
    while not done() and time.monotonic() < give_up_s:
        time.sleep(0.02)
    assert done()
