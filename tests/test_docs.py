"""What the documents promise is there: every command they show is one, and every link leads somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from assistant.command_line import COMMANDS, build_parser
from assistant.settings import Settings, load_settings
from tests.support.folders import PROJECT

DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "assistant/languages/README.md")),
    *(PROJECT / "models" / name / "README.md" for name in ("starter", "translator")),
    *sorted((PROJECT / "docs").glob("*.md")),
]
BLOCK_LINE = re.compile(r"^ {4,}(.+)$", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|toml|md|npz|png|json|txt|cfg|tsv))`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())


def commands(shown: re.Pattern[str], document: Path) -> list[list[str]]:
    """The words of every command that is shown in this way, those behind a `&&` too."""
    parts = [part.strip() for code in shown.findall(document.read_text(encoding="utf-8")) for part in code.split(" && ")]
    return [shlex.split(part, comments=True) for part in parts if re.match(r"(\S*/)?(assistant|python|script/\w+)\b(?!/)", part)]


@documents
def test_every_command_of_the_assistant_is_one_with_these_options(document: Path) -> None:
    parser = build_parser()
    for program, *arguments in commands(BLOCK_LINE, document):
        if Path(program).name == "assistant":
            parser.parse_args(arguments)
    for program, *arguments in commands(INLINE, document):  # often without what it works on: `assistant find`
        if Path(program).name == "assistant" and arguments:
            assert arguments[0] in {*COMMANDS, "COMMAND", "--help"}


@documents
def test_every_module_and_script_is_there(document: Path) -> None:
    for program, *arguments in [*commands(BLOCK_LINE, document), *commands(INLINE, document)]:
        if program.startswith("script/"):
            assert (PROJECT / program).is_file()
        elif arguments[:1] == ["-m"]:
            assert importlib.util.find_spec(arguments[1]), arguments[1]


@documents
def test_every_link_leads_to_a_file(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@documents
def test_every_file_that_is_named_is_there(document: Path) -> None:
    """Paths from the project's folder or from the package's, such as `answering/commands.py`; NAME and xx stand for any."""
    folders = (PROJECT, PROJECT / "assistant", document.parent)
    named = FILE.findall(document.read_text(encoding="utf-8"))
    assert [name for name in named if Path(name).stem not in ("NAME", "xx") and not any((f / name).exists() for f in folders)] == []


def test_the_settings_that_are_shown_can_be_set(tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    (tmp_path / "settings.toml").write_text("\n".join(BLOCK_LINE.findall(text.split("## ")[0])), encoding="utf-8")
    assert load_settings(tmp_path / "settings.toml") != Settings()
