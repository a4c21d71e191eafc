"""The live loop on scripted devices: a question is heard, answered from what the camera saw, and everything stops in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from assistant.languages import phrase
from assistant.live.key_debounce import PRESS_GAP_S
from assistant.live.listener import Listener
from assistant.live.loop import STOP_WITHIN_S
from assistant.live.monitored_speaker import ECHO_S
from assistant.live.watcher import Watcher
from assistant.messages import AudioChunk, Detail, Frame, Sound, Transcript, View
from assistant.problems import LostDevice, MissingModel
from assistant.settings import EarSettings
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber
from tests.support.scripted_loop import QUIET, SPEECH, WHAT, Loop, Room, SlowSpeaker


def test_a_question_is_answered_aloud_and_the_loop_ends_with_the_recording() -> None:
    live = Loop(QUIET + SPEECH + QUIET, [WHAT], ["A red cup. It is empty."])
    live.loop.run()
    assert live.voice.said[-2:] == ["A red cup.", "It is empty."]
    names = [event["event"] for event in live.events]
    assert names.index("speech_began") < names.index("question") < len(names) - 1 - names[::-1].index("heard")
    assert "look" in names


def test_a_kiosk_invites_in_its_other_languages_when_it_is_ready() -> None:
    ears = EarSettings(headphones=True, languages=("en", "pt"), greet_languages=True)
    live = Loop(QUIET, [WHAT], ["never"], ears=ears)
    live.loop.run()
    sentences = [(event["text"], event["language"]) for event in live.events if event["event"] == "sentence"]
    assert sentences[:2] == [phrase("ready", "en"), phrase("greet", "pt")]


def test_without_a_camera_the_user_is_told_and_questions_still_get_an_answer() -> None:
    class Unplugged:
        def frames(self) -> Iterator[Frame]:
            raise LostDevice("camera 0 is gone", "plug it in again")
            yield

        def close(self) -> None: ...

    class Patient(Room):
        """Waits until the user has been told."""

        def chunks(self) -> Iterator[AudioChunk]:
            live.wait_for("heard", count=2)
            self.seen.set()
            return super().chunks()

    script = QUIET + SPEECH + QUIET
    live = Loop(script, [WHAT], ["never"], camera=Unplugged(), room=Patient(len(script)))
    live.loop.run()
    assert phrase("camera_lost", "en")[0] in live.voice.said
    assert phrase("no_picture", "en")[0].split(".")[0] in " ".join(live.voice.said)
    assert "never" not in live.voice.said


def test_an_engine_in_trouble_is_spoken_and_the_loop_goes_on() -> None:
    class Broken(ScriptedDescriber):
        def answer(self, *_: object, **__: object) -> Iterator[str]:
            raise MissingModel("the model is damaged", "run assistant setup")
            yield

    live = Loop(QUIET + SPEECH + QUIET, [WHAT], [], describer=Broken(["x"]))
    live.loop.run()
    assert any("the model is damaged" in text for text in live.voice.said)


def test_a_frozen_camera_is_told_and_its_return_too() -> None:
    """A live camera that repeats itself for seconds is not described; once it moves again its picture is new."""
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(40, 215, (12, 16, 3)), np.ones((10, 10, 1)))
    alive = [np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8) for _ in range(60)]
    pictures = alive[:20] + [alive[19]] * 50 + alive[20:]
    watcher = Watcher(Loop(QUIET, [WHAT], ["x"]).loop._session, camera_is_live=True)
    found = list(watcher.keyframes(Frame(picture, number / 10) for number, picture in enumerate(pictures)))
    assert [(k.reason, k.problem) for k in found] == [("first", None), ("change", "frozen"), ("first", None)]


def test_speech_stops_the_answer() -> None:
    """While the first sentence is played the turn ends: nothing more of it is heard."""
    live = Loop(QUIET + SPEECH + QUIET, [WHAT], ["One two three four. Five six seven eight. Nine ten."])
    live.speaker._after_chunk = lambda: live.loop._session.turns.interrupt() if live.events[-1].get("turn") else None
    live.loop.run()
    assert "Nine ten." not in [e["text"] for e in live.events if e["event"] == "heard" and e["share"] == 1]


def test_it_stops_within_two_seconds_and_leaves_no_thread() -> None:
    before = threading.active_count()
    live = Loop(QUIET, [WHAT], ["x"], endless=True)
    threading.Timer(0.3, live.loop.stop).start()
    began_s = time.monotonic()
    live.loop.run()
    assert time.monotonic() - began_s < 0.3 + STOP_WITHIN_S
    assert threading.active_count() <= before + 1  # the timer's own thread may still be ending


def test_a_thread_that_keeps_dying_is_told_restarted_and_at_last_raised_to_its_owner() -> None:
    class Mistaken:
        def frames(self) -> Iterator[Frame]:
            raise ZeroDivisionError("a mistake of ours")
            yield

        def close(self) -> None: ...

    live = Loop(QUIET, [WHAT], ["x"], camera=Mistaken())
    with pytest.raises(ZeroDivisionError):
        live.loop.run()
    assert sum(event["event"] == "restarted" for event in live.events) == 5


def test_hammering_on_the_key_gives_one_answer_and_no_error() -> None:
    describer = ScriptedDescriber(["A red cup."])
    live = Loop(QUIET, [WHAT], [], describer=describer, endless=True)

    def hammer() -> None:
        live.wait_for("heard")  # "I'm ready."
        live.wait_for("keyframe")
        for _ in range(100):
            live.loop.press()
            time.sleep(0.02)
        live.wait_for("heard", count=2)
        live.loop.stop()

    threading.Thread(target=hammer).start()
    live.loop.run(duration_s=60)
    assert live.voice.said.count("A red cup.") == 1
    assert not [event for event in live.events if event["event"] in ("trouble", "stuck")]


def test_the_key_silences_and_in_silence_asks() -> None:
    live = Loop(QUIET, [WHAT], ["A cup stands here."], endless=True, speaker=SlowSpeaker())

    def press_twice() -> None:
        live.wait_for("sound")  # "I'm ready." is being said
        live.loop.press()
        live.wait_for("heard")
        time.sleep(PRESS_GAP_S)
        live.loop.press()
        live.wait_for("heard", count=2)
        live.loop.stop()

    threading.Thread(target=press_twice).start()
    live.loop.run(duration_s=20)
    heard = [event for event in live.events if event["event"] == "heard"]
    assert heard[0]["share"] < 1
    assert heard[1]["text"] == "A cup stands here."


def test_with_push_to_talk_nothing_is_heard_before_the_key() -> None:
    ears = EarSettings(push_to_talk=True)
    live = Loop(QUIET, [WHAT], ["x"], ears=ears)
    loud = [AudioChunk(np.ones(512, np.float32), 16000, number * 0.032) for number in range(2)]
    assert [chunk.samples.any() for chunk in live.loop._listener.audible(iter(loud))] == [False, False]
    live.loop.press()
    assert [chunk.samples.any() for chunk in live.loop._listener.audible(iter(loud))] == [True, True]


def test_push_to_talk_tells_that_it_closes_again() -> None:
    live = Loop(QUIET, [WHAT], ["x"], ears=EarSettings(push_to_talk=True))
    silence, session = AudioChunk(np.zeros(512, np.float32), 16000, 0.0), live.loop._session
    now_s = 100.0
    session.clock = lambda: now_s
    live.loop._listener.open(now_s)
    queued = len(session.sentences)
    next(live.loop._listener.audible(iter([silence])))
    assert len(session.sentences) == queued
    now_s = 106.0
    list(live.loop._listener.audible(iter([silence, silence])))
    assert len(session.sentences) == queued + 1


def test_without_headphones_it_is_heard_what_the_loudspeaker_does_not_play() -> None:
    """With an echo canceller: its own voice is taken out, and whoever speaks over it is heard."""

    class Subtracting:
        def clean(self, heard: Sound, played: Sound) -> Sound:
            return heard - played

        def reset(self) -> None: ...

    live = Loop(QUIET, [WHAT], ["x"], ears=EarSettings())
    listener, control = Listener(live.loop._session, Subtracting()), live.loop._session.control
    voice, user = np.full(512, 0.25, np.float32), np.full(512, 0.125, np.float32)
    control.played(voice, 10.0)
    control.played(voice, 10.032)
    heard = [AudioChunk(voice, 16000, 10.0), AudioChunk(voice + user, 16000, 10.032)]
    assert [float(chunk.samples[0]) for chunk in listener.audible(iter(heard))] == [0.0, 0.125]


@pytest.mark.parametrize(("heard", "goes_on"), [("", True), ("Stop.", False)], ids=["a cough", "a word"])
def test_a_cough_lets_the_voice_go_on_and_a_word_ends_it(heard: str, goes_on: bool) -> None:
    """Half a second of something like speech while "I'm ready" is said."""

    class Waiting(Room):
        def chunks(self) -> Iterator[AudioChunk]:
            live.wait_for("sound")
            for chunk in super().chunks():
                time.sleep(0.03)
                yield chunk

    script, slow = [0.9] * 15 + QUIET, ListSpeaker(after_chunk=lambda: time.sleep(0.3))
    live = Loop(script, [Transcript(heard, "en", 0.9, heard)], ["x"], room=Waiting(len(script)), speaker=slow)
    live.loop.run()
    told = [event for event in live.events if event["event"] == "heard"]
    assert (told[0]["share"] == 1.0) == goes_on


def test_without_headphones_nor_a_canceller_the_assistant_does_not_hear_itself() -> None:
    live = Loop(QUIET + SPEECH + QUIET, [WHAT], ["x"], ears=EarSettings())
    loud = AudioChunk(np.ones(512, np.float32), 16000, 0.0)
    speaker = live.loop._session.speaker
    heard_while_playing = []

    def listen_meanwhile() -> bool:
        heard_while_playing.append(next(live.loop._listener.audible(iter([loud]))).samples.any())
        return False

    speaker.play(iter([loud, loud]), listen_meanwhile)
    assert heard_while_playing == [False, False]
    assert not next(live.loop._listener.audible(iter([loud]))).samples.any()  # the room still sounds
    time.sleep(ECHO_S)
    assert next(live.loop._listener.audible(iter([loud]))).samples.any()


@pytest.mark.parametrize("pause", [[0.0] * 7, [0.0] * 15], ids=["0.2 s", "0.5 s"])
def test_a_pause_within_a_question_is_no_end_of_it(pause: list[float]) -> None:
    """What was made of the first half is thrown away, unheard if the pause was short, and the whole is answered."""

    class ByLength(ScriptedTranscriber):
        def transcribe(self, samples: Sound, sample_rate_hz: int, language: str | None = None, **_: Any) -> Transcript:
            text = "What is this?" if len(samples) > 2 * sample_rate_hz else "What is the man"
            return Transcript(text, "en", 0.9, text)

    class Parrot(ScriptedDescriber):
        def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
            yield f"You asked: {question}"

    class Patient(Room):
        """Waits in the pause until its first half has been answered."""

        def chunks(self) -> Iterator[AudioChunk]:
            for number, chunk in enumerate(super().chunks()):
                if number == len(QUIET + SPEECH) + len(pause) - 1:
                    live.wait_for("sentence", count=2)
                yield chunk

    script = QUIET + SPEECH + pause + SPEECH + QUIET
    live = Loop(script, [WHAT], [], describer=Parrot(["x"]), room=Patient(len(script)))
    live.loop._session.conversation._transcriber = ByLength([WHAT])
    live.loop.run()
    assert "You asked: What is the man" in [event["text"] for event in live.events if event["event"] == "sentence"]
    sounded = [event["text"] for event in live.events if event["event"] == "sound"]
    assert sounded[-1] == "You asked: What is this?"
    assert len(pause) > 8 or "You asked: What is the man" not in sounded


def test_a_microphone_that_is_lost_within_a_word_leaves_the_voice_as_it_was() -> None:
    """Nothing comes any more that could end the pause, and that it is gone must be heard."""
    live = Loop(QUIET, [WHAT], ["x"])
    live.loop._session.control.loudness = 0.0
    live.loop.device_changed("microphone", True, None)
    assert live.loop._session.control.gain() == 1.0
