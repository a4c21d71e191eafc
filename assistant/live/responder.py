"""What the answering thread does about a question or command: look, answer, obey. Knows no thread, device or engine by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from assistant.answering.answer_checks import MORE_QUESTION, SCENE_QUESTION
from assistant.languages import counted_phrase, hello_language
from assistant.live.aiming_guide import AimingGuide
from assistant.live.command_handlers import CommandHandlers
from assistant.live.find_guide import FindGuide
from assistant.live.light_tone import LightTone
from assistant.live.passers_by import PassersBy
from assistant.live.session import Session
from assistant.live.unasked_speech import UnaskedSpeech
from assistant.messages import Ask, Command, CommandKind, Detail, Keyframe, Question, Sentence, View
from assistant.seeing.view_conditions import view_conditions
from assistant.understanding import reading_ask

OLD_S = 3.0
"""When the camera has sent nothing for so long, its last picture is told to be old."""
FIRST_SOUND_S = 0.3
"""The model waits at most so long for the first sound to be made."""
POOR = {"view_dim", "view_soft"}
"""Conditions of a picture under which the answer is told to be unsure."""
TOLD: frozenset[CommandKind] = frozenset(("help", "abilities", "where_looking"))
"""Commands whose answers are worth repeating."""
REHEARSED = ("yes", "no", "likely_yes", "likely_no", "no_answer", "nobody", "cant_tell_thing", "cant_tell_that", "say_again", "no_speech")
"""Phrases that are whole answers, or begin them."""


class Responder:
    """Owned by the answering thread; nothing here is called from another."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._conversation = session.conversation
        self._commands = CommandHandlers(session)
        self._unasked = UnaskedSpeech(session)
        self._aiming = AimingGuide(session)
        self._finding = FindGuide(session)
        self._light_tone = LightTone(session)
        self._passers_by = PassersBy(session)
        self._unready = deque(session.settings.ears.languages)
        """Languages whose first question would wait."""

    def act(self, question: Question) -> None:
        """Answer a question, or do what a command says."""
        self._session.history.wait_noted(self._session.turns.is_stale)
        if (greeted := self.greeted_in(question)) is not None:
            self._conversation.language = greeted
            self._session.say(self._session.phrase("ready", question.turn))
            return
        match command := question.command:
            case None:
                self.answer(question)
            case Command("describe"):
                self.answer(self._scene_question(question.turn, question.language))
            case Command("more"):
                self._tell_more(question)
            case Command("what_changed"):
                self._tell_changes(question)
            case Command("tell_when", event):
                self._unasked.watch_for(event, question)
            case Command("light_tone"):
                self._light_tone.begin(question)
            case _ if asked := reading_ask(command, question.text):
                self.answer(replace(question, asks=(asked,)))
            case _:
                self._session.report("command", {"turn": question.turn, "kind": command.kind, "argument": command.argument})
                is_told = command.kind in TOLD
                if is_told:
                    self._session.history.begin(question)
                for sentence in self._commands.handle(command, question):
                    if is_told:
                        self._session.history.said(sentence)
                    self._session.say(sentence)

    def greeted_in(self, question: object) -> str | None:
        """Return the language of a greeting, by which a kiosk's user chooses it; None for anything else."""
        if not self._session.settings.ears.greet_languages or not isinstance(question, Question) or question.command:
            return None
        return hello_language(question.text, question.heard_in or question.language)

    def answer(self, question: Question, detail: Detail | None = None) -> None:
        """Answer a question, until it is wanted no more."""
        session = self._session
        if not session.is_allowed(question):
            session.say(session.phrase("kiosk_refused", question.turn))
            return
        seen = session.glance(question)
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
            self.answer(replace(question, asks=(Ask("read_on", text=question.text, language=question.language),)))
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

    def describe(self, turn: int) -> None:
        """Tell what the camera shows."""
        self.answer(self._scene_question(turn))

    def idle(self, is_new: bool) -> None:
        """Do what nobody waits for: guide the camera, look for a thing, narrate. `is_new`: the camera shows something new."""
        if self._aiming.is_active:
            if question := self._aiming.step():  # the text is whole
                self.answer(question)
        elif self._finding.is_active:
            self._finding.step()
        elif self._light_tone.is_active:
            self._light_tone.step()
        elif is_new:
            self._unasked.scene_changed()
        else:
            self._unasked.idle()
            self._passers_by.step()
            self._prepare()

    def _prepare(self) -> None:
        """Get ready for one more language while no user speaks or waits, then have the sound of one more of the fixed phrases made."""
        session = self._session
        if self._unready and not (session.turn_taking.user_speaks or session.waiting.is_waiting):
            session.conversation.get_ready(self._unready.popleft())
        elif session.is_silent and not session.waiting.is_waiting:
            any(session.sounds.rehearse(session.phrase(key)) for key in REHEARSED)

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
