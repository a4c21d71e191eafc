"""The small parts of the live loop: what is done next, who may speak, which sounds tell that one waits, which presses count."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from assistant.answering.wake_word import after_wake_word
from assistant.languages import phrase
from assistant.live.job_queue import Describe, Idle, JobQueue, LookAhead, Respond, Speculate
from assistant.live.key_debounce import PRESS_GAP_S, KeyDebounce
from assistant.live.timed_describer import timed
from assistant.live.turn_taking import TurnTaking
from assistant.live.turn_trace import TurnTrace
from assistant.live.waiting_sounds import HEARD_AFTER_S, MOST_SOUNDS, THINKING_EVERY_S, WaitingSounds
from assistant.messages import AudioChunk, Earcon, Frame, Keyframe, Sentence, Utterance
from assistant.problems import MissingModel, Problem
from assistant.speaking.clauses import clauses, first_clause
from assistant.speaking.synthesis_buffer import SENTENCES_AHEAD, SynthesisBuffer
from assistant.turns import Turns
from tests.support.fakes import ScriptedDescriber, ToneSynthesizer
from tests.support.heard_session import HeardSession


def no_trouble(problem: Problem) -> None:
    pytest.fail(str(problem))


def utterance(turn: int) -> Utterance:
    return Utterance(np.zeros(4, np.float32), 16000, 0.0, 0.1, turn)


def test_what_the_user_said_comes_before_what_they_are_saying_and_that_before_pictures() -> None:
    jobs = JobQueue()
    said, saying = Respond(utterance(1)), Speculate(utterance(2))
    for job in (LookAhead(), said, saying):
        jobs.put(job)
    jobs.finish()
    assert list(jobs.jobs(1.0)) == [said, saying]


def test_only_the_newest_of_each_kind_waits_however_many_come() -> None:
    jobs = JobQueue()
    for number in range(1000):
        jobs.put(Speculate(utterance(number)))
        jobs.put(LookAhead())
        jobs.put(Describe(number))
        jobs.put(Respond(utterance(number)))
    waiting = jobs.jobs(0.001)
    first = next(waiting)
    assert isinstance(first, Respond)
    assert first.utterance.turn == 999
    assert [type(next(waiting)) for _ in range(2)] == [LookAhead, Idle]


def test_what_was_prepared_for_a_pause_is_dropped_when_speech_goes_on_or_ends() -> None:
    jobs = JobQueue()
    jobs.put(Speculate(utterance(1)))
    jobs.cancel_speculation()
    jobs.put(Speculate(utterance(2)))
    jobs.put(Respond(utterance(2)))
    jobs.finish()
    assert [type(job) for job in jobs.jobs(1.0)] == [Respond]


def test_nobody_is_spoken_over_and_what_is_stale_by_then_is_dropped() -> None:
    turn_taking, spoken = TurnTaking(), list[bool]()
    turn_taking.user_speaks = True
    thread = threading.Thread(target=lambda: spoken.append(turn_taking.wait_for_turn(lambda: False)))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    turn_taking.user_speaks = False
    thread.join(5)
    turn_taking.user_speaks = True
    assert [*spoken, turn_taking.wait_for_turn(lambda: True)] == [True, False]


def test_a_quick_answer_needs_no_sound_before_it() -> None:
    sounds = WaitingSounds()
    sounds.asked(3, 10.0)
    assert sounds.due(10.0 + HEARD_AFTER_S / 2) is None
    sounds.answered()
    assert sounds.due(20.0) is None


def test_who_waits_hears_that_they_were_heard_and_then_every_two_seconds_but_not_for_ever() -> None:
    sounds = WaitingSounds()
    sounds.asked(3, 0.0)
    heard = [(t / 10, sound) for t in range(3000) if (sound := sounds.due(t / 10))]
    assert [sound for _, sound in heard] == [Earcon("heard", 3), *[Earcon("thinking", 3)] * (MOST_SOUNDS - 1)]
    assert all(later - earlier == pytest.approx(THINKING_EVERY_S, abs=0.11) for (earlier, _), (later, _) in pairwise(heard))


def test_hammering_on_the_key_is_one_press() -> None:
    debounce = KeyDebounce()
    assert sum(debounce.accepts(number * 0.02) for number in range(100)) == 1
    assert debounce.accepts(2.0 + PRESS_GAP_S)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Computer, what is this?", "what is this?"),
        ("Hey computer what is this?", "what is this?"),
        ("Computers. What is this?", "What is this?"),
        ("What is this computer?", None),
        ("What is this?", None),
        ("", None),
    ],
)
def test_only_what_begins_with_the_wake_word_is_meant_for_the_assistant(text: str, rest: str | None) -> None:
    assert after_wake_word(text, "computer") == rest


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("A man in a red shirt is riding a bike on a dirt path.", ["A man in a red shirt is riding a bike", "on a dirt path."]),
        ("An espresso.", ["An espresso."]),
        ('The sign says "open from nine to five and on Sunday until noon".', None),
        ("A dog runs on the grass.", ["A dog runs on the grass."]),
    ],
)
def test_a_long_sentence_may_be_taken_apart_once_and_quotes_never(sentence: str, parts: list[str] | None) -> None:
    assert clauses(sentence, "en") == (parts or [sentence])
    assert " ".join(clauses(sentence, "pt")) == sentence


@pytest.mark.parametrize(
    ("begun", "spoken"),
    [
        ("A man in a red", None),  # two words are chopped
        ("A man riding a bike on a", "A man riding a bike"),
        ("one two three four five six seven eight nine", "one two three four five six seven eight"),
        ("a" * 61, "a" * 61),
        ("nobody knows " + "a" * 50, "nobody knows"),
    ],
)
def test_a_sentence_is_begun_at_a_pause_or_when_it_grows_long(begun: str, spoken: str | None) -> None:
    place = first_clause(begun, "en")
    assert (None if place is None else begun[:place].strip()) == spoken


def test_the_model_waits_for_the_first_sound_of_a_turn_and_not_for_ever() -> None:
    turns = Turns()
    turns.begin()
    ahead = SynthesisBuffer([ToneSynthesizer()], turns, no_trouble)
    began_s = time.monotonic()
    ahead.wait_begun(1, 0.1)
    assert time.monotonic() - began_s >= 0.1
    maker = threading.Timer(0.1, ahead.make, [[Earcon("answer", 1), Sentence("A cat.", "en", 1)]])
    maker.start()
    ahead.wait_begun(1, 30.0)
    maker.join()
    assert time.monotonic() - began_s < 10


def test_the_next_sentences_are_made_while_the_first_is_played_and_no_more() -> None:
    voice, turns = ToneSynthesizer(), Turns()
    ahead = SynthesisBuffer([voice], turns, no_trouble)
    maker = threading.Thread(target=ahead.make, args=([Sentence(f"number {n}", "en") for n in range(6)],))
    maker.start()
    playing = iter(ahead)
    first = next(playing)
    assert sum(chunk.duration_s for chunk in first.chunks()) == pytest.approx(0.2)
    maker.join(0.3)
    assert voice.said == [f"number {n}" for n in range(1 + SENTENCES_AHEAD)]
    ahead.close()
    maker.join(5)
    assert not maker.is_alive()
    assert list(playing) == []


def test_a_sentence_without_a_voice_is_told_and_the_next_one_is_spoken() -> None:
    told: list[Problem] = []
    ahead = SynthesisBuffer([ToneSynthesizer(("en",))], Turns(), told.append)
    ahead.make([Sentence("x", "sw"), Sentence("one", "en")])
    playing = iter(ahead)
    assert [len(list(next(playing).chunks())) for _ in range(2)] == [0, 1]
    assert [type(problem) for problem in told] == [MissingModel]


def test_a_voice_stops_where_the_user_interrupts() -> None:
    class Interrupting(ToneSynthesizer):
        def synthesize(self, text: str, language: str) -> Iterator[AudioChunk]:
            for number, chunk in enumerate(super().synthesize(text, language)):
                if number == 2:
                    turns.interrupt()
                yield chunk

    turns = Turns()
    ahead = SynthesisBuffer([Interrupting()], turns, no_trouble)
    ahead.make([Sentence("one two three four five", "en")])
    assert len(list(next(iter(ahead)).chunks())) == 2


def test_each_turn_is_one_record_with_its_times() -> None:
    trace = TurnTrace()
    events: list[dict[str, Any]] = [
        {"event": "sentence", "turn": 0, "text": "I'm ready."},
        {"event": "speech_began", "turn": 1},
        {"event": "question", "turn": 1, "text": "What is this?", "language": "en"},
        {"event": "look", "turn": 1, "keyframes_s": [0.0]},
        {"event": "first_token"},
        {"event": "tokens", "count": 4},
        {"event": "sentence", "turn": 1, "text": "A cup."},
        {"event": "speech_ended", "turn": 1},
        {"event": "sound", "turn": 1, "text": "A cup."},
        {"event": "heard", "turn": 1, "text": "A cup.", "share": 1.0},
        {"event": "dropped", "turn": 1, "text": "It is red.", "why": "the user spoke"},
        {"event": "speech_began", "turn": 2},
    ]
    ready, turn = [record for time_s, event in enumerate(events) for record in trace.feed({**event, "time_s": time_s})]
    assert ready["sentences"] == ["I'm ready."]
    wanted = {"text_s": 2, "look_s": 3, "first_token_s": 4, "first_sentence_s": 6, "speech_end_s": 7, "first_sound_s": 8, "last_sound_s": 9}
    assert {name: turn[name] for name in wanted} == wanted
    assert (turn["tokens"], turn["heard"], turn["dropped"][0]["text"]) == (4, [1.0], "It is red.")


def test_a_describer_that_is_timed_answers_as_before() -> None:
    told: list[str] = []
    describer = timed(ScriptedDescriber(["A red cup."], max_pictures=2), lambda event, details: told.append(event))
    view = describer.look([Keyframe(Frame(np.zeros((4, 4, 3), np.uint8), 0.0), "only")])
    assert "".join(describer.answer(view, "What is this?")) == "A red cup."
    assert told == ["first_token", "tokens"]
    assert describer.max_pictures == 2


def test_a_turns_record_tells_how_long_the_user_waited_for_each_step() -> None:
    trace = TurnTrace()
    events = [
        {"event": "speech_ended", "time_s": 10.7, "turn": 1, "silence_s": 0.7},
        {"event": "question", "time_s": 10.9, "turn": 1, "text": "What is this?", "language": "en"},
        {"event": "sound_message", "time_s": 11.0, "what": "underrun occurred"},
        {"event": "sentence", "time_s": 11.2, "turn": 1, "text": "A cup."},
        {"event": "sound", "time_s": 11.5, "turn": 1, "text": "A cup."},
    ]
    assert not [record for event in events for record in trace.feed(event)]
    [record] = trace.flush()
    assert record["waits_s"] == {"end_of_speech": 0.7, "text": 0.9, "answer": 1.2, "sound": 1.5}
    assert record["sound_messages"] == 1


def test_what_it_can_do_tells_of_a_small_eye() -> None:
    user = HeardSession("A wall.", "What can you do?", [])
    assert user.ask() == [phrase("abilities", "en")[0]]
    user.eye_is_small = True
    assert user.ask() == [phrase("abilities", "en")[0], phrase("eye_is_small", "en")[0]]
