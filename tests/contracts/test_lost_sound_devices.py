"""Real sound devices that go and come back: the assistant hears and is heard again, and the user is told once of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.devices.connection import Timeouts
from assistant.devices.reconnecting import ReconnectingMicrophone
from assistant.devices.reconnecting_speaker import ReconnectingSpeaker
from assistant.devices.sound_files import write_wav
from assistant.devices.sound_server import CHECKED_EVERY_S
from assistant.devices.sounddevice_microphone import SounddeviceMicrophone
from assistant.devices.sounddevice_speaker import SounddeviceSpeaker
from assistant.messages import AudioChunk
from assistant.problems import MissingDevice, Problem
from tests.support import pulse

pytestmark = pytest.mark.sound

LONG_S = 30.0


class Told:
    def __init__(self) -> None:
        self.changes: list[tuple[str, bool]] = []

    def __call__(self, device: str, is_lost: bool, why: Problem | None) -> None:
        self.changes.append((device, is_lost))

    def wait_for(self, *changes: tuple[str, bool]) -> None:
        wait_until(lambda: len(self.changes) >= len(changes), f"told {self.changes} instead of {changes}")
        assert self.changes == list(changes)


class Listener:
    """Listens on a thread of its own."""

    def __init__(self, told: Told) -> None:
        self.microphone = ReconnectingMicrophone(SounddeviceMicrophone, told)
        self.chunks = 0
        self.loudest = 0.0
        """Since it was last set to 0."""
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self) -> None:
        for chunk in self.microphone.chunks():
            self.chunks += 1
            self.loudest = max(self.loudest, float(np.abs(chunk.samples).max()))

    def must_hear(self) -> None:
        """Something that is played now."""
        self.loudest = 0.0
        wait_until(lambda: self.loudest > 0.1, "nothing is heard")

    def stop(self) -> None:
        began_s = time.monotonic()
        self.microphone.close()
        self.thread.join(5)
        assert not self.thread.is_alive() and time.monotonic() - began_s < 1


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def listener(sound_system: pulse.SoundSystem, told: Told) -> Iterator[Listener]:
    listener = Listener(told)
    yield listener
    listener.stop()


@pytest.fixture
def speaker(sound_system: pulse.SoundSystem, told: Told) -> Iterator[ReconnectingSpeaker]:
    speaker = ReconnectingSpeaker(SounddeviceSpeaker, told)
    yield speaker
    speaker.close()


@pytest.fixture
def tone_file(tmp_path: Path) -> Path:
    write_wav(tmp_path / "tone.wav", tone(20.0))
    return tmp_path / "tone.wav"


def test_a_microphone_that_is_unplugged_while_listening_hears_again_once_it_is_plugged_in(
    sound_system: pulse.SoundSystem, listener: Listener, told: Told, tone_file: Path
) -> None:
    sound_system.unplug(pulse.LOUDSPEAKER)  # its monitor would be the next microphone
    wait_until(lambda: listener.chunks > 5, "the microphone sends nothing")
    sound_system.unplug(pulse.MICROPHONE_FEED)
    told.wait_for(("microphone", True))
    sound_system.plug_in(pulse.MICROPHONE_FEED, rate_hz=32000)
    told.wait_for(("microphone", True), ("microphone", False))
    with sound_system.playing(tone_file):
        listener.must_hear()


def test_a_loudspeaker_that_is_unplugged_while_it_speaks_is_heard_again_once_it_is_plugged_in(
    sound_system: pulse.SoundSystem, speaker: ReconnectingSpeaker, told: Told
) -> None:
    sound_system.unplug(pulse.MICROPHONE_FEED)  # the sound would go there
    threading.Timer(1.0, sound_system.unplug, [pulse.LOUDSPEAKER]).start()
    began_s = time.monotonic()
    assert speaker.play(tone(20.0), never) == 0
    assert time.monotonic() - began_s < 1.0 + Timeouts().silence_s + 3
    assert told.changes == [("speaker", True)]
    assert speaker.play(tone(1.0), never) == 0
    sound_system.plug_in(pulse.LOUDSPEAKER, rate_hz=44100)
    told.wait_for(("speaker", True), ("speaker", False))
    with sound_system.recording() as recording:
        assert speaker.play(tone(1.0), never) == pytest.approx(1.0, abs=0.05)
    assert np.count_nonzero(np.abs(recording.samples) > 0.05) > 0.5 * pulse.RATE_HZ


def test_a_loudspeaker_that_is_back_in_time_says_the_sentence_again_from_its_start(
    sound_system: pulse.SoundSystem, speaker: ReconnectingSpeaker, told: Told
) -> None:
    sound_system.unplug(pulse.MICROPHONE_FEED)

    def unplug_for_a_moment() -> None:
        sound_system.unplug(pulse.LOUDSPEAKER)
        sound_system.plug_in(pulse.LOUDSPEAKER)

    threading.Timer(1.0, unplug_for_a_moment).start()
    assert speaker.play(tone(3.0), never) == pytest.approx(3.0, abs=0.1)
    assert told.changes == [("speaker", True), ("speaker", False)]


def test_a_loudspeaker_in_whose_place_the_server_puts_another_is_told_to_be_lost_and_back(
    sound_system: pulse.SoundSystem, speaker: ReconnectingSpeaker, told: Told
) -> None:
    """Nobody was told that the voice came from another device, or from none."""
    assert speaker.play(tone(0.2), never) == pytest.approx(0.2, abs=0.05)
    sound_system.unplug(pulse.LOUDSPEAKER)  # its streams go where the microphone's sound comes from
    time.sleep(2 * CHECKED_EVERY_S)
    assert speaker.play(tone(0.2), never) == pytest.approx(0.2, abs=0.05)
    told.wait_for(("speaker", True), ("speaker", False))


def test_the_whole_sound_system_may_be_started_anew(
    sound_system: pulse.SoundSystem, listener: Listener, told: Told, tone_file: Path
) -> None:
    """PortAudio's list, read anew while it is down, is empty: without another reading the microphone would stay lost for ever."""
    wait_until(lambda: listener.chunks > 5, "the microphone sends nothing")
    sound_system.stop()
    told.wait_for(("microphone", True))
    time.sleep(2)  # long enough to try in vain
    sound_system.start()
    told.wait_for(("microphone", True), ("microphone", False))
    with sound_system.playing(tone_file):
        listener.must_hear()


def test_a_device_that_was_not_there_at_the_start_is_found_while_the_microphone_goes_on(
    sound_system: pulse.SoundSystem, listener: Listener, told: Told
) -> None:
    wait_until(lambda: listener.chunks > 5, "the microphone sends nothing")
    with pytest.raises(MissingDevice):
        SounddeviceSpeaker("headset")
    with pytest.raises(MissingDevice):
        SounddeviceSpeaker("headset")
    sound_system.add_name("headset")
    heard_before = listener.chunks
    assert SounddeviceSpeaker("headset").play(tone(0.5), never) == pytest.approx(0.5, abs=0.05)
    wait_until(lambda: listener.chunks > heard_before + 31, "the microphone has ended")
    assert told.changes == []


def tone(duration_s: float) -> Iterator[AudioChunk]:
    times_s = np.arange(round(duration_s * 22050)) / 22050
    return iter([AudioChunk((0.5 * np.sin(2 * np.pi * 440 * times_s)).astype(np.float32), 22050)])


def never() -> bool:
    return False


def wait_until(done: Callable[[], bool], otherwise: str) -> None:
    give_up_s = time.monotonic() + LONG_S
    while not done():
        assert time.monotonic() < give_up_s, otherwise
        time.sleep(0.02)


def test_a_loudspeakers_monitor_is_no_microphone(sound_system: pulse.SoundSystem, listener: Listener, told: Told) -> None:
    """PulseAudio moves who listens to a microphone that is gone to what its loudspeaker plays; the assistant would answer itself."""
    wait_until(lambda: listener.chunks > 5, "the microphone sends nothing")
    sound_system.unplug(pulse.MICROPHONE_FEED)
    told.wait_for(("microphone", True))
    with pytest.raises(MissingDevice, match="only what the loudspeaker plays"):
        SounddeviceMicrophone()
    sound_system.plug_in(pulse.MICROPHONE_FEED)
    told.wait_for(("microphone", True), ("microphone", False))
