"""Setting up a language: codes as people write them, all that belongs to it, and the truth where something can't be had."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from assistant import assembly
from assistant.commands import setup
from assistant.commands.language_sets import default_language, make_default, wanted_for
from assistant.commands.options import settings_of
from assistant.languages import languages
from assistant.languages.catalogues import in_language
from assistant.languages.codes import language_code
from assistant.problems import BadInput, NetworkTrouble
from assistant.store.manifests import Manifest
from assistant.store.model_store import ModelStore


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en-GB", "en"),
        ("pt_BR", "pt"),
        ("EN", "en"),
        ("zh_CN", "zh"),
        ("zh-Hant-TW", "zh"),
        ("de_DE.UTF-8", "de"),
        (" fr ", "fr"),
        ("deu", "de"),
    ],
)
def test_codes_are_understood_as_people_write_them(text: str, code: str) -> None:
    assert language_code(text) == code


@pytest.mark.parametrize("text", ["", "xx", "english", "-", "e", "日本"])
def test_what_is_no_language_of_ours_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(BadInput, match="de, en"):
        language_code(text)


@pytest.mark.parametrize("code", languages())
def test_every_language_says_what_happens_without_each_of_its_parts(code: str) -> None:
    for manifest, without in wanted_for(code):
        assert not manifest.default
        assert without.endswith(("meanwhile", "things"))


def test_french_wants_a_voice_and_both_directions() -> None:
    assert [wanted.manifest.name for wanted in wanted_for("fr")] == ["fr_FR-siwis-medium", "opus-mt-en-fr", "opus-mt-fr-en"]


def test_a_language_that_base_hears_badly_wants_better_ears() -> None:
    assert "whisper-small" in [wanted.manifest.name for wanted in wanted_for("hi")]


def lines_of_setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *codes: str) -> list[str]:
    """What people read of it, in the first language."""
    with_default_set(monkeypatch)
    options = argparse.Namespace(languages=list(codes), extras=[], models_dir=tmp_path, starter_only=True)
    return [in_language(text, codes[0]) for text, _ in setup.run(options)]


def run_setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *codes: str) -> list[dict[str, Any]]:
    """With a registry that has the default set and a hub that can't be reached."""
    with_default_set(monkeypatch)
    return [data for _, data in setup.run(argparse.Namespace(languages=list(codes), extras=[], models_dir=tmp_path, starter_only=True))]


def with_default_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(manifest: Manifest, store: ModelStore) -> tuple[str, dict[str, Any]]:
        if not manifest.default:
            raise NetworkTrouble("the hub is busy or in trouble (HTTP {status})", "try again later", status=503)
        return manifest.name, {"name": manifest.name, "fetched": True}

    monkeypatch.setattr(setup, "fetch_model", fetch)
    monkeypatch.setattr(setup, "installed_models", lambda store: [])
    monkeypatch.setattr(assembly, "eye_name", lambda *_: "starter")


def test_what_cant_be_had_is_told_in_the_language_that_is_set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = lines_of_setup(monkeypatch, tmp_path, "de")
    trouble = "der Hub ist überlastet oder gestört (HTTP 503)"
    assert f"de_DE-thorsten-medium: nicht da, {trouble}. Bis dahin spricht eSpeak NG (Deutsch)." in lines
    assert lines[-2:] == ["Voreingestellte Sprache ist jetzt: Deutsch", "das Auge ist starter"]


def test_what_cant_be_had_is_named_with_what_happens_then_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    results = run_setup(monkeypatch, tmp_path, "fr-FR", "de")
    missing = {result["name"]: result["without"] for result in results if result.get("problem")}
    assert {"fr_FR-siwis-medium", "opus-mt-en-fr", "de_DE-thorsten-medium"} <= missing.keys()
    assert missing["fr_FR-siwis-medium"] == "eSpeak NG speaks French meanwhile"
    assert "fr" in [result.get("default_language") for result in results]
    assert default_language() == "fr"


def test_an_unknown_language_stops_set_up_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown"):
        run_setup(monkeypatch, tmp_path, "xx")


def test_without_a_language_the_default_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_default("pt")
    run_setup(monkeypatch, tmp_path)
    assert default_language() == "pt"


def test_the_default_language_is_that_of_the_settings_unless_a_file_says_otherwise(tmp_path: Path) -> None:
    assert settings_of(argparse.Namespace(settings=None)).language == "en"
    make_default("de")
    assert settings_of(argparse.Namespace(settings=None)).language == "de"
    (tmp_path / "own.toml").write_text('language = "es"\n')
    assert settings_of(argparse.Namespace(settings=tmp_path / "own.toml")).language == "es"


def test_a_damaged_default_is_english(tmp_path: Path) -> None:
    make_default("de").write_bytes(b"\xff\x00")
    assert default_language() == "en"
