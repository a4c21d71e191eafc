"""`assistant voices`: the Piper voices there are, and fetching one for a language."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from assistant.commands.models import fetch_model, list_models
from assistant.commands.options import store_of
from assistant.commands.output import Result
from assistant.problems import BadInput, shorten
from assistant.store.manifests import Manifest, all_manifests


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant voices` takes."""
    parser.add_argument("action", choices=["list", "fetch"])
    parser.add_argument("name", metavar="xx", nargs="?", help="what to fetch: a language such as es, or a voice's name")


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Do the action; yield one result for each voice that it concerns."""
    store = store_of(options)
    if options.action == "list":
        yield from list_models(_voices(), store)
    elif options.name is None:
        raise BadInput("`assistant voices fetch` needs a language", "write for example `assistant voices fetch es`")
    else:
        yield fetch_model(find_voice(options.name), store)


def find_voice(wanted: str) -> Manifest:
    """Return the voice of that name, else the first voice of that language. BadInput lists what there is."""
    for voice in sorted(_voices(), key=lambda voice: (voice.name != wanted, not voice.default, voice.name)):
        if voice.name == wanted or wanted.replace("-", "_") in voice.languages:
            return voice
    names = ", ".join(voice.name for voice in _voices())
    raise BadInput(
        f"there is no Piper voice for {shorten(wanted)!r}", f"eSpeak NG needs none for its languages; the Piper voices are {names}"
    )


def _voices() -> tuple[Manifest, ...]:
    return tuple(manifest for manifest in all_manifests() if manifest.kind == "voice")
