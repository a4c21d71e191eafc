"""`assistant setup`: fetches and verifies the default set, and more with --with. Safe to run again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from assistant.commands.models import fetch_model
from assistant.commands.options import store_of
from assistant.manifests import all_manifests, find_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--with", dest="extras", metavar="NAME", nargs="+", default=[], help="models or voices beyond the default set")


def run(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """One result a model: (text for people, object for programs)."""
    store = store_of(options)
    extras = [find_manifest(name) for name in options.extras]
    for manifest in [*(manifest for manifest in all_manifests() if manifest.default), *extras]:
        yield fetch_model(manifest, store)
