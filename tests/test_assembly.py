"""Which languages are listened for, what reads text, and what finds things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.assembly import enabled_languages, open_detector, open_face_detector, open_text_reader
from assistant.interfaces import ObjectDetector
from assistant.languages import languages
from assistant.messages import FACING
from assistant.problems import BadInput, MissingModel
from assistant.settings import EarSettings, load_settings
from assistant.store.model_store import ModelStore
from tests.support.signs import render


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


@pytest.mark.parametrize("open_one", [open_detector, open_face_detector])
def test_without_its_model_a_detector_says_what_fetches_it(
    open_one: Callable[[ModelStore], ObjectDetector], nothing_fetched: ModelStore
) -> None:
    with pytest.raises(MissingModel, match="assistant setup"):
        open_one(nothing_fetched)


@pytest.mark.models
def test_people_and_things_are_looked_for_and_faces(models_dir: Path) -> None:
    store = ModelStore(models_dir)
    assert {"person", "chair", "dining table", "tv"} <= open_detector(store, threads=1).labels
    assert open_face_detector(store, threads=1, live=True).labels == {"face", FACING}


def test_without_its_model_the_reader_says_what_fetches_it(nothing_fetched: ModelStore) -> None:
    with pytest.raises(MissingModel, match="assistant setup"):
        open_text_reader(nothing_fetched)


@pytest.mark.models
@pytest.mark.parametrize("path", [None, "/nonexistent"])
def test_text_is_read_with_tesseract_beside_and_without(path: str | None, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path:
        monkeypatch.setenv("PATH", path)
    reader = open_text_reader(ModelStore(models_dir), threads=1)
    assert [line.text for line in reader.read(render([("Bakery", 40, 40, 50)], 320, 160))] == ["Bakery"]
