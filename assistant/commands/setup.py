"""`assistant setup`: fetches and verifies the default set, and more with --with. Safe to run again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from assistant.commands.models import fetch_model
from assistant.manifests import all_manifests, find_manifest
from assistant.model_store import ModelStore, models_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--with", dest="extras", metavar="NAME", nargs="+", default=[], help="models or voices beyond the default set")


def run(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """One result a model: (text for people, object for programs)."""
    store = ModelStore(models_dir(options.models_dir))
    extras = [find_manifest(name) for name in options.extras]
    for manifest in [*(manifest for manifest in all_manifests() if manifest.default), *extras]:
        yield fetch_model(manifest, store)
