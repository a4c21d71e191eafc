"""What belongs to a language: what `assistant setup --language xx` fetches beside the default set; and which language is the user's."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from assistant.assembly import TRANSLATES, WHISPER_SMALL
from assistant.languages import FALLBACK, languages
from assistant.store.manifests import Manifest, all_manifests
from assistant.store.model_store import data_dir
from assistant.translatable import Translatable, as_message
from assistant.written_files import write_problem


class Wanted(NamedTuple):
    """A model or voice of a language."""

    manifest: Manifest
    without: Translatable
    """What happens as long as it isn't here."""


def wanted_for(code: str) -> list[Wanted]:
    """Return what a language is better with, beside the default set: its first voice, its translators, ears that understand it."""
    known, manifests = languages()[code], {manifest.name: manifest for manifest in all_manifests()}
    named = as_message(known.name)
    voice = next((manifests[name] for name in known.voices if name in manifests), None)
    found = [Wanted(voice, Translatable("eSpeak NG speaks {language} meanwhile", language=named))] if voice and not voice.default else []
    if code == FALLBACK:
        return found
    for manifest in manifests.values():
        if manifest.job.startswith(TRANSLATES) and manifest.languages == (FALLBACK, code) and not manifest.default:
            without = Translatable(
                "what {language} has no sure translation of is told in English meanwhile, after the native names of the things",
                language=named,
            )
            found.append(Wanted(manifest, without))
        elif manifest.job.startswith(TRANSLATES) and manifest.languages == (code, FALLBACK):
            found.append(Wanted(manifest, Translatable("Whisper itself puts {language} questions into English meanwhile", language=named)))
    if not known.is_heard:
        found.append(
            Wanted(
                manifests[WHISPER_SMALL],
                Translatable("Whisper base hears {language} badly: type, use the key, or speak English meanwhile", language=named),
            )
        )
    return found


def default_language() -> str:
    """Return the language that was set up as the user's; English where none was, or its file is gone."""
    try:
        code = _place().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return FALLBACK
    return code if code in languages() else FALLBACK


def make_default(code: str) -> Path:
    """Remember the user's language, and return where. BadInput or DiskFull if it can't be written."""
    place = _place()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{code}\n", encoding="ascii")
    except OSError as error:
        raise write_problem(error, f"in {place.parent}", "the default language") from error
    return place


def _place() -> Path:
    return data_dir() / "language"
