"""`assistant models`: what models and voices there are, which are here; fetch, check or delete one; export a SmolVLM2 model to ONNX."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.commands.options import store_of
from assistant.manifests import Manifest, all_manifests, find_manifest
from assistant.model_store import ModelStore, format_size
from assistant.problems import BadInput, MissingModel

Result = tuple[str, dict[str, Any]]
"""(text for people, object for programs)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "fetch", "verify", "remove", "export"])
    name_help = "a name from the list (verify takes all that are here without one); for export a folder that transformers saved"
    parser.add_argument("name", metavar="NAME|DIR", nargs="?", help=name_help)
    parser.add_argument("--out", type=Path, metavar="DIR", help="export: the folder to make, in the published layout")
    variants_help = "export: kinds of weights, of fp32, fp16, int8, q4, q4f16 (default: fp32 int8 q4)"
    parser.add_argument("--variants", nargs="+", metavar="KIND", help=variants_help)
    compare_help = "export: don't compare with transformers, which takes memory for the whole model in float32"
    parser.add_argument("--no-compare", dest="compare", action="store_false", help=compare_help)


def run(options: argparse.Namespace) -> Iterator[Result]:
    store = store_of(options)
    if options.action == "list":
        yield from list_models(all_manifests(), store)
    elif options.action == "verify":
        yield from _verify(options.name, store)
    elif options.name is None:
        raise BadInput(f"`assistant models {options.action}` needs a name", "`assistant models list` shows them")
    elif options.action == "export":
        yield from _export(options)
    elif options.action == "fetch":
        yield fetch_model(find_manifest(options.name), store)
    else:
        removed = store.remove(options.name)
        yield f"{options.name}: {'removed' if removed else 'was not here'}", {"name": options.name, "removed": removed}


def fetch_model(manifest: Manifest, store: ModelStore) -> Result:
    """Fetch a model or voice unless it is here; tells its licence and where it came from."""
    from assistant.model_fetch import ensure  # the network's code is loaded only where something is fetched

    fetched = ensure(manifest.name, store, _report)
    size = _size_on_disk(manifest, store)
    outcome = "fetched" if fetched else "already here"
    text = f"{manifest.name}: {outcome}, {format_size(size)}; licence {manifest.licence}; from {manifest.origin}"
    return text, _describe(manifest) | {"fetched": fetched, "size_bytes": size, "folder": str(store.place(manifest.name))}


def list_models(manifests: tuple[Manifest, ...], store: ModelStore) -> Iterator[Result]:
    """One result each, with its state: installed, missing or damaged."""
    for manifest in manifests:
        state = store.state(manifest.name)
        size = _size_on_disk(manifest, store) if state == "installed" else manifest.size_bytes
        text = (
            f"{manifest.name:24} {state:10} {format_size(size):>13}  {manifest.job} ({', '.join(manifest.languages)}); {manifest.licence}"
        )
        yield text, _describe(manifest) | {"state": state, "size_bytes": size, "default": manifest.default}


def _verify(name: str | None, store: ModelStore) -> Iterator[Result]:
    """Without a name: everything that is here. Raises the first trouble once all were read."""
    names = [name] if name else [manifest.name for manifest in all_manifests() if store.place(manifest.name).exists()]
    troubles = []
    for each in names:
        try:
            store.verify(each)
        except MissingModel as trouble:
            troubles.append(trouble)
            yield f"{each}: {trouble.what}", {"name": each, "whole": False, "problem": trouble.what}
        else:
            yield f"{each}: whole", {"name": each, "whole": True, "problem": None}
    if troubles:
        raise troubles[0]


def _export(options: argparse.Namespace) -> Iterator[Result]:
    """One result a kind of weights."""
    if options.out is None:
        raise BadInput("`assistant models export` needs to know where to", "add --out DIR")
    from assistant.building.smolvlm_export import DEFAULT_VARIANTS, export_smolvlm  # only this action builds graphs

    variants = options.variants or DEFAULT_VARIANTS
    for tried in export_smolvlm(Path(options.name), options.out, variants, _report, compare=options.compare):
        graphs = [options.out / "onnx" / file for file in tried.files]
        size = sum(path.stat().st_size for path in graphs)
        agreement = f"{tried.same_tokens} of {tried.tokens} tokens as {tried.compared_with}"
        difference = f"largest logit difference {tried.largest_difference:.2g}"
        text = f"{tried.variant:6} {format_size(size):>10}  {agreement}, {difference}"
        yield text, asdict(tried) | {"size_bytes": size, "folder": str(options.out)}


def _describe(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "kind": manifest.kind,
        "job": manifest.job,
        "languages": list(manifest.languages),
        "licence": manifest.licence,
        "origin": manifest.origin,
    }


def _size_on_disk(manifest: Manifest, store: ModelStore) -> int:
    return sum(path.stat().st_size for path in store.place(manifest.name).rglob("*") if path.is_file())


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
