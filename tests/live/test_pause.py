"""The voice can be paused and goes on from the word it was at: by a key, a button, and by saying so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from assistant.interfaces import HeadphoneChange
from assistant.languages import phrase
from assistant.live.key_debounce import PRESS_GAP_S
from assistant.live.loop import LiveLoop
from assistant.live.voice_control import VoiceControl
from assistant.messages import AudioChunk, Command, CommandKind, Question, Transcript
from assistant.problems import BadInput
from assistant.settings import KeySettings
from tests.support.fakes import ListSpeaker
from tests.support.heard_session import HeardSession
from tests.support.scripted_loop import Loop, Room

LONG = "A long wall with a door and a window and a lamp and a chair and a table and a cup and a book and a bag and a box."


class ControlledSpeaker(ListSpeaker):
    """Takes a chunk in 60 ms, and none while it is told to be paused; as a loudspeaker does that asks a SpeakerControl."""

    control: VoiceControl

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        return super().play(self._taken(chunks, is_stale), is_stale)

    def _taken(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> Iterator[AudioChunk]:
        for chunk in chunks:
            while not self.control.gain() and not is_stale():
                time.sleep(0.01)
            yield chunk
            time.sleep(0.06)


class Talking(Loop):
    """Says a long sentence when its key is pressed."""

    def __init__(self) -> None:
        speaker = ControlledSpeaker()
        super().__init__([0.0], [Transcript("", "en", 0.9, "")], [LONG], speaker=speaker, room=Room(1, endless=True))
        speaker.control = self.loop._session.control
        self.thread = threading.Thread(target=self.loop.run)

    def __enter__(self) -> LiveLoop:
        self.thread.start()
        self.wait_for("look")
        until(lambda: self.loop.is_silent)
        time.sleep(0.1)
        self.loop.press()
        self.wait_for_sound(LONG[:6])
        time.sleep(PRESS_GAP_S)
        return self.loop

    def __exit__(self, *_: object) -> None:
        self.loop.stop()
        self.thread.join()

    def wait_for_sound(self, begins: str) -> None:
        until(lambda: any(event["event"] == "sound" and event["text"].startswith(begins) for event in self.events))

    def heard(self) -> list[float]:
        return [event["share"] for event in self.events if event["event"] == "heard" and event["text"].startswith(LONG[:6])]


def until(done: Callable[[], bool], within_s: float = 20.0) -> None:
    give_up_s = time.monotonic() + within_s
    while not done() and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert done()


def test_the_voice_waits_and_then_says_all_of_it() -> None:
    with (talking := Talking()) as loop:
        assert loop.pause() and loop.is_paused
        time.sleep(2.0)  # longer than the rest of the sentence
        assert talking.heard() == []
        assert loop.pause() and not loop.is_paused
        until(lambda: talking.heard() == [1.0])
    assert [event["event"] for event in talking.events if event["event"] in ("paused", "resumed")] == ["paused", "resumed"]


def test_the_key_pauses_and_in_silence_is_the_other_key() -> None:
    with (talking := Talking()) as loop:
        loop.press_pause()
        assert loop.is_paused
        loop.press_pause()
        assert loop.is_paused, "a key that is held down repeats"
        loop.press()
        until(lambda: loop.is_silent)
        assert not loop.is_paused, "whoever wants silence, wants no pause"
        assert talking.heard()[0] < 1.0
        time.sleep(PRESS_GAP_S)
        assert not loop.pause(), "there is nothing to pause"
        loop.press_pause()
        until(lambda: len(talking.heard()) == 2)


def test_who_said_pause_hears_the_rest_when_they_say_go_on() -> None:
    session = HeardSession("A wall. A door.", "What is this?", [])
    whole = session.ask()
    session.worker._responder.act(asked("pause"))
    assert session.said == whole, "more words would be what the user didn't want"
    session.worker._responder.act(asked("more"))
    assert session.said == whole * 2, "nothing of it was heard"


def asked(kind: CommandKind) -> Question:
    return Question("", "en", "", 0, Command(kind))


@pytest.mark.parametrize("now", ["in", "out", "aloud"])
def test_headphones_are_told_and_what_was_said_privately_isnt_said_aloud(now: HeadphoneChange) -> None:
    with (talking := Talking()) as loop:
        loop._session.control.room_gain = 2.0
        loop.headphones(now)
        assert loop._session.control.room_gain == 1.0, "raise nothing"
        loop.device_changed("speaker", False, None)  # the server has moved the voice
        until(lambda: loop.is_silent)
        said = [event["text"] for event in talking.events if event["event"] == "heard"]
        if now == "out":
            assert talking.heard()[0] < 1.0
            assert said[-1].startswith(LONG[:6])
        else:
            assert talking.heard() == [1.0]
            assert said[-1] == phrase("headphones_in" if now == "in" else "headphones_out", "en")[0]
        assert phrase("speaker_back", "en")[0] not in said


def test_a_pause_key_is_a_key() -> None:
    assert KeySettings().pause == " "
    with pytest.raises(BadInput, match="pause"):
        KeySettings(pause="escape")
