"""What is printed and spoken of a trouble is told in the user's language: whole catalogues, and nothing that no catalogue could have."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from assistant.commands.language_parts import language_parts
from assistant.commands.output import print_result
from assistant.languages import languages, phrase
from assistant.languages.catalogues import in_language, problem_parts, problem_text, set_terminal_language
from assistant.problems import BadInput, LostDevice, MissingModel
from assistant.settings import Settings
from assistant.translatable import Capitalized, Translatable, in_english, joined
from script import catalogues
from tests.support.heard_session import HeardSession

OTHERS = sorted(languages().keys() - {"en"})
SCRIPTS = {
    "ar": "\u0600\u06ff",
    "hi": "\u0900\u097f",
    "ja": "\u3040\u30ff",
    "ko": "\uac00\ud7a3",
    "ru": "\u0400\u04ff",
    "uk": "\u0400\u04ff",
}
SCRIPTS["zh"] = "\u4e00\u9fff"
"""First and last letter of what is not written in Latin letters."""
each_language = pytest.mark.parametrize("code", OTHERS)


@each_language
def test_every_message_is_there_with_the_same_blanks(code: str) -> None:
    assert catalogues.lacks(code) == []


def test_every_trouble_can_be_looked_up() -> None:
    """None is put together before a language could have its own words: see what `python -m script.catalogues` says."""
    assert catalogues.unknown_texts() == []


def test_a_new_trouble_without_a_translation_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new.py").write_text('def run(name):\n    raise BadInput("the {name} is upside down", "turn it", name=name)\n')
    (tmp_path / "hidden.py").write_text('def run(name):\n    what = f"the {name} is lost"\n    raise BadInput(what, f"find {name}")\n')
    (tmp_path / "settings.py").write_text('raise BadInput(f"a setting {1}", "mend it")\n')
    monkeypatch.setattr(catalogues, "PACKAGE", tmp_path)
    assert catalogues.lacks("de") == ["the {name} is upside down", "turn it"]
    assert [(each.file, each.code) for each in catalogues.unknown_texts()] == [("hidden.py", "what"), ("hidden.py", "f'find {name}'")]


def test_check_lists_what_a_language_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.languages.catalogues._messages", lambda code: {"there is no file {name}": "", "stopped.": "gestoppt."})
    assert language_parts(languages()["nl"], True, [], "")["phrases"] == "missing, in English: there is no file {name}"


@each_language
def test_no_message_was_left_in_english(code: str) -> None:
    """Names are the same in all languages: a few messages are nothing else."""
    known = {str(message.id): str(message.string) for message in catalogues.catalogue(code) if message.id}
    same = [text for text, told in known.items() if told == text and len(text.split()) > 2 and not text.startswith("{")]
    assert same == []
    if letters := SCRIPTS.get(code):
        first, last = letters[0], letters[1]
        foreign = [
            told for text, told in known.items() if any(map(str.isalpha, text)) and not any(first <= letter <= last for letter in told)
        ]
        assert [told for told in foreign if len(told.split()) > 3] == []


def test_a_trouble_is_told_with_its_values_in_the_users_language() -> None:
    problem = BadInput("there is no file {name}", "check its name and folder", name="a {x}.png")
    assert str(problem) == "there is no file a {x}.png. Check its name and folder."
    assert problem_text(problem, "de") == "es gibt keine Datei a {x}.png. Prüfen Sie Namen und Ordner."
    assert problem_text(problem, "zh") == "没有文件 a {x}.png。请检查文件名和文件夹。"
    assert problem_parts(problem, "fr") == ("il n'y a pas de fichier a {x}.png", "vérifiez son nom et son dossier")
    assert problem_text(problem, "xx") == str(problem)


def test_a_text_that_no_catalogue_has_stays_english_braces_and_all() -> None:
    problem = BadInput(f"a {{strange}} thing in {1}", "do as you like")
    assert problem_text(problem, "de") == "a {strange} thing in 1. Do as you like."
    assert in_language(in_english("a file {that} is odd"), "de") == "a file {that} is odd"


def test_values_are_told_in_the_language_too() -> None:
    fix = Translatable("run `{command}`", command="assistant setup")
    problem = MissingModel("the file {name} of {model} is damaged", "{fix} to replace it", name="a.onnx", model="starter", fix=fix)
    assert problem_text(problem, "de") == "die Datei a.onnx von starter ist beschädigt. Starten Sie `assistant setup`, um sie zu ersetzen."


def test_fixed_phrases_and_names_of_languages_are_known_as_well() -> None:
    dark, _ = phrase("dark", "en")
    told = Translatable("at {time}: {what}", time="0:05", what=Translatable(dark))
    assert in_language(told, "fr") == f"à 0:05 : {phrase('dark', 'fr')[0]}"
    assert in_language("French", "de") == "Französisch"


def test_programs_are_told_in_english_what_people_are_told_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    warning = Translatable("stopped before the end: the rest was not looked at")
    text = joined(["Eine Katze.", Translatable("{text}.", text=Capitalized(warning))], "\n")
    set_terminal_language("de")
    try:
        print_result((text, {"warnings": [warning]}), as_json=False)
        print_result((text, {"warnings": [copy.deepcopy(warning)]}), as_json=True)
    finally:
        set_terminal_language("en")
    people, german, program = capsys.readouterr().out.splitlines()
    assert (people, german) == ("Eine Katze.", "Vor dem Ende abgebrochen: der Rest wurde nicht angesehen.")
    assert json.loads(program) == {"warnings": ["stopped before the end: the rest was not looked at"]}


class Lost:
    """Ears whose model is gone when they are needed."""

    def __init__(self) -> None:
        self.problem = LostDevice("the loudspeaker takes no more sound", "check its cable or plug it in again")

    def transcribe(self, *_: object, **__: object) -> None:
        raise self.problem


@each_language
def test_a_trouble_of_the_live_loop_is_spoken_in_the_language_of_the_conversation(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live = HeardSession("", "", [], Settings(language=code))
    ears = Lost()
    monkeypatch.setattr(live.conversation, "understand_addressed", ears.transcribe)
    live.ask()
    what, fix = problem_parts(ears.problem, code)
    assert live.told[-1].text == phrase("trouble", code, what=what, fix=fix)[0]
    assert live.told[-1].language == code
    assert "loudspeaker" not in live.told[-1].text and "check" not in live.told[-1].text
