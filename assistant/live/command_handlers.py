"""Spoken commands that the model has no part in: how the assistant speaks, narrates and remembers. One method a kind of command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.answering.narration import Narrator
from assistant.conversation import Conversation
from assistant.interfaces import SpeechSynthesizer
from assistant.languages import language_name, languages, phrase
from assistant.live.dialogue_history import Talk
from assistant.messages import Command, Detail, NarrationMode, Question, Sentence
from assistant.seeing.scene_memory import SceneMemory
from assistant.seeing.view_conditions import view_conditions
from assistant.speaking.voice_steps import AT_LIMIT, VoiceStep, step_voice


class Orders:
    """Called by the answering thread alone."""

    def __init__(
        self,
        conversation: Conversation,
        memory: SceneMemory,
        talk: Talk,
        narrator: Narrator,
        voices: Sequence[SpeechSynthesizer],
        set_detail: Callable[[Detail], None],
        unload: Callable[[], None],
    ) -> None:
        self._conversation = conversation
        self._memory = memory
        self._talk = talk
        self._narrator = narrator
        self._voices = voices
        self._set_detail = set_detail
        self._unload = unload

    def obey(self, command: Command, question: Question) -> Iterator[Sentence]:
        """Do it, and yield what is said about it; `question` is how the user put it."""
        for key in self._do(command):
            if isinstance(key, Sentence):
                yield replace(key, turn=question.turn)
            else:
                now = self._conversation.language
                name = language_name(command.argument, now) if command.kind == "language" else ""
                text, language = phrase(key, now, event=command.argument, name=name)
                yield Sentence(text, language, question.turn)

    def _do(self, command: Command) -> Iterator[str | Sentence]:
        kind = command.kind
        match kind:
            case "stop":
                pass  # speaking has silenced the assistant already; more words would be what the user didn't want
            case "repeat":
                yield from self._said_or("nothing_to_repeat")
            case "shorter":
                yield next(self._said_or("nothing_to_repeat"))
            case "slower" | "faster" | "louder" | "quieter":
                yield self._change_voices(kind)
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
                yield from view_conditions(newest.frame.picture) if newest else ["no_picture"]
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

    def _said_or(self, key: str) -> Iterator[str | Sentence]:
        said = self._talk.answer()
        yield from said
        if not said:
            yield key

    def _change_voices(self, step: VoiceStep) -> str:
        before = self._voices[0].settings
        after = step_voice(before, step)
        for voice in self._voices:
            voice.settings = after
        return AT_LIMIT[step] if after == before else step

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
