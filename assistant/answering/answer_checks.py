"""Checks around the model's answer that need no model: questions it must not decide. Pure, English text in."""

from __future__ import annotations

import re

_SAFETY = re.compile(
    r"\b(safe|safely|dangerous|danger)\b|\b(can|could|may|should|shall) (i|we) (\w+ )?(cross|go|walk|step|proceed|move|drive)\b",
    re.IGNORECASE,
)


def asks_about_safety(question: str) -> bool:
    """Whether the answer could be taken as leave to go: "Is it safe to cross?", "Can I go now?"."""
    return _SAFETY.search(question) is not None
