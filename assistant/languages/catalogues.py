"""Messages in the user's language: gettext's catalogues `messages/xx.po`, which `script/catalogues.py` keeps up to date with the code.

English is the source, and what is told where a catalogue lacks a message. Programs are told in English in any case (`--json`).
"""

from __future__ import annotations

import functools
from importlib import resources

from assistant.languages import FALLBACK, languages
from assistant.problems import Problem
from assistant.translatable import Translatable


def in_language(text: str, language: str) -> str:
    """Return a text in a language as far as that has a message for it; others as they are."""
    if language == FALLBACK:
        return str(text)
    known = _catalogue(language)
    return text.told(lambda template: known.get(template, template)) if isinstance(text, Translatable) else known.get(text, text)


def problem_parts(problem: Problem, language: str) -> tuple[str, str]:
    """Return what is wrong and how to mend it in a language, neither with a full stop, to be put into a phrase."""
    what, fix = (" ".join(in_language(part, language).split()).rstrip(".") for part in problem.parts)
    return what, fix


def problem_text(problem: Problem, language: str) -> str:
    """Return a Problem as one line in a language."""
    return str(problem) if language == FALLBACK else " ".join(in_language(problem.text, language).split())


class _Terminal:
    language = FALLBACK


def set_terminal_language(language: str) -> None:
    """Choose the language of what this process prints for people; English until then."""
    _Terminal.language = language


def for_terminal(text: str) -> str:
    """Return a text as it is printed for people."""
    return in_language(text, _Terminal.language)


def untranslated(language: str) -> list[str]:
    """List the messages that a language's catalogue has no words for: they are told in English."""
    return [text for text, told in _messages(language).items() if not told]


@functools.cache
def _catalogue(language: str) -> dict[str, str]:
    """English -> what a language has for it: messages, the fixed phrases, names of languages."""
    own, english = languages().get(language), languages()[FALLBACK]
    if own is None:
        return {}
    names = {names[0]: own.language_names[code][0] for code, names in english.language_names.items() if code in own.language_names}
    messages = {text: told for text, told in _messages(language).items() if told}
    return {english.phrases[key]: text for key, text in own.phrases.items()} | names | messages


def _messages(language: str) -> dict[str, str]:
    """English -> what the catalogue has for it, "" where that is nothing."""
    from babel.messages.pofile import read_po  # takes 50 ms, and English needs none

    file = resources.files("assistant.languages") / "messages" / f"{language}.po"
    if not file.is_file():
        return {}
    with file.open("rb") as lines:
        return {str(message.id): str(message.string) for message in read_po(lines, language) if message.id}
