"""Bring the catalogues of messages up to date with the code: `.venv/bin/python -m script.catalogues`; `--check` only tells what they lack.

A message is what a Problem is raised with, and what is marked as Translatable: an English template. Each language has a catalogue of
gettext's kind, `assistant/languages/messages/xx.po`, which any translator's tool reads.
"""

from __future__ import annotations

import argparse
import ast
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from assistant import problems
from assistant.languages import FALLBACK, languages

PACKAGE = Path(problems.__file__).parent
PLACE = PACKAGE / "languages" / "messages"
IN_ENGLISH = (
    *("benchmarks/", "export/", "serving/"),  # for developers; for other programs
    *("toml_files.py", "toml_mistakes.py", "settings.py", "store/manifests.py"),  # mistakes in files whose words are English
    *(f"commands/{name}.py" for name in ("bench", "cluster", "index", "keyframes", "kiosk", "models", "serve", "voices")),
    *(f"engines/{name}.py" for name in ("picture_checks", "vad/silero", "vlm/smolvlm2", "vlm/token_decoding")),  # mistakes of callers
    *(f"engines/vlm/{name}.py" for name in ("local_server", "openai_server")),  # for those who run a model server of their own
    *("videos/detect_events.py", "videos/index_file.py", "live/trace_file.py"),
    *(f"devices/{name}.py" for name in ("gpio_button", "rtsp", "stream_camera", "uploaded")),
)
"""Files and folders whose Problems are told in English only (docs/languages.md)."""
MARK = "Translatable"
PROBLEMS = {name for name, kind in vars(problems).items() if isinstance(kind, type) and issubclass(kind, problems.Problem)}


class Message(NamedTuple):
    """A template that is told in every language."""

    text: str
    file: str
    line: int


class Unknown(NamedTuple):
    """A Problem's text that no catalogue can have: an f-string, or a variable's plain text."""

    file: str
    line: int
    code: str


def messages() -> list[Message]:
    """Return every message of the package that is translated, in the order of the files."""
    return [message for path in _files() for message in _messages_of(ast.parse(path.read_text(encoding="utf-8")), _name(path))]


def unknown_texts() -> list[Unknown]:
    """Return the texts of Problems that can't be looked up, in files that are told in every language."""
    found = list[Unknown]()
    for path in _files():
        tree, is_told = ast.parse(path.read_text(encoding="utf-8")), not _name(path).startswith(IN_ENGLISH)
        plain = {
            name for name, value in _assignments(tree) if any(isinstance(part, ast.JoinedStr | ast.Constant) for part in _parts(value))
        }
        for call in _calls(tree, PROBLEMS) if is_told else ():
            for part in [part for argument in call.args[:2] for part in _parts(argument)]:
                if isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Name) and part.id in plain):
                    found.append(Unknown(_name(path), part.lineno, ast.unparse(part)))
        for call in _calls(tree, {MARK}) if path.name != "translatable.py" else ():
            if not isinstance(call.args[0], ast.Constant):
                found.append(Unknown(_name(path), call.lineno, ast.unparse(call)))
    return found


def blanks(text: str) -> set[tuple[str, str, str]]:
    """Return the blanks of a template: their names, forms and conversions."""
    return {(name, form or "", how or "") for _, name, form, how in string.Formatter().parse(text) if name is not None}


def lacks(code: str) -> list[str]:
    """Return the messages that a language's catalogue hasn't, or has with other blanks."""
    known = {str(message.id): str(message.string) for message in catalogue(code) if message.id}
    return [
        text
        for text in dict.fromkeys(message.text for message in messages())
        if blanks(known.get(text) or "") != blanks(text) or not known.get(text)
    ]


def catalogue(code: str) -> Catalog:
    """Return a language's catalogue; an empty one where there is none."""
    path = PLACE / f"{code}.po"
    if not path.is_file():
        name = languages()[code].name
        return Catalog(
            code, project="scene-assistant", version="1", fuzzy=False, header_comment=f"# What scene-assistant prints, in {name}."
        )
    with path.open("rb") as file:
        return read_po(file, code)


def update(code: str) -> None:
    """Write a language's catalogue with the messages that there are now; what it has of them stays, what went is left out."""
    found, source = catalogue(code), Catalog()
    for message in messages():
        source.add(message.text, locations=[(message.file, None)])
    found.update(source, no_fuzzy_matching=True, update_creation_date=False)
    with (PLACE / f"{code}.po").open("wb") as file:
        write_po(file, found, width=0, ignore_obsolete=True)


def _files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _messages_of(tree: ast.Module, file: str) -> Iterator[Message]:
    marks = {MARK} if file.startswith(IN_ENGLISH) else {*PROBLEMS, MARK}
    for call in sorted(_calls(tree, marks), key=lambda call: (call.lineno, call.col_offset)):
        is_marked = isinstance(call.func, ast.Name) and call.func.id == MARK
        for part in [part for argument in call.args[: 1 if is_marked else 2] for part in _parts(argument)]:
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _has_words(part.value):
                yield Message(part.value, file, part.lineno)


def _has_words(template: str) -> bool:
    """Whether a language may need other words, or another full stop."""
    return any(mark.isalpha() or mark == "." for text, *_ in string.Formatter().parse(template) for mark in text)


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                yield from (
                    (name.id, value) for name, value in zip(target.elts, node.value.elts, strict=True) if isinstance(name, ast.Name)
                )


def _parts(node: ast.expr) -> list[ast.expr]:
    """The expressions of which one is the value."""
    match node:
        case ast.IfExp():
            return [*_parts(node.body), *_parts(node.orelse)]
        case ast.BoolOp():
            return [part for value in node.values for part in _parts(value)]
        case _:
            return [node]


def main() -> int:
    """Update the catalogues, or check them; return 1 if something is lacking."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args()
    for unknown in unknown_texts():
        print(f"{unknown.file}:{unknown.line}: give the values as arguments, or mark it as Translatable: {unknown.code}")
    for code in sorted(languages().keys() - {FALLBACK}):
        if not options.check:
            update(code)
        for text in (lacking := lacks(code)):
            print(f"{code}: {text}")
    return bool(lacking or unknown_texts())


if __name__ == "__main__":
    sys.exit(main())
