"""Devices that are lost come back by themselves; each loss and return is told once, and nobody ever hangs with a device."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from assistant.devices.connection import MAX_HUNG, Backoff, Timeouts
from assistant.devices.reconnecting import ReconnectingCamera, ReconnectingMicrophone
from assistant.devices.reconnecting_speaker import ReconnectingSpeaker
from assistant.messages import AudioChunk, Frame, Picture, Sound
from assistant.problems import BadInput, MissingDevice, Problem
from assistant.seeing.frame_quality import FreezeDetector
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.settings import KeyframeSettings
from assistant.workers import RestartLimit, Worker
from tests.support.fakes import ScriptedCamera
from tests.support.faulty_devices import CHUNK_S, Fault, FaultyCamera, FaultyMicrophone, FaultySpeaker, Kind, Plug, World

pytestmark = pytest.mark.keeps_time

DEVICES = ("camera", "microphone", "speaker")
SPEED = 20.0
PATIENCE = Timeouts(start_s=0.5, stall_s=0.25, first_s=0.025, longest_s=0.5, silence_s=0.15)
"""Ours divided by SPEED; a stall is waited for twice as long, for busy test machines."""


class Told:
    """What the user would be told."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, bool]] = []
        self.whys: list[str] = []
        self.lost = threading.Event()
        self.back = threading.Event()

    def __call__(self, device: str, is_lost: bool, why: Problem | None) -> None:
        self.changes.append((device, is_lost))
        if why is not None:
            self.whys.append(str(why))
        (self.lost if is_lost else self.back).set()


@dataclass
class Setup:
    """One kind of device behind its wrapper. What is used: frames, chunks, or the seconds heard of sentences of one second."""

    device: str
    plug: Plug
    told: Told
    wrapper: Any
    used: Callable[[], Iterator[object]]


def scene(time_s: float) -> Picture:
    """Textured, with a sensor's noise; another scene every minute."""
    rng = np.random.default_rng(int(time_s // 60))
    texture = np.kron(rng.integers(40, 215, (12, 16, 3)), np.ones((10, 10, 1)))
    return np.clip(texture + np.random.default_rng().normal(0, 3, texture.shape), 0, 255).astype(np.uint8)


def hum(time_s: float) -> Sound:
    return np.full(512, 0.1, np.float32)


def sentence(seconds: float = 1.0) -> Iterator[AudioChunk]:
    return iter([AudioChunk(np.full(1600, 0.1, np.float32), 16000)] * round(seconds * 10))


def chunk_number(chunk: AudioChunk) -> int:
    return round(float(chunk.samples[0]) * 100)


def make(device: str, *faults: Fault) -> Setup:
    plug, told = Plug(device, World(SPEED), faults), Told()
    wrapper: Any
    if device == "camera":
        wrapper = ReconnectingCamera(lambda: FaultyCamera(plug, scene), told, PATIENCE)
        return Setup(device, plug, told, wrapper, wrapper.frames)
    if device == "microphone":
        wrapper = ReconnectingMicrophone(lambda: FaultyMicrophone(plug, hum), told, PATIENCE)
        return Setup(device, plug, told, wrapper, wrapper.chunks)
    wrapper = ReconnectingSpeaker(lambda: FaultySpeaker(plug), told, PATIENCE)

    def sentences() -> Iterator[float]:
        while not wrapper._connection.closed.is_set():
            yield wrapper.play(sentence(), lambda: False)

    return Setup(device, plug, told, wrapper, sentences)


def use_until(setup: Setup, time_s: float) -> list[tuple[float, object]]:
    """When each item came; the device is closed afterwards."""
    items = []
    for item in setup.used():
        items.append((setup.plug.world.now_s(), item))
        if items[-1][0] >= time_s:
            break
    setup.wrapper.close()
    return items


def for_every_device(check: Callable[[str], None]) -> None:
    """At the same time, since most of it is waiting."""
    with ThreadPoolExecutor(len(DEVICES)) as pool:
        list(pool.map(check, DEVICES))


def test_a_try_in_vain_doubles_the_wait_and_good_work_resets_it() -> None:
    back_off = Backoff(Timeouts())
    assert [back_off.failed(float(now_s)) for now_s in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    back_off.worked(100)
    assert back_off.failed(101) == 10, "a device that comes and goes isn't tried any sooner"
    back_off.worked(200)
    back_off.worked(209)
    assert back_off.failed(210) == 0.5


@pytest.mark.parametrize("kind", ["lost", "busy", "changed", "stalled", "hung"])
def test_it_is_lost_and_back_again_told_once_each(kind: Kind) -> None:
    def check(device: str) -> None:
        setup = make(device, Fault(kind, 2.0, 12.0))
        items = use_until(setup, 30.0)
        assert setup.told.changes == [(device, True), (device, False)]
        after = [item for time_s, item in items if time_s > 25]
        assert after and (device != "speaker" or after[-1] == pytest.approx(1.0)), "it works again"

    for_every_device(check)


def test_a_loss_that_lasts_is_told_once_and_tried_with_patience() -> None:
    def check(device: str) -> None:
        setup = make(device, Fault("lost", 2.0, 10**9))
        user = threading.Thread(target=lambda: list(setup.used()))
        user.start()
        assert setup.told.lost.wait(5)
        tries: list[float] = []
        setup.plug.open = lambda: refuse(tries, setup.plug)  # type: ignore[method-assign]
        time.sleep(60 / SPEED)
        setup.wrapper.close()
        user.join(1)
        assert setup.told.changes == [(device, True)]
        assert 3 <= len(tries) <= 10, "0.5 s, doubling up to 10 s: some ten tries a minute at most"

    for_every_device(check)


@pytest.mark.parametrize("kind", ["lost", "stalled", "hung"])
def test_closing_is_prompt_whatever_is_wrong(kind: Kind) -> None:
    def check(device: str) -> None:
        setup = make(device, Fault(kind, 2.0, 100.0))
        user = threading.Thread(target=lambda: list(setup.used()))
        user.start()
        time.sleep(6 / SPEED)
        began_s = time.monotonic()
        setup.wrapper.close()
        user.join(2)
        assert not user.is_alive() and time.monotonic() - began_s < 1

    for_every_device(check)


def refuse(tries: list[float], plug: Plug) -> None:
    tries.append(plug.world.now_s())
    raise MissingDevice("gone", "wait")


@pytest.mark.parametrize("device", DEVICES)
class TestEveryDevice:
    def test_one_that_is_missing_from_the_start_is_a_problem(self, device: str) -> None:
        with pytest.raises(MissingDevice, match="is lost"):
            make(device, Fault("lost", 0.0, 10.0))

    def test_a_mistake_is_not_taken_for_a_loss_and_the_device_goes_on_when_its_thread_is_restarted(self, device: str) -> None:
        setup = make(device, Fault("mistake", 2.0, 4.0))
        restarts: list[str] = []
        items: list[object] = []
        limit = RestartLimit(3)
        worker = Worker(
            device, lambda: items.extend(setup.used()), setup.wrapper.close, limit, lambda _, error: restarts.append(str(error))
        )
        worker.start()
        give_up_s = time.monotonic() + 10
        while (not restarts or setup.plug.world.now_s() < 10 or len(items) <= 4) and time.monotonic() < give_up_s:
            time.sleep(0.01)
        assert restarts == ["a driver's mistake"]
        assert worker.stop(2)
        assert setup.told.changes == [] and len(items) > 4


class TestCamera:
    @pytest.mark.parametrize("kind", ["black", "frozen"])
    def test_black_and_frozen_pictures_are_no_loss_but_are_noticed(self, kind: Kind) -> None:
        """Black for ever is a picture that can't be described; the live loop names it, and its end."""
        setup = make("camera", Fault(kind, 4.0, 12.0))
        selector, freezing = KeyframeSelector(KeyframeSettings()), FreezeDetector()
        noticed: list[str] = []
        for time_s, item in use_until(setup, 16.0):
            assert isinstance(item, Frame)
            keyframe = selector.process(item)
            is_frozen = freezing.is_frozen(item.picture, item.time_s)
            noticed += [f"{keyframe.reason} {keyframe.problem}"] if keyframe is not None else []
            noticed += ["frozen"] if is_frozen and "frozen" not in noticed else []
            assert not (is_frozen and time_s > 14), "it is over"
        assert setup.told.changes == []
        assert noticed == (["first None", "change dark", "frozen", "return None"] if kind == "black" else ["first None", "frozen"])

    def test_a_recording_ends_and_is_not_lost(self) -> None:
        told = Told()
        frames = [Frame(scene(0.0), number / 10) for number in range(5)]
        assert [f.time_s for f in ReconnectingCamera(lambda: ScriptedCamera(frames), told, PATIENCE).frames()] == [f.time_s for f in frames]
        assert told.changes == []

    def test_what_is_wrong_with_the_input_is_raised(self) -> None:
        class Damaged(ScriptedCamera):
            def frames(self) -> Iterator[Frame]:
                raise BadInput("the video is damaged", "record it again")
                yield

        told = Told()
        with pytest.raises(BadInput):
            list(ReconnectingCamera(lambda: Damaged([]), told, PATIENCE).frames())
        assert told.changes == []

    def test_a_driver_that_hangs_for_ever_leaves_only_a_few_threads_behind(self) -> None:
        before = threading.active_count()
        setup = make("camera", Fault("hung", 1.0, 10**9))
        user = threading.Thread(target=lambda: list(setup.used()))
        user.start()
        time.sleep(60 / SPEED)
        assert threading.active_count() <= before + 1 + MAX_HUNG
        assert setup.plug.openings == MAX_HUNG
        setup.wrapper.close()
        user.join(1)
        assert not user.is_alive()

    def test_it_can_be_asked_again(self) -> None:
        setup = make("camera")
        for _ in range(2):
            frames = setup.used()
            assert isinstance(next(frames), Frame)
            del frames


class TestMicrophone:
    def test_time_goes_on_over_a_loss_and_never_back(self) -> None:
        setup = make("microphone", Fault("lost", 2.0, 5.0))
        times_s = [item.time_s for _, item in use_until(setup, 12.0) if isinstance(item, AudioChunk)]
        gaps_s = [later - sooner for sooner, later in itertools.pairwise(times_s)]
        assert times_s == sorted(times_s)
        assert max(gaps_s) > 3 and sorted(gaps_s)[len(gaps_s) // 2] == pytest.approx(CHUNK_S)


class TestSpeaker:
    def test_a_sentence_during_which_it_is_lost_is_heard_whole_from_the_start_once_it_is_back(self) -> None:
        plug, told, heard, made = Plug("speaker", World(SPEED), [Fault("changed", 1.0, 3.0)]), Told(), [], []

        def words() -> Iterator[AudioChunk]:
            for number in range(20):
                made.append(number)
                yield AudioChunk(np.full(1600, number / 100, np.float32), 16000)

        speaker = ReconnectingSpeaker(lambda: FaultySpeaker(plug, lambda chunk: heard.append(chunk_number(chunk))), told, PATIENCE)
        plug.world.wait_until(0.5, threading.Event())
        assert speaker.play(words(), lambda: False) == pytest.approx(2.0)
        assert [word for word in heard if word][-19:] == list(range(1, 20)) and plug.openings == 2
        assert made == list(range(20)), "nothing is synthesised twice"
        assert told.changes == [("speaker", True), ("speaker", False)]

    def test_what_is_said_while_it_is_lost_counts_as_unheard_and_delays_nobody_for_long(self) -> None:
        setup = make("speaker", Fault("lost", 0.5, 30.0))
        setup.plug.world.wait_until(0.5, threading.Event())
        taken_s: list[float] = []
        for _ in range(5):
            began_s = time.monotonic()
            chunks = sentence()
            assert setup.wrapper.play(chunks, lambda: False) == 0
            assert len(list(chunks)) == 9, "some of it was made, so that it is known that there was something to hear"
            taken_s.append(time.monotonic() - began_s)
        setup.wrapper.close()
        assert taken_s[0] >= PATIENCE.silence_s - 0.01 and sum(taken_s) < PATIENCE.silence_s + 0.5

    def test_an_interruption_ends_the_wait_for_it(self) -> None:
        told, plug = Told(), Plug("speaker", World(SPEED), [Fault("lost", 0.5, 30.0)])
        speaker = ReconnectingSpeaker(lambda: FaultySpeaker(plug), told, Timeouts(silence_s=20))
        plug.world.wait_until(0.5, threading.Event())
        assert speaker.play(sentence(), told.lost.is_set) == 0
        speaker.close()

    def test_a_voice_that_is_slow_is_no_stall_and_one_that_breaks_no_loss(self) -> None:
        setup = make("speaker")

        def slow() -> Iterator[AudioChunk]:
            yield from sentence()
            time.sleep(3 * PATIENCE.stall_s)
            yield from sentence()

        def broken() -> Iterator[AudioChunk]:
            yield from sentence()
            raise Problem("the voice broke", "fetch it again")

        assert setup.wrapper.play(slow(), lambda: False) == pytest.approx(2.0)
        with pytest.raises(Problem, match="the voice broke"):
            setup.wrapper.play(broken(), lambda: False)
        assert setup.wrapper.play(sentence(), lambda: False) == pytest.approx(1.0)
        assert setup.told.changes == []

    def test_a_mistake_while_it_is_opened_again_reaches_whoever_speaks_and_is_got_over(self) -> None:
        plug, told = Plug("speaker", World(SPEED), [Fault("lost", 0.5, 1.5)]), Told()
        opened: list[str] = []

        def open_speaker() -> FaultySpeaker:
            opened.append("")
            if len(opened) == 2:
                raise ZeroDivisionError("a driver's mistake")
            return FaultySpeaker(plug)

        speaker = ReconnectingSpeaker(open_speaker, told, PATIENCE)
        plug.world.wait_until(0.5, threading.Event())
        with pytest.raises(ZeroDivisionError):
            speaker.play(sentence(), lambda: False)
        assert told.back.wait(5)
        assert speaker.play(sentence(), lambda: False) == pytest.approx(1.0)

    def test_closing_it_is_silence(self) -> None:
        setup = make("speaker")
        threading.Timer(0.1, setup.wrapper.close).start()
        began_s = time.monotonic()
        assert setup.wrapper.play(sentence(600), lambda: False) < 30
        assert time.monotonic() - began_s < 1


@pytest.mark.slow
def test_a_device_that_comes_and_goes_is_told_each_time_and_never_confused() -> None:
    rng = random.Random(5)
    starts = sorted(rng.sample(range(2, 80, 4), 10))
    setup = make("camera", *[Fault("lost", float(start), start + rng.uniform(0.2, 2.0)) for start in starts])
    use_until(setup, 100.0)
    assert [is_lost for _, is_lost in setup.told.changes] == [True, False] * (len(setup.told.changes) // 2)
    assert len(setup.told.changes) >= 6
