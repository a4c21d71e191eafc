"""Whatever plays: all of it is heard, it stops when the user wants silence, and it tells how much was heard."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.devices.reconnecting_speaker import ReconnectingSpeaker
from assistant.devices.sound_files import WavSpeaker
from assistant.devices.sounddevice_speaker import SounddeviceSpeaker
from assistant.interfaces import Speaker
from assistant.live.voice_control import VoiceControl
from assistant.messages import AudioChunk, Sound
from assistant.problems import LostDevice, MissingDevice, Problem
from tests.support import pulse
from tests.support.fakes import ListSpeaker

LONGEST_WAY_TO_SILENCE_S = 0.1
"""Of which half is what the device holds: its stream isn't broken off, but stays open."""
BUSY_MACHINE_S = 0.15
"""What a test machine without a free core may add."""


@pytest.fixture
def speaker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Speaker]:
    if request.param == "sounddevice":
        request.getfixturevalue("sound_system")
    makers: dict[str, Callable[[], Speaker]] = {
        "list": ListSpeaker,
        "wav": lambda: WavSpeaker(tmp_path / "out.wav"),
        "sounddevice": SounddeviceSpeaker,
        "reconnecting": lambda: ReconnectingSpeaker(ListSpeaker, told_nothing),
    }
    made = makers[request.param]()
    yield made
    made.close()


@pytest.mark.parametrize("speaker", ["list", "wav", "reconnecting", pytest.param("sounddevice", marks=pytest.mark.sound)], indirect=True)
class TestEverySpeaker:
    @pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 48000])
    def test_sound_of_any_rate_is_heard_whole(self, speaker: Speaker, rate_hz: int) -> None:
        assert speaker.play(iter([tone(0.2, rate_hz), tone(0.1, rate_hz)]), never) == pytest.approx(0.3, abs=0.01)

    def test_sound_whose_rate_changes_is_heard_whole(self, speaker: Speaker) -> None:
        assert speaker.play(iter([tone(0.2, 22050), tone(0.1, 16000), tone(0.1, 22050)]), never) == pytest.approx(0.4, abs=0.01)

    def test_one_thing_is_played_after_another(self, speaker: Speaker) -> None:
        assert [speaker.play(iter([tone(0.1)]), never) for _ in range(2)] == pytest.approx([0.1, 0.1], abs=0.01)

    def test_nothing_is_heard_of_nothing(self, speaker: Speaker) -> None:
        assert speaker.play(iter([]), never) == 0

    def test_what_is_stale_from_the_start_is_not_heard(self, speaker: Speaker) -> None:
        assert speaker.play(iter([tone(0.5)]), lambda: True) == 0

    def test_what_turns_stale_is_heard_in_part_and_no_more_of_it_is_made(self, speaker: Speaker) -> None:
        made: list[int] = []

        def chunks() -> Iterator[AudioChunk]:
            for number in range(1000):
                made.append(number)
                yield tone(0.1)

        heard_s = speaker.play(chunks(), lambda: len(made) > 5)
        assert 0 <= heard_s <= 0.6
        assert len(made) < 20

    def test_a_maker_that_fails_is_heard_of(self, speaker: Speaker) -> None:
        def chunks() -> Iterator[AudioChunk]:
            yield tone(0.1)
            raise Problem("the voice broke", "fetch it again")

        with pytest.raises(Problem, match="the voice broke"):
            speaker.play(chunks(), never)

    def test_closing_twice_is_no_trouble(self, speaker: Speaker) -> None:
        speaker.close()
        speaker.close()


@pytest.mark.sound
class TestLoudspeaker:
    def test_all_of_the_sound_leaves_the_device(self, sound_system: pulse.SoundSystem) -> None:
        """PortAudio stops before the last of the sound is played; the ends of words were cut off."""
        with sound_system.recording() as recording:
            SounddeviceSpeaker().play(iter([tone(1.0)]), never)
        # Nothing may be lost; a sound system that had to wait plays a buffer's silence or so in between (1.021 and 1.0225 s were seen).
        assert 0.98 <= audible_s(recording.samples) <= 1.04

    def test_threads_that_compute_do_not_tear_the_sound_to_pieces(self, sound_system: pulse.SoundSystem) -> None:
        """A page took twice its time to be read, a hole of 0.1 s behind each 10 ms, while questions were being got ready."""
        over = threading.Event()
        busy = [threading.Thread(target=compute, args=(over,)) for _ in range(3)]
        with sound_system.recording() as recording:
            for thread in busy:
                thread.start()
            try:
                SounddeviceSpeaker().play(iter([tone(3.0)]), never)
            finally:
                over.set()
                for thread in busy:
                    thread.join()
        assert audible_s(recording.samples) < 3.0 + 2 * BUSY_MACHINE_S

    def test_silence_comes_at_once_and_the_time_heard_is_right(self, sound_system: pulse.SoundSystem) -> None:
        with sound_system.recording() as recording:
            interruption = Interruption(recording)
            heard_s = SounddeviceSpeaker().play(iter([tone(30.0)]), interruption)
            time.sleep(0.3)  # what the device holds is heard and recorded
        assert interruption.until_silence_s() < LONGEST_WAY_TO_SILENCE_S + BUSY_MACHINE_S
        assert heard_s == pytest.approx(audible_s(recording.samples), abs=0.05)

    def test_between_two_sounds_the_stream_stays_open_so_that_their_echo_comes_as_late(self, sound_system: pulse.SoundSystem) -> None:
        control = VoiceControl()
        speaker = SounddeviceSpeaker("", control)
        for _ in range(2):
            speaker.play(iter([tone(0.3)]), never)
            time.sleep(0.3)
        speaker.close()
        told = list(control.take_played())
        assert sum(len(samples) for samples, _ in told) > 1.1 * 16_000  # the silence between them too
        assert np.diff([time_s for _, time_s in told]).max() < 0.3

    def test_a_slow_maker_does_not_delay_silence(self, sound_system: pulse.SoundSystem) -> None:
        def slow_chunks() -> Iterator[AudioChunk]:
            yield tone(1.0)
            wait_until(lambda: recording.seconds() > interruption.stale_at_s + 0.5)
            yield tone(1.0)

        with sound_system.recording() as recording:
            interruption = Interruption(recording)
            heard_s = SounddeviceSpeaker().play(slow_chunks(), interruption)
        assert interruption.until_silence_s() < LONGEST_WAY_TO_SILENCE_S + BUSY_MACHINE_S
        assert heard_s < 1.0

    def test_closing_from_another_thread_ends_the_sound(self, sound_system: pulse.SoundSystem) -> None:
        speaker = SounddeviceSpeaker()
        closer = threading.Timer(0.2, speaker.close)
        closer.start()
        assert speaker.play(iter([tone(30.0)]), never) < 5

    def test_a_loudspeaker_that_is_not_there_is_a_problem_that_names_those_that_are(self, sound_system: pulse.SoundSystem) -> None:
        with pytest.raises(MissingDevice, match="no loudspeaker 'no-such'.*Choose one of: .*default"):
            SounddeviceSpeaker("no-such")

    def test_a_loudspeaker_that_goes_away_is_told_of(self, sound_system: pulse.SoundSystem) -> None:
        def chunks() -> Iterator[AudioChunk]:
            yield tone(0.2)
            sound_system.stop()
            yield tone(30.0)

        with pytest.raises(LostDevice, match="no longer plays"):
            SounddeviceSpeaker().play(chunks(), never)


def test_without_portaudio_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str, *_: object) -> None:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [type("NoPortAudio", (), {"find_spec": staticmethod(find_spec)}), *sys.meta_path])
    with pytest.raises(MissingDevice, match="sudo apt install libportaudio2"):
        SounddeviceSpeaker()


def told_nothing(device: str, is_lost: bool, why: Problem | None) -> None:
    raise AssertionError(f"{device} is told to be lost: {why}")


def never() -> bool:
    return False


def tone(duration_s: float, rate_hz: int = 22050) -> AudioChunk:
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return AudioChunk((0.5 * np.sin(2 * np.pi * 440 * times_s)).astype(np.float32), rate_hz)


def audible_s(samples: Sound) -> float:
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    return float(loud[-1] - loud[0]) / pulse.RATE_HZ


def compute(over: threading.Event) -> None:
    while not over.is_set():
        sum(number * number for number in range(1000))


class Interruption:
    """The user interrupts half a second after the sound began. Times are those of the recording."""

    def __init__(self, recording: pulse.Recording) -> None:
        self._recording = recording
        self.stale_at_s = math.inf

    def __call__(self) -> bool:
        now_s = self._recording.seconds()
        self.stale_at_s = min(self.stale_at_s, now_s + 0.5)
        return now_s >= self.stale_at_s

    def until_silence_s(self) -> float:
        last_loud_sample = np.flatnonzero(np.abs(self._recording.samples) > 0.05)[-1]
        return float(last_loud_sample) / pulse.RATE_HZ - self.stale_at_s


def wait_until(done: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + 20
    while not done():
        assert time.monotonic() < give_up_s
        time.sleep(0.01)
