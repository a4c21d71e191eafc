"""A page is read aloud on scripted devices: what the user hears of it, silences, goes on with and skips, all by voice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from assistant.instruments.read_text import TextInstrument
from assistant.languages import phrase
from assistant.messages import AudioChunk, Frame, Probabilities, Sound, TextLine, Transcript
from tests.support.fakes import ListSpeaker
from tests.support.scripted_loop import QUIET, SECOND, SPEECH, WHAT, Loop, Room
from tests.support.written_pages import Written

pytestmark = pytest.mark.keeps_time

POEM = [f"This is line number {name}." for name in ("one", "two", "three", "four", "five", "six", "seven", "eight")]
READY, END = (phrase(key, "en")[0] for key in ("ready", "end_of_text"))
PATIENCE_S = 30.0
LEVELS = 100
"""What the user says is a constant level that tells its number."""


@dataclass(frozen=True)
class Says:
    """What the user says once a text is being heard, which it silences; else once it has been heard."""

    text: str
    at: str = READY
    interrupts: bool = False
    then_shows: int | None = None
    """The number of the page that the camera shows from then on; None: as before."""


class Reader:
    """Somebody who holds a page into the camera and talks to the assistant."""

    def __init__(self, pages: Sequence[Sequence[str | TextLine]], says: Sequence[Says], until: str) -> None:
        self._says, self._until, self._shown = says, until, 0
        self._scenes = [np.random.default_rng(number).integers(40, 215, (12, 16, 3), np.uint8) for number in range(len(pages))]
        self.written = Written(*pages)
        self.speaker = InterruptedSpeaker(self)
        room = Room(0)
        room.frames, room.chunks = self._frames, self._chunks  # type: ignore[method-assign]
        self._room = room
        script = QUIET + (SPEECH + QUIET) * len(says)
        self.live = Loop(script, [WHAT], ["A red cup."], room=room, speaker=self.speaker, instruments=[TextInstrument(self.written)])
        conversation = self.live.loop._session.conversation
        conversation._transcriber = ByLevel([each.text for each in says])
        self.silenced = [each.at for each in says if each.interrupts]
        """What the user silences, each once."""
        self.missing = ""

    def heard(self) -> list[str]:
        """What was heard to its end after the greeting, in order."""
        self.live.loop.run(duration_s=120)
        assert not self.missing, "\n".join([self.missing, *map(str, self.live.events)])
        assert not self.events("trouble") + self.events("hung") + self.events("restarted")
        return [event["text"] for event in self.events("heard") if event["share"] == 1 and event["turn"] > 0]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.live.events if event["event"] == name]

    def _frames(self) -> Iterator[Frame]:
        for number in range(100_000):
            scene = self._scenes[self._shown].repeat(60, axis=0).repeat(80, axis=1)
            scene[0, 0, 0] = self._shown
            yield Frame(scene, number / 10)
            self._room.seen.set()
            if self._room._closed.wait(0.05):
                return

    def _chunks(self) -> Iterator[AudioChunk]:
        """The microphone's sound. The user waits for what they want to hear before they speak."""
        heard, chunks = 0, 0
        self._wait("", 0, "keyframe")
        for number, says in enumerate((None, *self._says)):
            if says:
                heard = self._wait(says.at, heard, "sound" if says.interrupts else "heard")
            for level in [number / LEVELS] * (SECOND if says else 0) + [0.0] * (2 * SECOND):
                yield AudioChunk(np.full(512, level, np.float32), 16000, chunks * 0.032)
                chunks += 1
            if says and says.then_shows is not None:
                self._shown = says.then_shows
                self._wait("", len(self.live.events), "keyframe")
        self._wait(self._until, heard, "heard", least=0.9)

    def _wait(self, text: str, since: int, event: str, least: float = 0.0) -> int:
        """Until an event after a number of others tells the text; how many there were. `least`: share of it that is heard."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            for number, told in enumerate(self.live.events[since:], since):
                if told["event"] == event and told.get("text", "") == text and told.get("share", 1.0) >= least:
                    return number + 1
            time.sleep(0.005)
        self.live.loop.stop()
        self.missing = f"{text!r} was never heard"
        return since


class InterruptedSpeaker(ListSpeaker):
    """Takes no time, but for what the user silences: of that a word is heard."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        def until_silenced() -> Iterator[AudioChunk]:
            for chunk in chunks:
                yield chunk
                sounds = self._reader.events("sound")
                if sounds and sounds[-1]["text"] in self._reader.silenced:
                    while not is_stale():
                        time.sleep(0.002)
                    self._reader.silenced.remove(sounds[-1]["text"])

        return super().play(until_silenced(), is_stale)


class ByLevel:
    """Understands the user by the level of the sound."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def transcribe(
        self,
        samples: Sound,
        sample_rate_hz: int,
        language: str | None = None,
        *,
        speech_probabilities: Probabilities | None = None,
        **_: object,
    ) -> Transcript:
        text = self._texts[round(float(samples.max()) * LEVELS) - 1]
        return Transcript(text, "en", 0.9, text)


def test_a_page_is_heard_passage_by_passage() -> None:
    assert Reader([POEM], [Says("Read it.")], POEM[-1]).heard() == POEM


def test_stop_silences_and_go_on_goes_on_from_the_passage_that_was_not_heard() -> None:
    says = [Says("Read it."), Says("Stop.", POEM[2], interrupts=True), Says("Go on.", POEM[2])]
    assert Reader([POEM], says, END).heard() == [*POEM, END]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("Next.", POEM[3]),
        ("Previous line.", POEM[1]),
        ("Repeat that.", POEM[2]),
        ("Read the second line.", POEM[1]),
        ("Read line 6.", POEM[5]),
        ("Read line 99.", "There is no line 99."),
    ],
)
def test_a_command_in_the_midst_goes_by_what_is_being_heard_not_by_what_is_queued(command: str, said: str) -> None:
    assert Reader([POEM], [Says("Read it."), Says(command, POEM[2], interrupts=True)], said).heard() == [*POEM[:2], said]


def test_spelling_spells_the_line_that_is_being_heard_and_go_on_reads_the_rest() -> None:
    sign = ["Platform four.", "A nap.", "To the trains."]
    spelt = "A, ;, n, a, p, .,"
    says = [Says("Read it."), Says("Spell it.", "A nap.", interrupts=True), Says("Go on.", spelt)]
    assert Reader([sign], says, END).heard() == ["Platform four.", spelt, "To the trains.", END]


def test_line_by_line_a_page_comes_to_its_end() -> None:
    says = [Says("Read the first line."), Says("Next.", POEM[0]), Says("Next.", POEM[1]), Says("Next.", POEM[2])]
    assert Reader([POEM[:3]], says, END).heard() == [*POEM[:3], END]


def test_from_the_beginning_reads_all_of_it_again() -> None:
    says = [Says("Read it."), Says("From the beginning.", POEM[4], interrupts=True)]
    assert Reader([POEM], says, POEM[-1]).heard() == [*POEM[:4], *POEM]


def test_a_page_of_sixty_lines_is_heard_whole_and_nobody_is_told_to_wait() -> None:
    page = [small(f"Item {number} costs {number} pounds.", number) for number in range(1, 61)]
    reader = Reader([page], [Says("What does it say?")], END)
    assert reader.heard() == ["A page, about 60 lines.", *(line.text for line in page), END]
    assert not reader.events("dropped")


def test_a_long_page_goes_on_where_it_was_silenced() -> None:
    page = [small(f"Item {number} costs {number} pounds.", number) for number in range(1, 61)]
    says = [Says("Read it."), Says("Stop.", page[39].text, interrupts=True), Says("Go on.", page[39].text)]
    assert Reader([page], says, END).heard() == ["A page, about 60 lines.", *(line.text for line in page), END]


def test_who_turns_the_page_hears_the_rest_of_the_old_one_until_they_ask_anew() -> None:
    other = ["Another page.", "With other words."]
    says = [Says("Read it."), Says("Stop.", POEM[2], interrupts=True, then_shows=1), Says("Go on.", POEM[2]), Says("Read it.", END)]
    assert Reader([POEM, other], says, other[-1]).heard() == [*POEM, END, *other]


def test_another_page_that_was_silenced_before_its_first_line_goes_on_with_that() -> None:
    page = [small(f"Item {number} costs {number} pounds.", number) for number in range(1, 21)]
    about = "A page, about 20 lines."
    says = [Says("Read it.", then_shows=1), Says("Read it.", POEM[-1]), Says("Stop.", about, interrupts=True), Says("Go on.", about)]
    assert Reader([POEM, page], says, END).heard() == [*POEM, *(line.text for line in page), END]


def test_a_question_in_the_midst_is_answered_and_the_page_goes_on_when_the_user_says_so() -> None:
    says = [Says("Read it."), Says("What is this?", POEM[2], interrupts=True), Says("Go on.", "A red cup.")]
    assert Reader([POEM], says, END).heard() == [*POEM[:2], "A red cup.", *POEM[2:], END]


def small(text: str, row: int) -> TextLine:
    """One of many lines."""
    top = 0.01 + row * 0.0155
    right = 0.1 + 0.006 * len(text)
    return TextLine(text, 0.99, ((0.1, top), (right, top), (right, top + 0.012), (0.1, top + 0.012)), (0.99,) * len(text))
