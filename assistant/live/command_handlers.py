"""Handles the spoken commands that the model has no part in: how the assistant speaks, narrates and remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from assistant.languages import language_name, languages
from assistant.live.session import Session
from assistant.messages import Command, Detail, NarrationMode, Question, Sentence
from assistant.seeing.view_conditions import view_conditions
from assistant.speaking.voice_steps import AT_LIMIT, VoiceStep, step_voice


class CommandHandlers:
    """Called by the answering thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def handle(self, command: Command, question: Question) -> Iterator[Sentence]:
        """Do what the command says, and yield what is said about it; `question` is how the user put it."""
        for reply in self._do(command):
            if isinstance(reply, Sentence):
                yield replace(reply, turn=question.turn)
            else:
                now = self._session.conversation.language
                name = language_name(command.argument, now) if command.kind == "language" else ""
                yield self._session.phrase(reply, question.turn, event=command.argument, name=name)

    def _do(self, command: Command) -> Iterator[str | Sentence]:
        """Do it; what is said about it, as keys of phrases or as it was said before."""
        session, kind = self._session, command.kind
        match kind:
            case "stop" | "pause":  # "go on" says what was cut off
                pass  # speaking has silenced the assistant already; more words would be what the user didn't want
            case "repeat":
                yield from session.history.to_repeat()
                if not session.history.answer():
                    yield "nothing_to_repeat"
            case "shorter":
                yield next(iter(session.history.answer()), "nothing_to_repeat")
            case "slower" | "faster" | "louder" | "quieter":
                yield self._change_voices(kind)
            case "narrate_quiet" | "narrate_changes" | "narrate_continuous":
                session.narrator.mode = cast(NarrationMode, kind.removeprefix("narrate_"))
                yield kind
            case "verbosity_brief" | "verbosity_normal" | "verbosity_full":
                session.detail = cast(Detail, kind.removeprefix("verbosity_"))
                yield kind
            case "language":
                yield self._speak_language(command.argument)
            case "where_looking":
                newest = session.memory.newest
                yield from view_conditions(newest.frame.picture) if newest else ["no_picture"]
            case "forget":
                session.memory.forget()
                session.wants_keyframe = True
                session.history.forget()
                session.narrator.forget()
                session.conversation.forget()
                yield kind
            case "unload":
                session.conversation.unload()
                yield kind
            case "abilities":
                yield kind
                if session.eye_is_small:
                    yield "eye_is_small"
            case _:
                yield kind  # help: the phrase is all there is

    def _change_voices(self, step: VoiceStep) -> str:
        before = self._session.synthesizers[0].settings
        after = step_voice(before, step)
        for voice in self._session.synthesizers:
            voice.settings = after
        return AT_LIMIT[step] if after == before else step

    def _speak_language(self, code: str) -> str:
        if code not in languages():
            return "language_unknown"
        self._session.conversation.language = code
        return "language"
