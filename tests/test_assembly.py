"""Which languages are listened for."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.assembly import enabled_languages
from assistant.languages import languages
from assistant.problems import BadInput
from assistant.settings import EarSettings, load_settings
from assistant.store.model_store import ModelStore


@pytest.fixture
def nothing_fetched(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_by_default_english_and_what_can_be_heard_usably_and_always_the_users_own(nothing_fetched: ModelStore) -> None:
    heard = [code for code, language in languages().items() if language.is_heard]
    assert {"en", "es"} <= {*heard}
    assert set(enabled_languages(EarSettings(), "en", nothing_fetched)) == {*heard}
    assert enabled_languages(EarSettings(), "ko", nothing_fetched) == ("ko", *heard)


def test_the_settings_name_others(nothing_fetched: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('language = "pt"\n[ears]\nlanguages = ["en", "hi"]\n', encoding="utf-8")
    settings = load_settings(tmp_path / "settings.toml")
    assert enabled_languages(settings.ears, settings.language, nothing_fetched) == ("pt", "en", "hi")


@pytest.mark.parametrize("languages", ['"en"', "3", '["en", 3]'])
def test_they_are_given_as_a_list(languages: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f"[ears]\nlanguages = {languages}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="list of texts"):
        load_settings(tmp_path / "settings.toml")


@pytest.mark.parametrize(("language", "others"), [("en", ("xx",)), ("xx", ("en",))])
def test_one_without_a_file_is_told(language: str, others: tuple[str, ...], nothing_fetched: ModelStore) -> None:
    with pytest.raises(BadInput, match="xx"):
        enabled_languages(EarSettings(languages=others), language, nothing_fetched)
