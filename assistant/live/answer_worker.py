"""What the answering thread does with each job: understand, look, answer, obey, narrate. Knows no thread, device or engine by name.

Whatever can be done before the user has stopped speaking is done then: pictures are looked at as they come, and what was said
until a pause is recognised and answered as if it were all. The loop holds the answer back until the user has really stopped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.answering.commands import match_command
from assistant.answering.narration import Narrator
from assistant.answering.wake_word import after_wake_word
from assistant.conversation import ENGLISH, Conversation
from assistant.languages import counted_phrase, phrase
from assistant.live.dialogue_history import Talk, TalkState
from assistant.live.job_queue import Describe, Idle, Job, LookAhead, Prepare, Reply
from assistant.messages import Command, Detail, Earcon, Keyframe, PictureProblem, Question, Sentence, Utterance, View
from assistant.problems import Problem
from assistant.seeing.scene_memory import SceneMemory
from assistant.seeing.view_conditions import view_conditions
from assistant.settings import Settings
from assistant.speaking.speech_queue import Spoken
from assistant.turns import Turns
from assistant.videos.watch_events import EventWatcher

UNBEGUN = -1
"""The turn of an utterance that hasn't silenced the assistant: too short, or without a wake word so far. Only words make it a turn."""
OLD_S = 3.0
"""When the camera has sent nothing for so long, its last picture is told to be old."""
FIRST_SOUND_S = 0.3
"""The model waits at most so long for the first sound to be made."""
POOR = {"view_dim", "view_soft"}
"""Conditions of a picture under which the answer is told to be unsure."""
MORE_QUESTION = "Tell me more."
NARRATED = {"brief": (SCENE_QUESTION,), "normal": ("Where is this?", "Who is there?", SCENE_QUESTION)}
"""What a narration asks of the model: the place first, then people, then what else there is."""

Obey = Callable[[Command, Question], Iterator[Sentence]]
Report = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class _Guess:
    """What was made of the speech until a pause."""

    turn: int
    asked: Question | Sentence | None
    talk_before: TalkState | None
    """What was said before its answer was queued; None: it isn't answered yet."""

    @property
    def is_answered(self) -> bool:
        return self.talk_before is not None


@dataclass(frozen=True)
class Stage:
    """How the converser acts on the rest of the loop."""

    speak: Callable[[Spoken], bool]
    """Queues what is to be said; False if it is stale."""
    wait_begun: Callable[[int, float], None]
    """Until the first sound of a turn is made, at most so many seconds."""
    end_early: Callable[[], None]
    """What was said until the pause is whole."""
    is_silent: Callable[[], bool]
    """Nobody speaks and nothing waits to be spoken."""
    report: Report
    clock: Callable[[], float]


class Converser:
    """Owned by the answering thread; nothing here is called from another."""

    def __init__(
        self,
        conversation: Conversation,
        memory: SceneMemory,
        talk: Talk,
        narrator: Narrator,
        turns: Turns,
        settings: Settings,
        stage: Stage,
        obey: Obey,
    ) -> None:
        """`obey` does what a command says, but for those that the model answers."""
        self._conversation = conversation
        self._memory = memory
        self._talk = talk
        self._narrator = narrator
        self._turns = turns
        self._settings = settings
        self._stage = stage
        self._obey = obey
        self._guess: _Guess | None = None
        self._watcher: EventWatcher | None = None
        self._watched = ""
        """What the user wants to be told of, in their words."""
        self.detail: Detail = settings.answers.detail

    def do(self, job: Job) -> None:
        """One job; what goes wrong is spoken."""
        try:
            match job:
                case Reply(utterance):
                    self._reply(utterance)
                case Prepare(utterance):
                    self._prepare(utterance)
                case Describe(turn):
                    self._answer(self._scene_question(turn))
                case LookAhead():
                    self._look_ahead()
                case Idle():
                    self._narrate()
        except Problem as problem:
            self._stage.report("trouble", {"turn": self._turns.current, "what": str(problem)})
            self._stage.speak(Earcon("error", self._turns.current))
            self._say("trouble", what=problem.what, fix=problem.fix)

    def _reply(self, utterance: Utterance) -> None:
        guess = self._take_guess(utterance.turn)
        if guess and guess.is_answered:
            return
        asked = guess.asked if guess else self._understand(utterance)
        if utterance.turn == UNBEGUN:
            if not isinstance(asked, Question):
                return  # a cough while the assistant spoke, or words to somebody else
            asked = replace(asked, turn=self._turns.begin())
            self._told(asked)
        if isinstance(asked, Sentence):
            self._stage.speak(asked)
        elif asked is not None:
            self._act(asked)

    def _prepare(self, utterance: Utterance) -> None:
        """Answer as if the user had done; all of it turns stale when they go on speaking. Commands wait until they really have."""
        if utterance.turn == UNBEGUN or self._turns.is_stale(utterance.turn):
            return
        self._take_guess(utterance.turn)
        before = self._talk.state()
        asked = self._understand(utterance)
        if isinstance(asked, Question) and (asked.command or sounds_whole(asked.text)):
            self._stage.end_early()
        is_answered = isinstance(asked, Question) and asked.command is None
        if isinstance(asked, Question) and is_answered:
            self._answer(asked)
        self._guess = _Guess(utterance.turn, asked, before if is_answered else None)

    def _take_guess(self, turn: int) -> _Guess | None:
        """What was made ahead for this turn; what was made for another is undone."""
        guess, self._guess = self._guess, None
        if guess and guess.turn != turn and guess.talk_before:
            self._talk.restore(guess.talk_before)
        return guess if guess and guess.turn == turn else None

    def _understand(self, utterance: Utterance) -> Question | Sentence | None:
        """A sentence says why there is no question; None: it wasn't meant for the assistant."""
        asked = self._conversation.understand(utterance)
        wake_word = self._settings.ears.wake_word
        if isinstance(asked, Sentence):
            return None if wake_word else asked
        if wake_word:
            text = after_wake_word(asked.text, wake_word)
            if text is None:
                return None
            english = after_wake_word(asked.english_text, wake_word) or asked.english_text
            command = match_command(text, (asked.language, self._conversation.language, ENGLISH))
            asked = replace(asked, text=text, english_text=english, command=command)
        self._told(asked)
        return asked

    def _told(self, asked: Question) -> None:
        if asked.turn != UNBEGUN:
            details = {"turn": asked.turn, "text": asked.text, "language": asked.language, "english": asked.english_text}
            self._stage.report("question", details)

    def _act(self, question: Question) -> None:
        match command := question.command:
            case None:
                self._answer(question)
            case Command("describe"):
                self._answer(self._scene_question(question.turn, question.language))
            case Command("more"):
                self._tell_more(question)
            case Command("what_changed"):
                self._tell_changes(question)
            case Command("tell_when", event):
                self._watcher, self._watched = self._conversation.watcher(event, question.language), event
                self._put(self._phrase("tell_when", question.turn, event=event))
                self._watch()
            case _:
                self._stage.report("command", {"turn": question.turn, "kind": command.kind, "argument": command.argument})
                for sentence in self._obey(command, question):
                    self._put(sentence)

    def _answer(self, question: Question, detail: Detail | None = None) -> None:
        seen = self._look()
        self._talk.begin(question)
        if isinstance(seen, View) and (seconds := self._memory.silent_s(self._stage.clock())) > OLD_S:
            text, language = counted_phrase("old_picture", question.language, round(seconds))
            self._put(Sentence(text, language, question.turn))
        self._put_all(self._conversation.answer(seen, question, detail or self.detail))
        if isinstance(seen, View) and POOR & set(view_conditions(seen.keyframes[-1].frame.picture)):
            self._put(self._phrase("poor_picture", question.turn))

    def _tell_more(self, question: Question) -> None:
        """What an interruption cut off, else what the model has to add."""
        if unheard := self._talk.unheard():
            self._talk.begin(question)
            self._put_all(replace(sentence, turn=question.turn) for sentence in unheard)
            return
        said = {sentence.text for sentence in self._talk.answer()}
        asked = replace(question, text=MORE_QUESTION, english_text=MORE_QUESTION, language=self._conversation.language)
        more = [s for s in self._conversation.answer(self._look(), asked, "full") if s.text not in said]
        self._talk.begin(asked)
        self._put_all(more or [self._phrase("nothing_more", question.turn)])

    def _tell_changes(self, question: Question) -> None:
        """The scene before the last change, and the scene now, where they are told apart."""
        told = [self._description(keyframe, question) for keyframe in self._memory.latest(2)]
        texts = {" ".join(sentence.text for sentence in sentences) for sentences in told}
        self._talk.begin(question)
        self._put_all(told[-1] if len(texts) == 2 else [self._phrase("nothing_changed", question.turn)])

    def _description(self, keyframe: Keyframe, question: Question) -> list[Sentence]:
        return list(self._conversation.answer(self._conversation.look([keyframe]), self._scene_question(question.turn, question.language)))

    def _look(self) -> View | PictureProblem | None:
        """Looks are kept by the describer, so one that was taken ahead costs nothing."""
        seen = self._memory.problem or self._conversation.look(self._memory.latest(self._settings.answers.max_keyframes))
        if isinstance(seen, View):
            self._stage.report("look", {"turn": self._turns.current, "keyframes_s": [k.frame.time_s for k in seen.keyframes]})
        return seen

    def _look_ahead(self) -> None:
        if newest := self._memory.newest:
            self._narrator.seen(newest)
        self._look()
        self._watch()
        self._narrate()

    def _watch(self) -> None:
        """Tell what the user waits for, once, when the newest picture shows it."""
        newest = self._memory.newest
        if self._watcher and newest and newest.problem is None and self._watcher.process(newest):
            self._watcher = None
            self._say("event_happened", event=self._watched)

    def _narrate(self) -> None:
        """Describe the newest picture if that is news. Only in silence, so nothing waits long enough to be out of date."""
        now_s = self._stage.clock()
        if not self._stage.is_silent():
            self._narrator.spoke(now_s)
            return
        if not self._narrator.is_due(now_s):
            return
        self._narrator.taken_up(now_s)
        turn, seen = self._turns.current, self._look()
        if not isinstance(seen, View):
            if seen is not None and self._narrator.is_news(seen, now_s):
                self._say(seen)
            return
        for question in NARRATED["brief" if self.detail == "brief" else "normal"]:
            for sentence in self._conversation.answer(seen, Question(question, self._conversation.language, question, turn), "brief"):
                tells = sentence.english or sentence.text
                if not _tells_nothing(tells) and self._narrator.is_news(tells, now_s) and not self._put(sentence):
                    return

    def _scene_question(self, turn: int, language: str | None = None) -> Question:
        """In the conversation's language if the user's question has none."""
        return Question(SCENE_QUESTION, language or self._conversation.language, SCENE_QUESTION, turn)

    def _put_all(self, sentences: Iterable[Sentence]) -> None:
        for sentence in sentences:
            self._talk.said(sentence)
            if not self._put(sentence):
                return  # the user speaks again: to stop the model is to stop asking it
            self._stage.wait_begun(sentence.turn, FIRST_SOUND_S)  # the model would slow down the voice

    def _put(self, sentence: Sentence) -> bool:
        return self._stage.speak(sentence)

    def _say(self, key: str, **values: object) -> None:
        self._put(self._phrase(key, self._turns.current, **values))

    def _phrase(self, key: str, turn: int, **values: object) -> Sentence:
        text, language = phrase(key, self._conversation.language, **values)
        return Sentence(text, language, turn)


def sounds_whole(text: str) -> bool:
    """Whether the recogniser ended it as a sentence; one that breaks off is written "What is the..." or without a mark."""
    return re.search(r"(?<![.…])[.?!。？！؟।]$", text.strip()) is not None


def _tells_nothing(sentence: str) -> bool:
    """Not worth saying unasked."""
    return sentence.startswith(("I can't", "I don't", "No", "Nobody"))
