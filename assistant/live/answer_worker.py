"""What the answering thread does with each job: understand what was said, and have it answered or obeyed (responder.py).

Knows no thread, device or engine by name. Whatever can be done before the user has stopped speaking is done then: pictures are
looked at as they come, and what was said until a pause is recognised and answered as if it were all. Nothing of that is heard
before the user has really stopped (live/playback.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from assistant.answering.commands import match_command
from assistant.hearing.own_voice import is_own_voice
from assistant.languages.catalogues import problem_parts
from assistant.live.dialogue_history import HistoryState
from assistant.live.job_queue import Describe, Idle, Job, LookAhead, Obey, Prepare, Reset, Respond, Speculate
from assistant.live.responder import Responder
from assistant.live.session import Session
from assistant.messages import Earcon, NotUnderstood, Question, Utterance, View
from assistant.problems import Problem
from assistant.turns import UNBEGUN
from assistant.understanding import ENGLISH

MOST_ASKED_AGAIN = 2
"""Times in a row that somebody is asked to say it again; what still isn't understood is a radio, or is told by a sound alone."""


@dataclass(frozen=True)
class _Speculation:
    """What was made of the speech until a pause."""

    turn: int
    understood: Question | NotUnderstood | None
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
        self._begin()

    def _begin(self) -> None:
        """As if nobody had ever spoken."""
        self._responder = Responder(self._session)
        self._speculation: _Speculation | None = None
        self._not_understood = 0
        """Utterances in a row."""
        self._unfinished: tuple[Utterance, NotUnderstood] | None = None
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
                    self._responder.describe(turn)
                case Obey():
                    self._obey(job)
                case Reset():
                    self._begin()
                    session.forget_user()
                case LookAhead():
                    self._responder.idle(is_new=True)
                case Prepare():
                    self._prepare()
                case Idle():
                    self._responder.idle(is_new=False)
        except Problem as problem:
            session.report("trouble", {"turn": session.turns.current, "what": problem.text})
            session.say(Earcon("error", session.turns.current))
            what, fix = problem_parts(problem, session.conversation.language)
            session.say(session.phrase("trouble", what=what, fix=fix))

    def _obey(self, job: Obey) -> None:
        """What was pressed or typed, as if it had been said."""
        language = job.language or self._conversation.language
        if job.command:
            self._responder.act(Question("", language, "", job.turn, job.command))
            return
        command = match_command(job.text, (language, ENGLISH))
        question = replace(self._conversation.written(job.text, language), turn=job.turn, command=command)
        self._report_question(question)
        self._responder.act(question)

    def _respond(self, utterance: Utterance) -> None:
        """The user has done: act on it, unless that was done ahead."""
        ahead = self._take_speculation(utterance.turn)
        understood = ahead.understood if ahead else self._understand(utterance)
        if utterance.turn == UNBEGUN and (understood := self._over_voice(understood, utterance.said)) is None:
            return  # a cough while the assistant spoke, words to somebody else, or its own
        if isinstance(understood, Question):
            if not (ahead and ahead.is_answered):
                self._respond_to(understood, utterance)
            self._respond_to_rest(utterance, understood.text, understood.turn)
        elif understood is not None and not self._respond_to_rest(utterance, understood.heard, understood.turn):
            self._not_understood += 1
            self._report_not_understood(understood)
            asks_again = self._not_understood <= MOST_ASKED_AGAIN
            self._session.say(understood if asks_again else Earcon("error", understood.turn))

    def _over_voice(self, understood: Question | NotUnderstood | None, said: str) -> Question | None:
        """What was said while the assistant spoke, with a turn of its own; None for what isn't to be answered."""
        session = self._session
        if isinstance(understood, Question) and not self._is_own_voice(understood, said):
            understood = replace(understood, turn=session.turns.begin())
            self._report_question(understood)
            return understood
        if isinstance(understood, NotUnderstood) and understood.heard:
            self._report_not_understood(understood)
            session.say(Earcon("error", session.turns.current))  # words, but nobody can tell which
        return None

    def _respond_to(self, question: Question, utterance: Utterance) -> None:
        self._not_understood = 0
        if question.command and not question.is_unfinished:
            self._session.segmenter.close()
        if self._only_begins(question):
            self._unfinished = utterance, self._conversation.ask_again(question)
        else:
            self._responder.act(question)

    def _respond_to_rest(self, utterance: Utterance, text: str, turn: int) -> bool:
        """Answer what was said in another language than the one that was heard; return whether anything was.

        Of words that nobody can tell there a sound tells, for they may be somebody else's.
        """
        rest = list(self._conversation.understand_rest(utterance, text))
        for understood in rest:
            if isinstance(understood, Question):
                question = replace(understood, turn=turn)
                self._report_question(question)
                self._respond_to(question, utterance)
            else:
                self._report_not_understood(replace(understood, turn=turn))
                self._session.say(Earcon("error", turn))
        return any(isinstance(understood, Question) for understood in rest)

    def _speculate(self, utterance: Utterance) -> None:
        """Answer as if the user had done; all of it turns stale when they go on speaking. Commands wait until they really have."""
        if utterance.turn == UNBEGUN or self._session.turns.is_stale(utterance.turn):
            return
        self._take_speculation(utterance.turn)
        understood = self._understand(utterance)
        self._session.history.wait_noted(self._session.turns.is_stale)
        before = self._session.history.state()
        if isinstance(understood, Question):
            self._end_when_whole(understood)
        is_answered = isinstance(understood, Question) and understood.command is None and not understood.is_unfinished
        is_answered = is_answered and self._responder.greeted_in(understood) is None
        if isinstance(understood, Question) and is_answered:
            self._responder.answer(understood)
        self._speculation = _Speculation(utterance.turn, understood, before if is_answered else None)

    def _end_when_whole(self, said: Question) -> None:
        """What is whole ends sooner, a mere beginning later, and what may be either ("What?") as anything does."""
        if self._only_begins(said):
            self._session.segmenter.end_late()
        elif not said.is_unfinished and (said.command or sounds_whole(said.text)):
            self._session.segmenter.end_early()

    def _only_begins(self, said: Question) -> bool:
        """Whether it is neither whole nor a command nor, at a kiosk, a greeting, which needs no more words."""
        return said.is_unfinished and not said.command and self._responder.greeted_in(said) is None

    @staticmethod
    def _is_own_voice(question: Question, said: str) -> bool:
        """Where the echo isn't gone, all words tell; a command that it was naming just now is more likely the user's."""
        return question.command is None and is_own_voice(question.text, said)

    def _ask_again(self) -> None:
        """What only began a question is asked for again once it surely won't go on."""
        if self._unfinished is None:
            return
        utterance, sentence = self._unfinished
        if self._session.clock() >= utterance.end_s + self._session.settings.ears.unfinished_silence_s:
            self._unfinished = None
            if not self._session.turns.is_stale(sentence.turn):
                self._session.waiting.answered()
                self._report_not_understood(sentence)
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

    def _understand(self, utterance: Utterance) -> Question | NotUnderstood | None:
        """None: it wasn't meant for the assistant."""
        understood = self._conversation.understand_addressed(utterance)
        if isinstance(understood, Question) and understood.turn != UNBEGUN:
            self._report_question(understood)
        return understood

    def _report_question(self, question: Question) -> None:
        language = question.heard_in or question.language
        details = {"turn": question.turn, "text": question.text, "language": language, "english": question.english_text}
        self._session.report("question", details)

    def _report_not_understood(self, asked: NotUnderstood) -> None:
        self._session.report("not_understood", {"turn": asked.turn, "heard": asked.heard})


def sounds_whole(text: str) -> bool:
    """Tell whether the recogniser ended it as a sentence; one that breaks off is written "What is the..." or without a mark."""
    return re.search(r"(?<![.…])[.?!。？！؟।]$", text.strip()) is not None
