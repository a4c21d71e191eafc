"""Asks a describer as a user would."""

from __future__ import annotations

from assistant.conversation import Conversation
from assistant.interfaces import SceneDescriber
from assistant.messages import View
from assistant.settings import EarSettings


def english_answer(describer: SceneDescriber, view: View, question: str, *, by_clause: bool = False) -> list[str]:
    """The sentences that answer an English question."""
    conversation = Conversation(None, describer, EarSettings(), by_clause=by_clause)
    return [sentence.text for sentence in conversation.answer(view, conversation.written(question, "en"))]
