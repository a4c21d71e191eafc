"""What a user hears of a question, a command, and what the camera saw: job by job, without threads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.languages import phrase
from assistant.live.job_queue import Describe, Idle
from assistant.live.responder import Responder
from assistant.messages import (
    Command,
    Detail,
    Frame,
    Heard,
    Keyframe,
    Question,
    View,
)
from assistant.problems import MissingModel
from tests.support.fakes import ScriptedDescriber
from tests.support.talking import Talking, scene


def test_a_scene_is_described_in_the_language_it_was_asked_for_in_even_if_the_next_words_come_in_another() -> None:
    """What is being said is understood ahead, and may change the conversation's language before an earlier command is obeyed."""
    talk = Talking(["A red cup."])
    talk.see()
    talk.ask("O que é isto?", "pt")
    begun = len(talk.said)
    talk.worker._responder.act(Question("Describe.", "en", "Describe.", talk.turns.current, Command("describe")))
    assert [(s.text, s.language) for s in talk.said[begun:]] == [("A red cup.", "en")]


def test_a_voice_at_its_limit_says_so() -> None:
    talk = Talking(["x"])
    for _ in range(10):
        said = talk.ask("Slower.")
    assert said == [phrase("slowest", "en")[0]]


def test_more_first_tells_what_an_interruption_cut_off_then_asks_the_model() -> None:
    talk = Talking(["A red cup. It is empty.", "It has a handle."])
    talk.see()
    talk.ask("What is this?")
    talk.history.heard(Heard(talk.said[0], 1.0))
    talk.history.heard(Heard(talk.said[1], 0.2))
    assert talk.ask("More.") == ["It is empty."]
    talk.history.heard(Heard(talk.said[-1], 1.0))
    assert talk.ask("More.") == ["It has a handle."]
    talk.hear_all()
    assert talk.ask("More.") == [phrase("nothing_more", "en")[0]]


def test_shorter_keeps_to_the_first_sentence() -> None:
    talk = Talking(["A red cup. It is empty."])
    talk.see()
    talk.ask("What is this?")
    assert talk.ask("Shorter.") == ["A red cup."]


def test_what_changed_tells_the_scene_only_if_it_is_told_differently() -> None:
    talk = Talking(["A red cup.", "A dog.", "A dog.", "A dog."])
    talk.see(1)
    talk.see(2)
    assert talk.ask("What changed?") == ["A dog."]
    assert talk.ask("What changed?") == [phrase("nothing_changed", "en")[0]]


def test_the_user_is_told_when_the_picture_is_old() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    talk.now_s += 12
    assert talk.ask("What is this?") == ["This is what I saw 12 seconds ago.", "A red cup."]


def test_the_user_is_told_when_the_picture_is_poor() -> None:
    talk = Talking(["A red cup."])
    talk.memory.add(Keyframe(Frame(scene(1, light=0.25), talk.now_s), "first"))
    assert talk.ask("What is this?") == ["A red cup.", phrase("poor_picture", "en")[0]]


def test_where_the_camera_looks_is_told_by_its_light_and_sharpness() -> None:
    talk = Talking(["x"])
    assert talk.ask("Where am I looking?") == [phrase("no_picture", "en")[0]]
    talk.see()
    assert talk.ask("Where am I looking?") == [phrase("view_good", "en")[0]]


def test_a_covered_lens_pauses_the_narration_and_uncovering_resumes_it() -> None:
    talk = Talking(["A red cup.", "A dog."], mode="changes")
    talk.see(1)
    talk.now_s += 5
    talk.see(2, problem="covered")
    talk.now_s += 5
    talk.worker.do(Idle())
    talk.see(3)
    assert [s.text for s in talk.said] == ["A red cup.", phrase("covered", "en")[0], "A dog."]


def test_narration_waits_while_anyone_speaks_and_then_tells_the_newest_only() -> None:
    talk = Talking(["A red cup.", "A dog."], mode="changes")
    talk.silent = False
    talk.see(1)
    talk.see(2)
    talk.silent, talk.now_s = True, talk.now_s + 5
    talk.worker.do(Idle())
    talk.worker.do(Idle())
    assert [s.text for s in talk.said] == ["A red cup."]
    assert (talk.describer.looks[-1][-1].frame.picture == scene(2)).all()


def test_narration_never_repeats_itself_within_the_cooldown() -> None:
    talk = Talking(["A red cup."], mode="continuous")
    for number in range(12):
        talk.see(number)
        talk.now_s += 10
    assert [s.text for s in talk.said] == ["A red cup."] * 2  # in 120 s, with a cooldown of 60


def test_quiet_is_quiet_and_can_be_left_by_voice() -> None:
    talk = Talking(["A red cup.", "A dog."])
    talk.see(1)
    assert talk.said == []
    assert talk.ask("Keep describing.") == [phrase("narrate_continuous", "en")[0]]
    talk.now_s += 5
    talk.see(2)
    assert talk.said[-1].text == "A red cup."


def test_forgetting_leaves_nothing_to_repeat_or_to_see() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    talk.ask("What is this?")
    talk.ask("Forget everything.")
    assert talk.ask("Repeat that.") == [phrase("nothing_to_repeat", "en")[0]]
    assert talk.ask("What is this?") == [phrase("no_picture", "en")[0]]
    assert talk.describer.unloads == 1


def test_what_the_user_waits_for_is_told_once_when_it_is_seen() -> None:
    class SeesDogs(ScriptedDescriber):
        """Sees a dog in the pictures of scene 2 and 4."""

        def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = -math.inf) -> list[float]:
            picture = view.keyframes[-1].frame.picture
            there = any(np.array_equal(picture, scene(number)) for number in (2, 4))
            told = {"Yes.": there != (" no " in question), "No.": there == (" no " in question)}
            return [-0.01 if told.get(f"{answer.rstrip('.')}.", there) else -40.0 for answer in answers]

    talk = Talking([], describer=SeesDogs(["x"]))
    talk.see(1)
    talk.ask("Tell me when a dog runs by.")
    before = len(talk.said)
    for number in (3, 2, 3, 4):
        talk.now_s += 5
        talk.see(number)
    assert [s.text for s in talk.said[before:]] == [phrase("event_happened", "en", event="a dog runs by")[0]]


def test_a_model_that_only_answers_is_asked_yes_or_no_and_its_word_is_hedged() -> None:
    """As a model server. Before, it was refused."""

    class SaysDogs(ScriptedDescriber):
        def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
            there = np.array_equal(view.keyframes[-1].frame.picture, scene(2))
            yield "Yes." if there != ("missing" in question) else "No."

    talk = Talking([], describer=SaysDogs(["x"]))
    talk.describer.scorer = None
    talk.see(1)
    assert talk.ask("Tell me when a dog runs by.") == [phrase("tell_when", "en", event="a dog runs by")[0]]
    before = len(talk.said)
    for number in (3, 2, 3):
        talk.now_s += 5
        talk.see(number)
    assert [s.text for s in talk.said[before:]] == [phrase("likely_seen", "en", thing="a dog runs by")[0]]


def test_a_key_asks_for_a_description() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    talk.worker.do(Describe(talk.turns.begin()))
    assert [s.text for s in talk.said] == ["A red cup."]
    assert talk.describer.questions == [SCENE_QUESTION]


def test_the_language_changes_on_command_and_what_is_unknown_is_said() -> None:
    talk = Talking(["x"])
    assert talk.ask("Speak Portuguese.") == [phrase("language", "pt")[0]]
    assert talk.ask("Help.")[0] == phrase("help", "pt")[0]
    assert talk.ask("Speak Swedish.") == [phrase("language_unknown", "pt", name="sueco")[0]]


def test_trouble_is_heard_and_the_next_question_is_answered() -> None:
    class Broken(ScriptedDescriber):
        def answer(self, view: Any, question: str, detail: Any = "brief", *, whole_picture: bool = False) -> Iterator[str]:
            if question == "Fail?":
                raise MissingModel("the model is damaged", "run assistant setup")
            yield from super().answer(view, question, detail)

    talk = Talking([], describer=Broken(["A red cup."]))
    talk.see()
    assert "the model is damaged" in talk.ask("Fail?")[0]
    assert talk.earcons == ["error"]
    assert talk.ask("What is this?") == ["A red cup."]


def test_help_is_repeated_too() -> None:
    talk = Talking(["A dog."])
    told = talk.ask("help")
    assert talk.ask("repeat") == told == [phrase("help", "en")[0]]


def test_the_first_question_in_a_language_that_is_listened_for_does_not_wait() -> None:
    """Its grammar, half a second's work, is read while nobody speaks."""
    talk, ready = Talking([]), list[str | None]()
    talk.settings = replace(talk.settings, ears=replace(talk.settings.ears, languages=("en", "fr", "de")))
    talk.conversation.get_ready = ready.append  # type: ignore[method-assign,assignment]
    responder = Responder(talk)
    talk.turn_taking.user_speaks = True
    responder.idle(is_new=False)
    assert ready == []
    talk.turn_taking.user_speaks, talk.silent = False, False  # the greeting is being spoken
    for _ in range(5):
        responder.idle(is_new=False)
    assert ready == ["en", "fr", "de"]
