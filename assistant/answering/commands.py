"""Recognises spoken commands in what was heard, before the model is asked. Pure; the words are data (languages/README.md).

A command must be all that was said, but for fillers such as "please", so that no real question is taken for one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import cast

from assistant.languages import languages
from assistant.languages.naming import named_language
from assistant.languages.normalized import NormalizedWord, normalize, normalized_words
from assistant.languages.numbers import spoken_number
from assistant.messages import Command, CommandKind

FILLERS, QUESTIONS = "fillers", "questions"
"""Names of entries beside the kinds of command in a language's table: words that may be left out, and what is always a question."""

SHORTEST_MISHEARD = 10
"""Letters from which a phrase may be heard with one letter wrong; shorter ones are too near to other words ("slower", "flower").

Of Piper's 143 English commands as Whisper base hears them, 124 are recognised as they are and 4 more this way; of 859 questions none is
taken for one. Two wrong letters would take "What did you see?" for "What did you say?".
"""

_GROUP = re.compile(r"\(([^][()]*)\)|\[([^][()]*)\]")
_SLOT = re.compile(r"\{(language|event|number|any)\}")


@dataclass(frozen=True)
class _Grammar:
    """A language's commands, ready to be compared."""

    language: str
    """Its code."""
    fillers: frozenset[tuple[str, ...]]
    phrases: dict[str, str]
    """Kind by normalized text without spaces."""
    by_length: dict[int, list[str]]
    """The phrases of at least SHORTEST_MISHEARD letters, by how many they have."""
    patterns: tuple[tuple[re.Pattern[str], str, str], ...]
    """(pattern of the normalized text, kind, slot), questions first."""


_SENTENCE_END = re.compile(r"(?<=[.?!。？！؟।])\s*(?=\S)")


def match_command(text: str, order: Sequence[str]) -> Command | None:
    """Return the command that the whole text is, or None for a question. "What is this? Stop." is a stop too.

    `order`: codes of the languages whose words are tried, the likeliest first; one without a file is skipped. Whisper misjudges
    the language of a single word, so give the detected one, the conversation's and English.
    """
    said = normalized_words(text)
    grammars = [_grammar(code) for code in dict.fromkeys(order) if code in languages()]
    for match in (_match, _match_misheard):
        for grammar in grammars:
            if found := match(grammar, said, text):
                kind, argument = found
                return None if kind == QUESTIONS else Command(cast(CommandKind, kind), argument, grammar.language)
    last = _SENTENCE_END.split(text.strip())[-1]
    command = match_command(last, order) if last and last != text.strip() else None
    return command if command and command.kind == "stop" else None


def expand(template: str) -> Iterator[str]:
    """Yield every way to say a template: "(say|tell me) [it] again" -> "say it again", "say  again", "tell me it again", ..."""
    group = _GROUP.search(template)
    if group is None:
        yield template
        return
    choices = group[1].split("|") if group[1] is not None else [*group[2].split("|"), ""]
    for choice in choices:
        yield from expand(template[: group.start()] + choice + template[group.end() :])


def _match(grammar: _Grammar, said: list[NormalizedWord], text: str) -> tuple[str, str] | None:
    """(kind, argument) of what was said as it is."""
    stripped = list(_without_fillers(said, grammar.fillers))
    for words in stripped:
        if kind := grammar.phrases.get("".join(word.normalized for word in words)):
            return kind, ""
    for words in reversed(stripped):  # the barest first: "please" is no part of an event
        if found := _match_patterns(grammar, words, text):
            return found
    return None


def _match_patterns(grammar: _Grammar, words: list[NormalizedWord], text: str) -> tuple[str, str] | None:
    line = " ".join(word.normalized for word in words)
    for pattern, kind, slot in grammar.patterns:
        if match := pattern.fullmatch(line):
            if kind == QUESTIONS:
                return kind, ""
            if slot in ("language", "number"):
                if value := _value(slot, match[1], grammar.language):
                    return kind, value
                continue
            first = line[: match.start(1)].count(" ")
            last = first + match[1].count(" ")
            return kind, text[words[first].start : words[last].end]
    return None


def _value(slot: str, words: str, language: str) -> str:
    """What the words in a slot mean: the code of a language or a number in digits; "" for neither."""
    if slot == "language":
        return named_language(words, language) or ""
    return str(spoken_number(words, language) or "")


def _match_misheard(grammar: _Grammar, said: list[NormalizedWord], _text: str) -> tuple[str, str] | None:
    """Return (kind, argument) of a long phrase that was heard with one letter wrong, where only one kind is so near."""
    *_, barest = _without_fillers(said, grammar.fillers)
    letters = "".join(word.normalized for word in barest)
    alike = (phrase for length in range(len(letters) - 1, len(letters) + 2) for phrase in grammar.by_length.get(length, ()))
    near = (phrase for phrase in alike if phrase[0] == letters[0] or phrase[-1] == letters[-1])  # one wrong letter isn't both
    kinds = {grammar.phrases[phrase] for phrase in near if _one_letter_apart(phrase, letters)}
    return (kinds.pop(), "") if len(kinds) == 1 else None


def _one_letter_apart(one: str, other: str) -> bool:
    """Whether one letter is replaced, missing or too many."""
    same = len(commonprefix((one, other)))
    one, other = one[same:], other[same:]
    return one[1:] == other[1:] or one[1:] == other or one == other[1:]


def _without_fillers(words: list[NormalizedWord], fillers: frozenset[tuple[str, ...]]) -> Iterator[list[NormalizedWord]]:
    """The words, then with one filler less at one of the ends each time, the longest first: "nog eens" ends in a filler of its own."""
    sizes = range(max(map(len, fillers), default=0), 0, -1)
    shorter: list[NormalizedWord] | None = words
    while shorter is not None:
        words = shorter
        yield words
        said = tuple(word.normalized for word in words)
        ends = ((words[size:], words[:-size], size) for size in sizes if size <= len(words))
        shorter = next(
            (rest for first, last, size in ends for rest, end in ((first, said[:size]), (last, said[-size:])) if end in fillers), None
        )


@functools.cache
def _grammar(code: str) -> _Grammar:
    language = languages()[code]
    phrases: dict[str, str] = {}
    patterns = []
    for kind in sorted(language.commands.keys() - {FILLERS}, key=lambda kind: kind != QUESTIONS):
        for template in language.commands[kind]:
            for said in expand(template):
                if slot := _SLOT.search(said):
                    patterns.append((_pattern(said), kind, slot[1]))
                else:
                    phrases[normalize(said).replace(" ", "")] = kind
    by_length: dict[int, list[str]] = {}
    for phrase in phrases:
        if len(phrase) >= SHORTEST_MISHEARD:
            by_length.setdefault(len(phrase), []).append(phrase)
    fillers = frozenset(tuple(normalize(said).split()) for template in language.commands[FILLERS] for said in expand(template))
    return _Grammar(language.code, fillers, phrases, by_length, tuple(patterns))


def _pattern(said: str) -> re.Pattern[str]:
    """The first slot is the first group. What touches a slot may be a word of its own or belong to the same: "{language}로"."""
    pattern, before = "", ""
    for part in re.split(r"(\{\w+\})", said):
        piece = "(.+)" if part.startswith("{") else " ?".join(map(re.escape, normalize(part).split()))
        if piece and pattern:
            pattern += " " if part.startswith(" ") or before.endswith(" ") else " ?"
        pattern += piece
        before = part or before
    return re.compile(pattern)
