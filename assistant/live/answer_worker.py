"""What the answering thread does with each job: understand, look, answer, or do what a command says.

Knows no thread, device or engine by name. Whatever can be done before the user has stopped speaking is done then: pictures are
looked at as they come, and what was said until a pause is recognised and answered as if it were all. Nothing of that is heard
before the user has really stopped (live/playback.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.conversation import reading_ask
from assistant.hearing.own_voice import is_own_voice
from assistant.languages import counted_phrase
from assistant.live.aiming_guide import AimingGuide
from assistant.live.command_handlers import CommandHandlers
from assistant.live.dialogue_history import HistoryState
from assistant.live.find_guide import FindGuide
from assistant.live.job_queue import Describe, Idle, Job, LookAhead, Prepare, Respond, Speculate
from assistant.live.light_tone import LightTone
from assistant.live.session import Session
from assistant.live.unasked_speech import UnaskedSpeech
from assistant.messages import Ask, Command, CommandKind, Detail, Earcon, Keyframe, Question, Sentence, Utterance, View
from assistant.problems import Problem
from assistant.seeing.view_conditions import view_conditions
from assistant.turns import UNBEGUN

OLD_S = 3.0
"""When the camera has sent nothing for so long, its last picture is told to be old."""
FIRST_SOUND_S = 0.3
"""The model waits at most so long for the first sound to be made."""
POOR = {"view_dim", "view_soft"}
"""Conditions of a picture under which the answer is told to be unsure."""
MORE_QUESTION = "Tell me more."
MOST_ASKED_AGAIN = 2
"""Times in a row that somebody is asked to say it again; what still isn't understood is a radio, or is told by a sound alone."""
TOLD: frozenset[CommandKind] = frozenset(("help", "abilities", "where_looking"))
"""Commands whose answers are worth repeating."""


@dataclass(frozen=True)
class _Speculation:
    """What was made of the speech until a pause."""

    turn: int
    understood: Question | Sentence | None
    history_before: HistoryState | None
    """What had been said before its answer was queued; None: it isn't answered yet."""

    @property
    def is_answered(self) -> bool:
        return self.history_before is not None


class AnswerWorker:
    """Owned by the answering thread; nothing here is called from another."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._conversation = session.conversation
        self._commands = CommandHandlers(session)
        self._unasked = UnaskedSpeech(session)
        self._aiming = AimingGuide(session)
        self._finding = FindGuide(session)
        self._light_tone = LightTone(session)
        self._speculation: _Speculation | None = None
        self._not_understood = 0
        """Utterances in a row."""
        self._unfinished: tuple[Utterance, Sentence] | None = None
        """What only began a question, and what is said of it unless it goes on."""

    def do(self, job: Job) -> None:
        """Do one job; what goes wrong is spoken."""
        session = self._session
        try:
            self._ask_again()
            match job:
                case Respond(utterance):
                    self._respond(utterance)
                case Speculate(utterance):
                    self._speculate(utterance)
                case Describe(turn):
                    self._answer(self._scene_question(turn))
                case LookAhead() | Idle() if self._aiming.is_active:
                    self._aim()
                case LookAhead() | Idle() if self._finding.is_active:
                    self._finding.step()
                case LookAhead() | Idle() if self._light_tone.is_active:
                    self._light_tone.step()
                case LookAhead():
                    self._unasked.scene_changed()
                case Prepare():
                    self._prepare()
                case Idle():
                    self._unasked.idle()
        except Problem as problem:
            session.report("trouble", {"turn": session.turns.current, "what": str(problem)})
            session.say(Earcon("error", session.turns.current))
            session.say(session.phrase("trouble", what=problem.what, fix=problem.fix))

    def _respond(self, utterance: Utterance) -> None:
        """The user has done: act on it, unless that was done ahead."""
        ahead = self._take_speculation(utterance.turn)
        if ahead and ahead.is_answered:
            return
        understood = ahead.understood if ahead else self._understand(utterance)
        if utterance.turn == UNBEGUN:
            if isinstance(understood, Sentence) and understood.text == self._session.phrase("say_again").text:
                self._session.say(Earcon("error", self._session.turns.current))  # words, but nobody can tell which
            if not isinstance(understood, Question) or self._is_own_voice(understood):
                return  # a cough while the assistant spoke, words to somebody else, or its own
            understood = replace(understood, turn=self._session.turns.begin())
            self._report_question(understood)
        if isinstance(understood, Question) and understood.command:
            self._session.segmenter.close()
        self._not_understood = self._not_understood + 1 if isinstance(understood, Sentence) else 0
        if isinstance(understood, Sentence):
            asks_again = self._not_understood <= MOST_ASKED_AGAIN
            self._session.say(understood if asks_again else Earcon("error", understood.turn))
        elif understood is not None and understood.is_unfinished:
            self._unfinished = utterance, self._session.phrase("say_again", understood.turn)
        elif understood is not None:
            self._act(understood)

    def _speculate(self, utterance: Utterance) -> None:
        """Answer as if the user had done; all of it turns stale when they go on speaking. Commands wait until they really have."""
        if utterance.turn == UNBEGUN or self._session.turns.is_stale(utterance.turn):
            return
        self._take_speculation(utterance.turn)
        before = self._session.history.state()
        understood = self._understand(utterance)
        if isinstance(understood, Question) and understood.is_unfinished:
            self._session.segmenter.end_late()
        elif isinstance(understood, Question) and (understood.command or sounds_whole(understood.text)):
            self._session.segmenter.end_early()
        is_answered = isinstance(understood, Question) and understood.command is None and not understood.is_unfinished
        if isinstance(understood, Question) and is_answered:
            self._answer(understood)
        self._speculation = _Speculation(utterance.turn, understood, before if is_answered else None)

    def _is_own_voice(self, question: Question) -> bool:
        """Where the echo isn't gone, all words tell; a command that it was naming just now is more likely the user's."""
        return question.command is None and is_own_voice(question.text, self._session.saying)

    def _ask_again(self) -> None:
        """What only began a question is asked for again once it surely won't go on."""
        if self._unfinished is None:
            return
        utterance, sentence = self._unfinished
        if self._session.clock() >= utterance.end_s + self._session.settings.ears.unfinished_silence_s:
            self._unfinished = None
            if not self._session.turns.is_stale(sentence.turn):
                self._session.waiting.answered()
                self._session.say(sentence)

    def _prepare(self) -> None:
        """What instruments do ahead, while the user speaks, until there is something to do for them."""
        if isinstance(seen := self._session.glance(), View):
            for _ in self._conversation.prepare(seen):
                if self._session.jobs.is_urgent:
                    return

    def _take_speculation(self, turn: int) -> _Speculation | None:
        """What was made ahead for this turn; what was made for another is undone."""
        ahead, self._speculation = self._speculation, None
        if ahead and ahead.turn != turn and ahead.history_before:
            self._session.history.restore(ahead.history_before)
        return ahead if ahead and ahead.turn == turn else None

    def _understand(self, utterance: Utterance) -> Question | Sentence | None:
        """A sentence says why there is no question; None: it wasn't meant for the assistant."""
        understood = self._conversation.understand_addressed(utterance)
        if isinstance(understood, Question) and understood.turn != UNBEGUN:
            self._report_question(understood)
        return understood

    def _report_question(self, question: Question) -> None:
        details = {"turn": question.turn, "text": question.text, "language": question.language, "english": question.english_text}
        self._session.report("question", details)

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
                self._unasked.watch_for(event, question)
            case Command("light_tone"):
                self._light_tone.begin(question)
            case _ if asked := reading_ask(command, question.text):
                self._answer(replace(question, asks=(asked,)))
            case _:
                self._session.report("command", {"turn": question.turn, "kind": command.kind, "argument": command.argument})
                is_told = command.kind in TOLD
                if is_told:
                    self._session.history.begin(question)
                for sentence in self._commands.handle(command, question):
                    if is_told:
                        self._session.history.said(sentence)
                    self._session.say(sentence)

    def _answer(self, question: Question, detail: Detail | None = None) -> None:
        session, seen = self._session, self._session.glance(question)
        question = self._from_what_was_heard(question)
        session.history.begin(question)
        of_picture = isinstance(seen, View) and not question.is_on_page
        if of_picture and (silent_s := session.memory.silent_s(session.clock())) > OLD_S:
            text, language = counted_phrase("old_picture", question.language, round(silent_s))
            session.say(Sentence(text, language, question.turn))
        said = self._say_answer(self._conversation.answer(seen, question, detail or session.detail))
        self._aiming.begin(question, said[-1] if said else None)
        self._finding.begin(question, said)
        if isinstance(seen, View) and of_picture and not question.is_on_light and self._is_poor(seen):
            session.say(session.phrase("poor_picture", question.turn))

    def _is_poor(self, seen: View) -> bool:
        return bool(POOR & set(view_conditions(seen.keyframes[-1].frame.picture)))

    def _from_what_was_heard(self, question: Question) -> Question:
        """Its place in a page is where the user is, who is behind what has been read and queued."""
        heard_to = self._session.history.heard_to
        return replace(question, asks=tuple(replace(ask, heard_to=heard_to) for ask in question.asks))

    def _tell_more(self, question: Question) -> None:
        """What an interruption cut off, else what the model has to add."""
        session = self._session
        unheard = session.history.unheard()
        if session.history.is_reading:
            self._answer(replace(question, asks=(Ask("read_on", text=question.text, language=question.language),)))
            return
        if unheard:
            session.history.begin(question)
            self._say_answer(replace(sentence, turn=question.turn) for sentence in unheard)
            return
        said = {sentence.text for sentence in session.history.answer()}
        asks = (Ask("free", text=MORE_QUESTION, english=MORE_QUESTION),)
        language = self._conversation.language
        asked = replace(question, text=MORE_QUESTION, english_text=MORE_QUESTION, language=language, asks=asks)
        more = [s for s in self._conversation.answer(session.glance(), asked, "full") if s.text not in said]
        session.history.begin(asked)
        self._say_answer(more or [session.phrase("nothing_more", question.turn)])

    def _tell_changes(self, question: Question) -> None:
        """The scene before the last change, and the scene now, where they are told apart."""
        session = self._session
        descriptions = [self._description(keyframe, question) for keyframe in session.memory.latest(2)]
        texts = {" ".join(sentence.text for sentence in sentences) for sentences in descriptions}
        session.history.begin(question)
        self._say_answer(descriptions[-1] if len(texts) == 2 else [session.phrase("nothing_changed", question.turn)])

    def _description(self, keyframe: Keyframe, question: Question) -> list[Sentence]:
        asked = self._scene_question(question.turn, question.language)
        return list(self._conversation.answer(self._conversation.glance([keyframe]), asked))

    def _scene_question(self, turn: int, language: str | None = None) -> Question:
        """In the conversation's language if the user's question has none."""
        return Question(SCENE_QUESTION, language or self._conversation.language, SCENE_QUESTION, turn, asks=(Ask("scene"),))

    def _aim(self) -> None:
        """Guide the camera; read once the text is whole."""
        if question := self._aiming.step():
            self._answer(question)

    def _say_answer(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        """Return what was said; nothing if it is wanted no more."""
        session, said = self._session, list[Sentence]()
        for sentence in sentences:
            session.history.said(sentence)
            if not session.say(sentence):
                return []  # the user speaks again: to stop the model is to stop asking it
            session.sounds.wait_begun(sentence.turn, FIRST_SOUND_S)  # the model would slow down the voice
            said.append(sentence)
        return said


def sounds_whole(text: str) -> bool:
    """Tell whether the recogniser ended it as a sentence; one that breaks off is written "What is the..." or without a mark."""
    return re.search(r"(?<![.…])[.?!。？！؟।]$", text.strip()) is not None
