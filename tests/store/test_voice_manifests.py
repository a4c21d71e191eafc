"""`assistant voices fetch xx` for each language that has a Piper voice: its real manifest, small stand-ins for the bytes."""

from __future__ import annotations

import argparse
import hashlib

import pytest
from msgspec.structs import replace

from assistant.commands import voices
from assistant.languages import languages
from assistant.problems import BadInput
from assistant.store import manifests
from assistant.store.manifests import HubSource, Manifest, all_manifests
from assistant.store.model_store import ModelStore
from tests.support.hub_server import Hub

PREFERRED = {code: language.voices[0] for code, language in languages().items() if language.voices}
VOICES = {manifest.name: manifest for manifest in all_manifests() if manifest.kind == "voice"}
CARD = b"# Model card for a voice\n\n## Dataset\n\n* URL: none\n* License: CC BY 4.0\n"


def contents(voice: Manifest) -> dict[str, bytes]:
    return {file.name: CARD if file.name == "MODEL_CARD" else f"{file.name} of the tests".encode() for file in voice.files}


def with_stand_ins(voice: Manifest) -> Manifest:
    """The same files from the same place, with the sizes and hashes of the stand-ins."""
    bytes_of = contents(voice)
    files = (
        replace(file, size_bytes=len(bytes_of[file.name]), sha256=None, md5=hashlib.md5(bytes_of[file.name]).hexdigest())
        for file in voice.files
    )
    return replace(voice, files=tuple(files))


def test_every_preferred_voice_has_a_manifest_that_tells_what_is_to_be_fetched() -> None:
    for code, name in PREFERRED.items():
        voice = VOICES[name]
        assert code in voice.languages
        assert voice.sample_rate_hz and voice.speakers and voice.size_bytes
        assert all(file.sha256 or file.md5 for file in voice.files), name


def test_a_language_without_one_is_spoken_by_espeak_and_fetch_says_so() -> None:
    assert languages().keys() - PREFERRED.keys() == {"cs", "ja", "ko"}
    with pytest.raises(BadInput, match="no Piper voice for 'ko'.*ESpeak NG needs none"):
        voices.find_voice("ko")


@pytest.mark.parametrize("code", [code for code, name in PREFERRED.items() if not VOICES[name].default])
def test_a_languages_voice_is_fetched_from_where_its_manifest_says_and_its_licence_is_shown(
    code: str, store: ModelStore, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = VOICES[PREFERRED[code]]
    [source] = voice.sources
    region, speaker, quality = voice.name.split("-")
    assert source == HubSource("rhasspy/piper-voices", "main", f"{code}/{region}/{speaker}/{quality}"), "as Piper lays its voices out"
    hub.files = {f"{source.repo}/{source.path_of(name)}": content for name, content in contents(voice).items()}
    for module in (manifests, voices):
        monkeypatch.setattr(module, "all_manifests", lambda: (with_stand_ins(voice),))
    [(line, data)] = voices.run(argparse.Namespace(action="fetch", name=code, models_dir=store.root))
    assert {path: (store.folder(voice.name) / path).read_bytes() for path in contents(voice)} == contents(voice)
    assert {path for path, _ in hub.sent} == hub.files.keys()
    assert "fetched" in line and "licence CC BY 4.0 (its MODEL_CARD)" in line
    assert (data["licence"], data["speakers"]) == ("CC BY 4.0 (its MODEL_CARD)", voice.speakers)
