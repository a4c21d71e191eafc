"""Spoken commands that the model has no part in: how the assistant speaks, narrates and remembers. One method a kind of command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from assistant.answering.narration import Narrator
from assistant.conversation import Conversation
from assistant.languages import languages, phrase
from assistant.live.talk import Talk
from assistant.messages import Command, Detail, NarrationMode, Question, Sentence
from assistant.seeing.scene_memory import SceneMemory
from assistant.seeing.view_conditions import describe_view_conditions


class Voice(Protocol):
    """What can be changed of the voices."""

    def change(self, kind: str) -> bool:
        """ "slower", "faster", "louder" or "quieter" by one step; False at the limit."""
        ...


class Orders:
    """Called by the answering thread alone."""

    def __init__(
        self,
        conversation: Conversation,
        memory: SceneMemory,
        talk: Talk,
        narrator: Narrator,
        voice: Voice,
        set_detail: Callable[[Detail], None],
        unload: Callable[[], None],
    ) -> None:
        self._conversation = conversation
        self._memory = memory
        self._talk = talk
        self._narrator = narrator
        self._voice = voice
        self._set_detail = set_detail
        self._unload = unload

    def obey(self, command: Command, question: Question) -> Iterator[Sentence]:
        """Do it, and yield what is said about it; `question` is how the user put it."""
        for key in self._do(command):
            if isinstance(key, Sentence):
                yield replace(key, turn=question.turn)
            else:
                text, language = phrase(key, self._conversation.language, event=command.argument, language=command.argument)
                yield Sentence(text, language, question.turn)

    def _do(self, command: Command) -> Iterator[str | Sentence]:
        kind = command.kind
        match kind:
            case "stop":
                pass  # speaking has silenced the assistant already; more words would be what the user didn't want
            case "repeat":
                yield from self._talk.answer() or ["nothing_to_repeat"]
            case "shorter":
                yield from self._talk.answer()[:1] or ["nothing_to_repeat"]
            case "slower" | "faster" | "louder" | "quieter":
                yield kind if self._voice.change(kind) else {"slower": "slowest", "faster": "fastest"}.get(kind, f"{kind[:-2]}est")
            case "narrate_quiet" | "narrate_changes" | "narrate_continuous":
                self._narrator.mode = _mode(kind.removeprefix("narrate_"))
                yield kind
            case "verbosity_brief" | "verbosity_normal" | "verbosity_full":
                self._set_detail(_detail(kind.removeprefix("verbosity_")))
                yield kind
            case "language":
                yield from self._speak_language(command.argument)
            case "where_looking":
                newest = self._memory.newest
                yield from describe_view_conditions(newest) if newest else ["no_picture"]
            case "forget":
                self._memory.forget()
                self._talk.forget()
                self._narrator.forget()
                self._unload()
                yield kind
            case "unload":
                self._unload()
                yield kind
            case _:
                yield kind  # help, abilities, read: the phrase is all there is

    def _speak_language(self, code: str) -> Iterator[str]:
        if code in languages():
            self._conversation.language = code
            yield "language"
        else:
            yield "language_unknown"


def _mode(word: str) -> NarrationMode:
    modes: dict[str, NarrationMode] = {"quiet": "quiet", "changes": "changes", "continuous": "continuous"}
    return modes[word]


def _detail(word: str) -> Detail:
    details: dict[str, Detail] = {"brief": "brief", "normal": "normal", "full": "full"}
    return details[word]
