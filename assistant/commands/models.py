"""`assistant models`: what models and voices there are, which are here; fetch, check or delete one; export a SmolVLM2 model to ONNX."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.commands.options import store_of
from assistant.commands.output import Result
from assistant.languages.catalogues import for_terminal
from assistant.problems import BadInput, MissingModel, shorten
from assistant.store.manifests import Manifest, all_manifests, find_manifest
from assistant.store.model_store import ModelStore, format_size
from assistant.translatable import Translatable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant models` takes."""
    parser.add_argument("action", choices=["list", "fetch", "verify", "remove", "export"])
    name_help = "a name from the list (verify takes all that are here without one); for export a folder that transformers saved"
    parser.add_argument("name", metavar="NAME|DIR", nargs="?", help=name_help)
    parser.add_argument("--out", type=Path, metavar="DIR", help="export: the folder to make, in the published layout")
    export_kinds = "of fp32, fp16, quantized, int8, q4, q4f16 (default: fp32 quantized int8 q4)"
    variants_help = f"fetch: kinds of weights, or all (`list` shows them); export: {export_kinds}"
    parser.add_argument("--variant", "--variants", dest="variants", metavar="V", nargs="+", default=[], help=variants_help)
    compare_help = "export: don't compare with transformers, which takes memory for the whole model in float32"
    parser.add_argument("--no-compare", dest="compare", action="store_false", help=compare_help)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Do the action; yield one result for each model that it concerns."""
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
        yield fetch_model(find_manifest(options.name), store, options.variants)
    else:
        removed = store.remove(options.name)
        yield f"{options.name}: {'removed' if removed else 'was not here'}", {"name": options.name, "removed": removed}


def fetch_model(manifest: Manifest, store: ModelStore, variants: Sequence[str] = ()) -> Result:
    """Fetch a model or voice unless it is here; return its licence, where it came from and what is to be done next, if anything."""
    from assistant.export.builders import builder_of
    from assistant.store.fetch import ensure  # the network's code is loaded only where something is fetched

    fetched = ensure(manifest.name, store, _report, builder_of(manifest.name), variants=variants)
    size, here = _size_on_disk(manifest, store), store.variants(manifest.name)
    outcome = Translatable("fetched") if fetched else Translatable("already here")
    kinds = f" ({', '.join(here)})" if here else ""
    following = _next_step(manifest, store, here)
    licence = _card_licence(store.place(manifest.name)) or manifest.licence
    text = Translatable(
        "{name}: {outcome}, {size}; licence {licence}; from {origin}",
        **{"name": manifest.name + kinds, "outcome": outcome, "size": format_size(size), "licence": licence, "origin": manifest.origin},
    )
    data = {
        "fetched": fetched,
        "size_bytes": size,
        "folder": str(store.place(manifest.name)),
        "variants_here": list(here),
        "next": following,
    }
    return Translatable("{text}. Next: {next}", text=text, next=following) if following else text, _describe(manifest) | data | {
        "licence": licence
    }


def _card_licence(folder: Path) -> str | None:
    """What a Piper voice's own card says of it, as "* License: CC0" does."""
    try:
        card = (folder / "MODEL_CARD").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r"^\W*licen[cs]e:\s*(\S.*)$", card, re.IGNORECASE | re.MULTILINE)
    return f"{shorten(found[1], 80)} (its MODEL_CARD)" if found else None


def _next_step(manifest: Manifest, store: ModelStore, variants_here: Sequence[str]) -> str | None:
    """What the user does with a model that can't be used, or not at its best, as it was fetched."""
    if manifest.export:
        command = f"assistant models export {store.place(manifest.name)} --out DIR"
        return Translatable("make graphs of its weights with `{command}`, then use `--model DIR`", command=command)
    if len(variants_here) > 1:
        return Translatable("`assistant check` measures which of its variants is the fastest here, and remembers it")
    return None


def list_models(manifests: tuple[Manifest, ...], store: ModelStore) -> Iterator[Result]:
    """Yield one result a model, with its state: installed, missing or damaged, and the size of what is here, or would be fetched."""
    for manifest in manifests:
        state, here = store.state(manifest.name), store.variants(manifest.name)
        size = _size_on_disk(manifest, store) if state == "installed" else manifest.size_bytes
        kinds = "".join(f" {'+' if variant in here else ''}{variant}" for variant in manifest.variants)
        about = f"{manifest.job} ({', '.join(manifest.languages)}); {manifest.licence}{f'; variants (+ here):{kinds}' if kinds else ''}"
        yield (
            f"{manifest.name:26} {state:10} {format_size(size):>13}  {about}",
            _describe(manifest) | {"state": state, "size_bytes": size, "default": manifest.default, "variants_here": list(here)},
        )


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
    from assistant.export.smolvlm_export import DEFAULT_VARIANTS, export_smolvlm  # only this action builds graphs

    variants = options.variants or DEFAULT_VARIANTS
    for checked in export_smolvlm(Path(options.name), options.out, variants, _report, compare=options.compare):
        graphs = [options.out / "onnx" / file for file in checked.files]
        size = sum(path.stat().st_size for path in graphs)
        agreement = f"{checked.same_tokens} of {checked.tokens} tokens as {checked.compared_with}"
        text = f"{checked.variant:6} {format_size(size):>10}  {agreement}, largest logit difference {checked.largest_difference:.2g}"
        yield text, asdict(checked) | {"size_bytes": size, "folder": str(options.out)}


def _describe(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "kind": manifest.kind,
        "job": manifest.job,
        "languages": list(manifest.languages),
        "licence": manifest.licence,
        "origin": manifest.origin,
        "variants": list(manifest.variants),
        "sample_rate_hz": manifest.sample_rate_hz,
        "speakers": manifest.speakers,
    }


def _size_on_disk(manifest: Manifest, store: ModelStore) -> int:
    return sum(path.stat().st_size for path in store.place(manifest.name).rglob("*") if path.is_file())


def _report(line: str) -> None:
    print(for_terminal(line), file=sys.stderr, flush=True)
