"""What `assistant check` tells of each language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant import assembly
from assistant.commands.check import _languages
from assistant.interfaces import Translator
from assistant.languages import languages
from assistant.store.model_store import ModelStore


class IntoTurkish:
    pairs = frozenset({("en", "tr")})

    def translate(self, sentence: str, source: str, target: str) -> str:
        return sentence


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """By language, on a machine where nothing was fetched, something translates into Turkish, and the Korean file lacks two things."""
    monkeypatch.delitem(languages()["ko"].phrases, "help")
    monkeypatch.delitem(languages()["ko"].commands, "louder")
    translators: list[Translator] = [IntoTurkish()]
    monkeypatch.setattr(assembly, "open_translators", lambda store: translators)
    return {data["check"].split()[1]: data for _, data in _languages(ModelStore(tmp_path / "models"))}


def test_every_language_has_a_line_of_its_own(told: dict[str, dict[str, Any]]) -> None:
    assert languages().keys() <= told.keys()


def test_phrases_are_native_or_it_tells_which_are_missing(told: dict[str, dict[str, Any]]) -> None:
    assert {told[code]["phrases"] for code in languages() if code != "ko"} == {"native"}
    assert told["ko"]["phrases"] == "missing, in English: help, louder"


def test_descriptions_are_native_translated_or_told_by_the_names_of_things(told: dict[str, dict[str, Any]]) -> None:
    assert told["en"]["descriptions"] == "native"
    assert told["tr"]["descriptions"].startswith("a fetched model")
    assert told["ko"]["descriptions"].startswith("no translator: the things in it natively")
    assert all("by hand" in told[code]["names"] for code in languages() if code != "en")


def test_it_tells_who_speaks_each_language(told: dict[str, dict[str, Any]]) -> None:
    assert {told[code]["voice"] for code in languages()} == {"eSpeak NG, a robot's"}


def test_it_tells_plainly_which_languages_are_not_heard_well_and_what_then(told: dict[str, dict[str, Any]]) -> None:
    assert told["en"]["hear"].startswith("usable, on (people: published")
    assert told["ko"]["hear"].startswith("unusable, off (")
    assert "ko" in told["that"]["languages"] and "en" not in told["that"]["languages"]
    assert "the key needs no ears" in told["that"]["detail"]
