"""Takes the marks of Markdown out of a text that is to be said; headings and items of lists become sentences and lists. Pure."""

from __future__ import annotations

import re

_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^\s*[-*+•]\s+(?=\S)")
_QUOTE = re.compile(r"^\s*>+\s?")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*```.*$|^\s*\|?(?:\s*:?-{3,}:?\s*\|)+[\s:-]*$")
_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_INLINE = (
    (re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)"), r"\1"),  # a link, a picture
    (re.compile(r"`+([^`\n]+)`+"), r"\1"),
    (re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*?[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_(?=[^\s_])([^_\n]*?[^\s_])_(?![\w_])"), r"\1"),
)
_ENDS = ".!?…:;,。！？؟"


def without_markup(text: str) -> str:
    """Return a text as a person would read it: "**bold**" -> "bold", "# Menu" -> "Menu.", "- milk" and "- bread" -> "milk, bread"."""
    lines, was_item = list[str](), False
    for line in text.splitlines():
        line = _QUOTE.sub("", line)
        if _RULE.match(line):
            continue
        heading, item = _HEADING.match(line), _ITEM.match(line)
        if heading:
            line = _ended(heading[1], ".")
        elif item:
            line = line[item.end() :]
        elif row := _ROW.match(line):
            line = ", ".join(cell.strip() for cell in row[1].split("|") if cell.strip()) + "."
        if was_item and lines and line.strip():
            lines[-1] = _ended(lines[-1], "," if item else ".")
        lines.append(line)
        was_item = item is not None
    plain = "\n".join(lines)
    for pattern, kept in _INLINE:
        plain = pattern.sub(kept, plain)
    return plain


def _ended(line: str, mark: str) -> str:
    line = line.rstrip()
    return line if not line or line[-1] in _ENDS else line + mark
