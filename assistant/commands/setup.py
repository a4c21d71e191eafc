"""`assistant setup`: fetches and verifies the default set, and more with --with; finds the fastest variants. Safe to run again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from assistant.commands.models import fetch_model
from assistant.commands.options import store_of
from assistant.commands.output import Result
from assistant.commands.variants import choose_variants, installed_models
from assistant.store.manifests import all_manifests, find_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant setup` takes."""
    parser.add_argument("--with", dest="extras", metavar="NAME", nargs="+", default=[], help="models or voices beyond the default set")


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Fetch the default set and --with; yield one result a model, and one for each whose variants were compared."""
    store = store_of(options)
    extras = [find_manifest(name) for name in options.extras]
    for manifest in [*(manifest for manifest in all_manifests() if manifest.default), *extras]:
        yield fetch_model(manifest, store)
    for choice in choose_variants(installed_models(store), store):
        yield f"{choice.model}: the fastest variant here; {choice.detail}", {"name": choice.model, **choice.to_dict()}
