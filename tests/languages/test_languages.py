"""Every language file is whole: what one language can say and understand, all can."""

from __future__ import annotations

import re
import string
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from assistant.answering.commands import FILLERS, QUESTIONS, expand
from assistant.languages import Language, counted_phrase, lacking, language_name, languages, phrase
from assistant.languages.normalized import normalize
from assistant.messages import CommandKind
from assistant.problems import BadInput
from assistant.speaking.voice_steps import AT_LIMIT
from assistant.toml_files import load_toml
from tests.support.folders import PROJECT

ENGLISH = languages()["en"]
HEARING = ("character_errors", "commands", "noticed")
PARTS = ("number_unread", "several")
"""Phrases that stand within others, without an end."""
READING = ("read", "read_all", "spell", "next_line", "previous_line", "read_from_start", "read_line")
"""Commands to read, which text answers."""
each_language = pytest.mark.parametrize("language", languages().values(), ids=lambda language: language.code)


def blanks(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


@each_language
def test_every_phrase_is_there_with_the_same_blanks(language: Language) -> None:
    assert language.phrases.keys() == ENGLISH.phrases.keys()
    assert {key: blanks(text) for key, text in language.page.items()} == {key: blanks(text) for key, text in ENGLISH.page.items()}
    assert {key: blanks(text) for key, text in language.phrases.items()} == {key: blanks(text) for key, text in ENGLISH.phrases.items()}


@each_language
def test_no_language_lacks_anything(language: Language) -> None:
    assert lacking(language.code) == []


def test_what_a_language_lacks_is_listed_and_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    korean = languages()["ko"]
    monkeypatch.delitem(korean.phrases, "help")
    monkeypatch.delitem(korean.counted, "old_picture")
    monkeypatch.setitem(korean.commands, "louder", ())
    assert lacking("ko") == ["help", "old_picture", "louder"]
    assert phrase("help", "ko") == phrase("help", "en")
    assert counted_phrase("old_picture", "ko", 2)[1] == "en"
    assert phrase("ready", "ko")[1] == "ko"


def test_what_is_said_to_a_command_is_found_under_its_name() -> None:
    """Those that are answered otherwise are answered from the picture, or from what was said before."""
    otherwise = {"describe", "more", "shorter", "repeat", "stop", "pause", "what_changed", "where_looking"} | {*READING}
    assert ENGLISH.phrases.keys() >= {*get_args(CommandKind), *AT_LIMIT.values()} - otherwise


@each_language
def test_every_phrase_can_be_spoken_in_one_go(language: Language) -> None:
    parts = {language.phrases[key] for key in PARTS}
    for text in chain(language.phrases.values(), *(forms.values() for forms in language.counted.values())):
        assert text == " ".join(text.split())
        assert 2 <= len(text) <= 200
        assert text[-1] in ".!?。！？।۔؟}" or text in parts, f"{text} has no end"


@each_language
def test_a_number_takes_its_plural(language: Language) -> None:
    assert language.counted.keys() == ENGLISH.counted.keys()
    for key, forms in language.counted.items():
        assert "other" in forms
        assert all(blanks(form) <= {"n"} for form in forms.values())
        used = {counted_phrase(key, language.code, n)[0].replace(str(n), "{n}") for n in range(1000)}
        assert used == set(forms.values()), "a form that no number takes, or one too few"


def test_english_says_one_second_and_two_seconds() -> None:
    assert counted_phrase("old_picture", "en", 1) == ("This is what I saw 1 second ago.", "en")
    assert counted_phrase("old_picture", "en", 2) == ("This is what I saw 2 seconds ago.", "en")
    assert counted_phrase("old_picture", "xx", 2)[1] == "en"


@pytest.mark.parametrize(
    ("n", "seconds"), [(1, "секунду"), (3, "секунды"), (5, "секунд"), (11, "секунд"), (21, "секунду"), (32, "секунды")]
)
def test_russian_counts_by_the_last_digits(n: int, seconds: str) -> None:
    assert counted_phrase("old_picture", "ru", n) == (f"Это было видно {n} {seconds} назад.", "ru")


def test_a_mistake_in_a_new_file_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "xx.toml"
    file.write_text(
        'name = "X"\nown_name = "X"\nvoices = []\n[phrases]\n[counted]\nold_picture = { sum = "{n}" }\n[language_names]\n[commands]\n'
    )
    with pytest.raises(
        BadInput,
        match='language file xx.toml has a bad field counted = .* a table from "few", "many", "one", "other", "two" or "zero" to a text',
    ):
        load_toml(file, Language, "the language file", "", code="xx")


@each_language
def test_it_names_every_language_that_has_a_file(language: Language) -> None:
    assert languages().keys() <= language.language_names.keys()


@each_language
def test_it_names_the_scripts_that_cannot_be_read(language: Language) -> None:
    assert language.script_names.keys() == ENGLISH.script_names.keys() >= {"arabic", "cyrillic", "other"}
    assert all(language.script_names.values())


@each_language
def test_it_tells_where_things_are(language: Language) -> None:
    assert language.places.keys() == ENGLISH.places.keys() >= {"12", "close", "left"}
    assert len(set(language.places.values())) == len(language.places)


@each_language
def test_every_command_has_words(language: Language) -> None:
    assert language.commands.keys() == {*get_args(CommandKind), FILLERS, QUESTIONS}
    assert all(language.commands[kind] for kind in get_args(CommandKind))


@each_language
def test_no_words_mean_two_commands(language: Language) -> None:
    meaning: dict[str, str] = {}
    for kind, templates in language.commands.items():
        for said in chain.from_iterable(map(expand, templates)) if kind != FILLERS else ():
            assert meaning.setdefault(normalize(said).replace(" ", ""), kind) == kind, said


@each_language
def test_every_template_is_well_formed(language: Language) -> None:
    allowed = {"language": {"language"}, "read_line": {"number"}, "tell_when": {"event"}, QUESTIONS: {"any"}}
    for kind, templates in language.commands.items():
        for template in templates:
            ways = list(expand(template))
            assert len(ways) <= 500, f"{template} can be said in {len(ways)} ways"
            assert not set("()[]|") & set("".join(ways)), f"{template} has a bracket too many"
            assert all(blanks(said) == allowed.get(kind, set()) or kind == QUESTIONS for said in ways), template
            assert all(map(normalize, ways)), f"{template} may be nothing at all"


def test_the_table_of_how_well_each_is_heard_tells_what_the_files_hold() -> None:
    text = (PROJECT / "assistant/languages/README.md").read_text(encoding="utf-8").partition("## How well each is heard")[2]
    rows = {
        row[1]: [int(share) / 100 for share in re.findall(r"(\d+) %", row[0])] for row in re.finditer(r"^\| ([a-z]{2}) \|.*$", text, re.M)
    }
    told = {code: dict(zip(("character_errors", "commands", "noticed"), (row[0], *row[2:4]), strict=True)) for code, row in rows.items()}
    measured = {code: {name: share for name, share in known.measured.items() if name in HEARING} for code, known in languages().items()}
    assert told == {code: shares for code, shares in measured.items() if shares}


@each_language
def test_the_table_of_what_each_part_is_worth_tells_what_the_files_hold(language: Language) -> None:
    text = (PROJECT / "assistant/languages/README.md").read_text(encoding="utf-8").partition("## What each part is worth")[2]
    row = re.search(rf"^\| {language.code} \|.*$", text, re.M)
    assert row is not None
    for name, figure in language.measured.items():
        if name.endswith("_bleu"):
            assert f"BLEU {figure:.0f}" in row[0]
        elif name in ("scenes_told", "character_errors"):
            assert f"{100 * figure:.0f} %" in row[0]
    assert ("| yes |" in row[0]) is language.is_heard


def test_a_language_that_is_not_spoken_can_still_be_named() -> None:
    assert phrase("language_unknown", "es", name=language_name("fr", "es")) == ("No hablo francés.", "es")
    assert language_name("xx", "es") == "xx"


def test_a_language_without_a_file_is_spoken_to_in_english() -> None:
    assert phrase("stopped", "xx") == ("Stopped.", "en")
