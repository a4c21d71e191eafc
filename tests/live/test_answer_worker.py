"""What a user hears after what they said and what the camera saw: the answering thread's work, job by job, without threads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.conversation import Conversation
from assistant.languages import phrase
from assistant.live.answer_worker import AnswerWorker, sounds_whole
from assistant.live.job_queue import Describe, Idle, LookAhead, Respond, Speculate
from assistant.live.session import Session
from assistant.messages import (
    Command,
    Earcon,
    Frame,
    Heard,
    Keyframe,
    NarrationMode,
    Picture,
    PictureProblem,
    Question,
    Sentence,
    Transcript,
    Utterance,
    View,
)
from assistant.problems import MissingModel
from assistant.settings import EarSettings, NarrationSettings, Settings
from assistant.speaking.speech_queue import Spoken
from assistant.turns import UNBEGUN
from tests.support.fakes import ListSpeaker, ScriptedDescriber, ScriptedTranscriber, ToneSynthesizer


def scene(number: int, light: float = 1.0) -> Picture:
    """Sharp, another for each number."""
    cells = np.random.default_rng(number).integers(40, 215, (12, 16, 3)) * light
    return cells.astype(np.uint8).repeat(20, axis=0).repeat(20, axis=1)


class Talking(Session):
    """A session whose worker is told its jobs one by one, with a scripted model and recogniser; keeps all that is said."""

    def __init__(
        self, answers: list[str], *, mode: NarrationMode = "quiet", wake_word: str = "", describer: ScriptedDescriber | None = None
    ) -> None:
        self.describer = describer or ScriptedDescriber(answers)
        self.transcriber = ScriptedTranscriber([Transcript("", "", 0.0, "")])
        self.said: list[Sentence] = []
        self.earcons: list[str] = []
        self.silent, self.now_s, self.voice = True, 100.0, ToneSynthesizer()
        settings = Settings(ears=EarSettings(wake_word=wake_word), narration=NarrationSettings(mode=mode))
        conversation = Conversation(self.transcriber, self.describer, settings.ears, wake_word=wake_word)
        super().__init__(conversation, settings, ListSpeaker(), [self.voice], lambda event, details: None, lambda: self.now_s)
        self.sounds.close()  # nobody waits for a first sound
        self.worker = AnswerWorker(self)

    @property
    def is_silent(self) -> bool:
        return self.silent

    @property
    def ended_early(self) -> bool:
        """Whether the pause in which something was said counts as its end."""
        return self.segmenter._ends_early

    def see(self, number: int = 0, reason: str = "change", problem: PictureProblem | None = None) -> None:
        self.memory.note_frame(self.now_s)
        self.memory.add(Keyframe(Frame(scene(number), self.now_s), reason, problem=problem))
        self.worker.do(LookAhead())

    def ask(self, text: str, language: str = "en", turn: int | None = None) -> list[str]:
        """Say something and stop; the texts that come back."""
        return self.utter(text, Respond, turn, language)

    def utter(self, text: str, kind: type[Respond] | type[Speculate], turn: int | None = None, language: str = "en") -> list[str]:
        before = len(self.said)
        self.segmenter._is_paused, self.segmenter._ends_early = True, False
        self.transcriber._transcripts = type(self.transcriber._transcripts)([Transcript(text, language, 0.99 if text else 0.0, text)])
        turn = self.turns.begin() if turn is None else turn
        self.worker.do(kind(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, turn)))
        return [s.text for s in self.said[before:]]

    def hear_unsure(self, text: str) -> list[str]:
        """Something is said that may be anything; the texts that come back."""
        before = len(self.said)
        self.transcriber._transcripts = type(self.transcriber._transcripts)([Transcript(text, "en", 0.99, text, 0.2)])
        self.worker.do(Respond(Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, self.turns.begin())))
        return [s.text for s in self.said[before:]]

    def hear_all(self) -> None:
        """The user hears everything that was said so far."""
        for sentence in self.said:
            self.history.heard(Heard(sentence, 1.0))

    def say(self, spoken: Spoken) -> bool:
        if self.turns.is_stale(spoken.turn):
            return False
        if isinstance(spoken, Earcon):
            self.earcons.append(spoken.name)
        else:
            self.said.append(spoken)
        return True


def test_what_was_said_until_a_pause_is_answered_ahead_and_not_again() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    assert talk.utter("What is this?", Speculate) == ["A red cup."]
    assert talk.ended_early
    assert talk.ask("What is this?", turn=1) == []
    assert len(talk.transcriber.heard) == 1
    assert talk.describer.questions == ["What is this?"]


def test_a_scene_is_described_in_the_language_it_was_asked_for_in_even_if_the_next_words_come_in_another() -> None:
    """What is being said is understood ahead, and may change the conversation's language before an earlier command is obeyed."""
    talk = Talking(["A red cup."])
    talk.see()
    talk.ask("O que é isto?", "pt")
    begun = len(talk.said)
    talk.worker._act(Question("Describe.", "en", "Describe.", talk.turns.current, Command("describe")))
    assert [(s.text, s.language) for s in talk.said[begun:]] == [("A red cup.", "en")]


def test_a_sentence_that_breaks_off_is_waited_for() -> None:
    talk = Talking(["It is blue."])
    talk.see()
    assert not talk.utter("What is the...", Speculate)
    assert not talk.ended_early
    assert talk.segmenter._ends_late
    assert talk.ask("How does it look?") == ["It is blue."]


def test_a_command_is_obeyed_only_when_the_user_has_really_stopped() -> None:
    talk = Talking(["A red cup."])
    assert talk.utter("faster", Speculate) == []
    assert talk.ended_early
    assert talk.voice.settings.rate == 1.0
    assert talk.ask("faster", turn=1) == [phrase("faster", "en")[0]]
    assert talk.voice.settings.rate > 1.0


def test_a_voice_at_its_limit_says_so() -> None:
    talk = Talking(["x"])
    for _ in range(10):
        said = talk.ask("Slower.")
    assert said == [phrase("slowest", "en")[0]]


def test_what_was_answered_ahead_in_vain_is_not_repeated() -> None:
    """A pause in "what ... repeat that" must not make the unheard answer the one to repeat."""
    talk = Talking(["A red cup.", "Nothing to hear."])
    talk.see()
    talk.ask("What is this?")
    talk.utter("Tell me.", Speculate)
    assert talk.ask("Repeat that.") == ["A red cup."]


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


@pytest.mark.parametrize("words", ["Stop.", "Stop talking."])
def test_after_stop_nothing_is_said(words: str) -> None:
    assert Talking(["x"]).ask(words) == []


def test_a_cough_while_the_assistant_speaks_changes_nothing_but_a_short_word_does() -> None:
    talk = Talking(["A red cup."])
    talk.see()
    before = talk.turns.current
    assert talk.ask("", turn=UNBEGUN) == []
    assert talk.turns.current == before
    talk.ask("Stop.", turn=UNBEGUN)
    assert talk.turns.current == before + 1


def test_with_a_wake_word_other_talk_is_left_alone() -> None:
    talk = Talking(["A red cup."], wake_word="computer")
    talk.see()
    assert talk.ask("What is this?", turn=UNBEGUN) == []
    assert talk.ask("Computer, what is this?", turn=UNBEGUN) == ["A red cup."]
    assert talk.describer.questions == ["What is this?"]


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


def test_a_model_that_cant_tell_likelihoods_says_so_and_still_answers() -> None:
    talk = Talking(["A red cup."])
    talk.describer.scorer = None
    talk.see()
    (said,) = talk.ask("Tell me when a dog runs by.")
    assert "can't tell how likely" in said and "SmolVLM2" in said
    assert talk.ask("What is this?") == ["A red cup."]


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


@pytest.mark.parametrize(
    ("text", "whole"), [("What is this?", True), ("Stop.", True), ("What is the...", False), ("Is there", False), ("这是什么？", True)]
)
def test_a_question_that_breaks_off_doesnt_sound_whole(text: str, whole: bool) -> None:
    assert sounds_whole(text) == whole


def test_a_mere_beginning_is_never_answered_but_asked_for_again_once_it_wont_go_on() -> None:
    talk = Talking(["A dog."])
    talk.see()
    talk.now_s = 1.0  # it ended just now
    assert talk.ask("Is there?") == []
    talk.worker.do(Idle())
    assert [sentence.text for sentence in talk.said] == []
    talk.now_s = 2.6
    talk.worker.do(Idle())
    assert [sentence.text for sentence in talk.said] == [phrase("say_again", "en")[0]]


def test_a_beginning_that_goes_on_is_answered_whole() -> None:
    talk = Talking(["A dog."])
    talk.see()
    talk.now_s = 1.0
    talk.ask("What is")
    assert talk.ask("What is this?") == ["A dog."]
    talk.now_s = 10.0
    talk.worker.do(Idle())
    assert len(talk.said) == 1


def test_what_the_assistant_was_saying_itself_is_no_question() -> None:
    """Where the canceller fails, the words tell: they stand in what is being said."""
    talk = Talking(["A dog."])
    talk.see()
    talk.saying = "You can say: describe, read, more, repeat, stop."
    assert talk.ask("you can say", turn=UNBEGUN) == []
    assert talk.ask("What is this?", turn=UNBEGUN) == ["A dog."]


def test_help_is_repeated_too() -> None:
    talk = Talking(["A dog."])
    told = talk.ask("help")
    assert talk.ask("repeat") == told == [phrase("help", "en")[0]]


def test_words_over_its_voice_that_nobody_can_tell_are_answered_with_a_sound() -> None:
    talk = Talking(["A dog."])
    talk.see()
    spoken_over = Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, UNBEGUN)
    for text, confidence in (("", 0.0), ("Wubble", 0.1)):
        talk.transcriber._transcripts = type(talk.transcriber._transcripts)([Transcript(text, "en", 0.9, text, confidence)])
        talk.worker.do(Respond(spoken_over))
    assert talk.earcons == ["error"]
    assert talk.said == []


def test_a_radio_isnt_asked_to_say_it_again_for_ever() -> None:
    talk = Talking(["A dog."])
    talk.see()
    talk.conversation._ears = EarSettings(confidence_floor=0.9)
    answers = [talk.hear_unsure("la la la") for _ in range(4)]
    assert [bool(answer) for answer in answers] == [True, True, False, False]
    assert talk.earcons == ["error", "error"]
    assert talk.ask("What is this?") == ["A dog."]
    assert talk.hear_unsure("la la la")
