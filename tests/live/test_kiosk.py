"""A kiosk's day: who comes is invited, asked whether they need more time, and forgotten without a trace."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
import pytest

from assistant.languages import hello_language, languages, phrase
from assistant.live.kiosk import Kiosk
from assistant.live.kiosk_visits import KioskVisits, is_allowed
from assistant.messages import Ask, AudioChunk, Command, Question, Transcript
from assistant.problems import BadInput
from assistant.settings import EarSettings, KioskSettings, Settings, VoiceSettings
from tests.support.fakes import ScriptedTranscriber
from tests.support.heard_session import HeardSession
from tests.support.left_in_memory import reachable
from tests.support.scripted_loop import QUIET, SPEECH, Loop, Room

NOON, MIDNIGHT = 12, 0
SECRET = "zanzibar"


def visits(**settings: Any) -> KioskVisits:
    return KioskVisits(KioskSettings(**settings), 0.0)


def test_who_passes_by_is_invited_at_intervals_when_something_moves_and_not_at_night() -> None:
    kiosk = visits(attract_every_s=90.0, attract_on="motion")
    assert kiosk.due(89.0, NOON, is_silent=True) is None
    assert kiosk.due(90.0, NOON, is_silent=False) is None
    assert kiosk.due(90.0, NOON, is_silent=True) == "attract"
    assert kiosk.due(200.0, NOON, is_silent=True) is None  # nothing has moved since
    kiosk.moved()
    assert kiosk.due(200.0, MIDNIGHT, is_silent=True) is None
    assert kiosk.due(200.0, NOON, is_silent=True) == "attract"
    always = visits(attract_on="time", quiet_from_hour=0, quiet_to_hour=0)
    assert [always.due(s, MIDNIGHT, is_silent=True) for s in (100.0, 200.0)] == ["attract", "attract"]


def test_people_are_invited_as_they_come_and_not_what_else_moves() -> None:
    kiosk = visits(attract_every_s=90.0)
    kiosk.saw_people(0)
    kiosk.due(90.0, NOON, is_silent=True)  # what was there before anybody counted
    kiosk.moved()
    assert kiosk.due(200.0, NOON, is_silent=True) is None, "a curtain"
    kiosk.saw_people(2)
    assert kiosk.due(200.5, NOON, is_silent=True) == "attract"
    kiosk.saw_people(2)
    assert [kiosk.due(s, NOON, is_silent=True) for s in (250.0, 291.0)] == [None, "attract"], "who stays is invited at intervals"
    kiosk.saw_people(0)
    assert kiosk.due(400.0, NOON, is_silent=True) is None
    kiosk.saw_people(1)
    assert kiosk.due(401.0, NOON, is_silent=True) == "attract"
    kiosk.saw_people(0)
    kiosk.saw_people(1)
    assert [kiosk.due(s, NOON, is_silent=True) for s in (405.0, 422.0)] == [None, "attract"], "not sooner than after some seconds"


def test_who_does_nothing_is_asked_and_then_forgotten_and_who_answers_stays() -> None:
    kiosk = visits(idle_s=30.0, answer_within_s=20.0)
    assert kiosk.acted(0.0)
    assert kiosk.due(29.0, NOON, is_silent=True) is None
    assert kiosk.due(31.0, NOON, is_silent=True) == "more_time"
    assert kiosk.left_s(41.0) == pytest.approx(10.0)
    assert not kiosk.acted(45.0) and kiosk.left_s(46.0) is None
    assert kiosk.due(76.0, NOON, is_silent=True) == "more_time"
    assert kiosk.due(97.0, NOON, is_silent=True) == "idle_over"
    assert not kiosk.is_visited and kiosk.visits == 1


def test_who_listens_isnt_idle() -> None:
    kiosk = visits(idle_s=30.0)
    kiosk.acted(0.0)
    assert kiosk.due(100.0, NOON, is_silent=False) is None
    assert kiosk.due(129.0, NOON, is_silent=True) is None
    assert kiosk.due(131.0, NOON, is_silent=True) == "more_time"


def test_nobody_keeps_it_for_ever_and_is_told_a_minute_before() -> None:
    kiosk = visits(visit_s=300.0)
    told = []
    for now_s in range(0, 400, 10):
        kiosk.acted(float(now_s)) if now_s < 300 else None
        if due := kiosk.due(float(now_s), NOON, is_silent=True):
            told.append((now_s, due))
    assert told[:2] == [(240, "last_minute"), (300, "time_over")]


def test_the_operator_says_what_isnt_answered() -> None:
    settings = KioskSettings(refused_words=("bomb", "Bombe"), refused_intents=("code",))
    assert is_allowed(Question("What is this?", "en", "What is this?"), settings)
    assert not is_allowed(Question("Is there a BOMB?", "en", ""), settings)
    assert is_allowed(Question("Is that a bombardon?", "en", ""), settings)
    assert not is_allowed(Question("Hay algo?", "es", "Is there a bomb?"), settings)
    assert not is_allowed(Question("Scan it", "en", "", asks=(Ask("code"),)), settings)
    with pytest.raises(BadInput, match="idle_s"):
        KioskSettings(idle_s=0.0)


def test_a_greeting_chooses_the_language() -> None:
    assert {code: hello_language(known.hellos[0].capitalize() + "!", code) for code, known in languages().items()} == {
        code: code for code in languages()
    }
    assert hello_language("Hola.", "en") == "es" and hello_language("Hallo", "nl") == "nl"
    assert hello_language("Hello, what is this?", "en") is None and hello_language("", "en") is None


class Polite(Room):
    """Says the next thing only when the test says so, and hears the assistant out."""

    def __init__(self, utterances: int) -> None:
        super().__init__(0)
        self._utterances = utterances
        self.may = threading.Semaphore(0)
        self.probabilities = (QUIET + SPEECH + QUIET) * utterances

    def chunks(self) -> Iterator[AudioChunk]:
        self.seen.wait(5)
        each = len(self.probabilities) // max(1, self._utterances)
        for number in range(len(self.probabilities)):
            if number % each == 0:
                self.may.acquire()
            yield AudioChunk(np.ones(512, np.float32), 16000, number * 0.032)
        self._closed.wait()

    def close(self) -> None:
        super().close()
        self.may.release(100)


class Visited(Loop):
    """A loop of fakes under a kiosk; a user says each of these in turn, when `say` is called."""

    def __init__(self, transcripts: list[Transcript], **kiosk: Any) -> None:
        ears = EarSettings(headphones=True, greet_languages=True, languages=("en", "pt"))
        self.room = Polite(len(transcripts))
        heard = transcripts or [HELLO]
        super().__init__(self.room.probabilities, heard, [f"A {SECRET} on a sofa."], ears=ears, room=self.room)
        self.settings = Settings(ears=ears, kiosk=KioskSettings(**kiosk))
        self.now_s = 0.0
        self.kiosk = Kiosk(self.settings, lambda event, details: self.events.append({"event": event, **details}), lambda: self.now_s)
        self.kiosk.watch_over(self.loop)
        self.loop._session.report = self.kiosk.report
        self.thread = threading.Thread(target=self.loop.run)

    def __enter__(self) -> Self:
        self.thread.start()
        self.wait_for("look")
        self.settle()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.stop()
        self.thread.join()

    def say(self, until: str) -> None:
        """Say the next thing, and wait until this is heard."""
        self.room.may.release()
        wait_until(lambda: until in " ".join(self.said()))
        self.settle()

    def settle(self) -> None:
        """Wait until all is said and done."""
        wait_until(lambda: self.loop.is_silent and not self.loop._session.jobs.is_urgent)
        time.sleep(0.1)

    def said(self) -> list[str]:
        return [event["text"] for event in self.events if event["event"] == "heard"]


HELLO = Transcript("Olá!", "pt", 0.9, "Hello!", 0.9)
ABOUT_SECRET = Transcript(f"Como é o {SECRET}?", "pt", 0.9, f"How does the {SECRET} look?", 0.9)


def traces(live: Visited) -> list[str]:
    """What is left of a user in the memory of a loop: words, sound, and what they have set. The fakes' own records are no part of it."""
    loop = live.loop
    session = loop._session
    roots = [loop._answer_worker, loop._listener, loop._watcher, session]
    fakes = [live.voice.said, live.events, live.speaker, session.conversation._transcriber, session.conversation._describer]
    left = reachable(roots, fakes)
    words = [each for each in left if isinstance(each, str) and SECRET in each.lower()]
    sounds = [f"sound {each.shape}" for each in left if isinstance(each, np.ndarray) and each.dtype == np.float32 and np.any(each == 1)]
    changed = [str(session.detail), session.conversation.language, str(live.voice.settings)]
    normal = ["brief", "en", str(VoiceSettings())]
    return words + sounds + ([] if changed == normal else changed)


def test_nothing_of_a_user_is_left_for_the_next() -> None:
    with Visited([HELLO, ABOUT_SECRET], idle_s=30.0, answer_within_s=20.0) as live:
        live.say(first(phrase("ready", "pt")[0]))
        live.say(SECRET)
        for kind in ("slower", "louder", "verbosity_full"):
            live.loop.obey(Command(kind))
            live.settle()
        assert live.voice.settings != VoiceSettings() and live.loop.language == "pt"
        live.loop._session.conversation._over_voice._last = ((0.0, 1.0), ABOUT_SECRET)  # as of words over the voice
        assert any(SECRET in each.lower() for each in traces(live)), "or this test would notice nothing"
        live.now_s = 31.0
        live.kiosk.tick(NOON)
        live.settle()
        live.now_s = 52.0
        live.kiosk.tick(NOON)
        wait_until(lambda: live.loop.language == "en")
        live.loop._listener._forget_sound()  # as the next chunk does; this microphone sends no more
        wait_until(lambda: traces(live) == [])
        assert traces(live) == []
        assert first(phrase("kiosk_more_time", "pt")[0]) in " ".join(live.said())
        assert first(phrase("kiosk_goodbye", "pt")[0]) in " ".join(live.said())
    happened = [event["is"] for event in live.events if event["event"] == "kiosk" and event["is"] != "time_left"]
    assert happened == ["visit", "more_time", "idle_over", "reset"]


def first(text: str) -> str:
    """Its first words: the fakes' voice says a phrase sentence by sentence."""
    return " ".join(text.split()[:3])


def wait_until(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 30
    while not condition() and time.monotonic() < until_s:
        time.sleep(0.02)


def test_who_pauses_and_leaves_is_asked_and_forgotten() -> None:
    with Visited([], idle_s=30.0, answer_within_s=20.0) as live:
        live.kiosk.report("headphones", {"is": "in"})
        session = live.loop._session
        session.paused_turn = session.turns.current
        for live.now_s, heard in ((31.0, "kiosk_more_time"), (60.0, "kiosk_goodbye")):
            live.kiosk.tick(NOON)
            wait_until(lambda heard=heard: phrase(heard, "en")[0].split(".")[0] in " ".join(live.said()))  # type: ignore[misc]
            live.settle()
    happened = [event["is"] for event in live.events if event["event"] == "kiosk" and event["is"] != "time_left"]
    assert happened == ["visit", "more_time", "idle_over", "reset"]


def test_what_comes_late_of_somebody_who_has_gone_is_told_to_nobody() -> None:
    """A recogniser that took longer than the visit lasted told the next user what the last one had asked, and began a visit by it."""
    with Visited([]) as live:
        live.loop.press()
        live.settle()
        turn = live.loop.turn
        live.kiosk._wants_to_be_forgotten = True
        live.kiosk.tick(NOON)
        visits, events = live.kiosk.visits, len(live.events)
        live.kiosk.report("question", {"turn": turn, "text": SECRET})
        assert live.kiosk.visits == visits and SECRET not in str(live.events[events:])


@pytest.mark.parametrize(("hello", "code"), [("Hallo", "de"), ("hallo", "nl"), ("halo", "id")])
def test_a_bare_greeting_is_no_question_that_broke_off(hello: str, code: str) -> None:
    ears = EarSettings(headphones=True, greet_languages=True, languages=("en", code))
    session = HeardSession("A wall.", hello, [], Settings(ears=ears))
    session.conversation._transcriber = ScriptedTranscriber([Transcript(hello, code, 0.9, hello, 0.9)])
    session.conversation._ears = ears
    assert session.ask() == [phrase("ready", code)[0]]


def test_nobody_waits_for_an_answer_that_wont_come() -> None:
    """A question that was dropped while a sound for who waits was played left somebody waiting, and the visit never ended."""
    with Visited([]) as live:
        live.loop._session.waiting.asked(live.loop.turn, live.loop._session.clock() + 100)
        wait_until(lambda: live.loop.is_silent)
        assert live.loop.is_silent


def test_a_kiosk_counts_who_comes_by_only_while_nobody_uses_it() -> None:
    with Visited([]) as live:
        live.kiosk.tick(NOON)
        assert live.loop._session.counts_people
        live.kiosk.report("pressed", {})
        live.kiosk.tick(NOON)
        assert not live.loop._session.counts_people


def test_a_word_that_the_operator_refuses_isnt_answered() -> None:
    with Visited([ABOUT_SECRET], refused_words=(SECRET,)) as live:
        live.say(first(phrase("kiosk_refused", "pt")[0]))
        assert first(phrase("kiosk_refused", "pt")[0]) in " ".join(live.said())
        assert SECRET not in " ".join(live.said())


def test_a_typed_question_and_a_button_are_answered_as_if_they_were_spoken() -> None:
    with Visited([]) as live:
        live.loop.ask("How does it look?", "en")
        wait_until(lambda: count_secrets(live) == 1)
        live.settle()
        live.loop.ask("repeat", "en")
        wait_until(lambda: count_secrets(live) == 2)
        live.settle()
        live.loop.obey(Command("repeat"))
        wait_until(lambda: count_secrets(live) == 3)
        assert count_secrets(live) == 3


def count_secrets(live: Visited) -> int:
    return sum(SECRET in text for text in live.said())


def test_a_day_of_three_hundred_users_ends_as_it_began() -> None:
    """Random deeds at random times, in simulated time: everyone is served, asked and forgotten, and nobody is left waiting."""
    rng = random.Random(25)
    settings = KioskSettings(visit_s=600.0)
    kiosk, now_s, told = KioskVisits(settings, 0.0), 0.0, list[str]()
    for number in range(300):
        begins = kiosk.acted(now_s)
        assert begins and kiosk.visits == number + 1
        deed = rng.choice(["leaves", "asks", "holds a key", "shouts", "listens", "comes back in time"])
        gone_s = now_s + {"leaves": 0.0, "holds a key": 1200.0}.get(deed, rng.uniform(5, 400))
        while kiosk.is_visited:
            now_s += 0.25
            if now_s < gone_s and deed in ("holds a key", "shouts") or (deed == "asks" and now_s < gone_s and rng.random() < 0.02):
                kiosk.acted(now_s)
            if deed == "comes back in time" and kiosk.left_s(now_s) is not None and now_s < gone_s:
                kiosk.acted(now_s)
            due = kiosk.due(now_s, NOON, is_silent=not (deed == "listens" and now_s < gone_s))
            told += [due] if due else []
            assert now_s < gone_s + settings.visit_s + settings.idle_s + settings.answer_within_s + 1
        now_s += rng.uniform(0, 600)
    assert told.count("idle_over") + told.count("time_over") == 300 and told.count("time_over") > 10
