"""`assistant setup`: fetches and verifies the default set, a better eye where that can be had, and more with --language and --with.

Safe to run again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from assistant import assembly
from assistant.commands.calibration import calibrate_models
from assistant.commands.language_sets import make_default, wanted_for
from assistant.commands.models import fetch_model
from assistant.commands.options import store_of
from assistant.commands.output import Result
from assistant.commands.variants import choose_variants, installed_models
from assistant.languages import languages
from assistant.languages.codes import language_code
from assistant.problems import DamagedModel, DiskFull, NetworkTrouble
from assistant.settings import BEST_MODEL
from assistant.store.eye_choice import EYES, Machine, fitting_eye
from assistant.store.manifests import HubSource, all_manifests, find_manifest
from assistant.store.model_store import ModelStore
from assistant.translatable import Capitalized, Translatable, as_message

_LATER = Translatable("the small starter sees until then; run `assistant setup` again")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant setup` takes."""
    parser.add_argument("--with", dest="extras", metavar="NAME", nargs="+", default=[], help="models or voices beyond the default set")
    languages_help = "your languages, the first becomes the default: their voices, translators and ears too, as far as they can be had"
    parser.add_argument("--language", dest="languages", metavar="xx", nargs="+", default=[], help=languages_help)
    eye = parser.add_mutually_exclusive_group()
    eye.add_argument("--small", action="store_true", help="of the better eyes only the smaller one, SmolVLM2-256M")
    eye.add_argument("--starter-only", action="store_true", help="no better eye than the starter")


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Fetch the default set, --with, --language and the eye; yield a result for each model, and each whose variants were compared."""
    store = store_of(options)
    codes = list(dict.fromkeys(language_code(text) for text in options.languages))
    extras = [find_manifest(name) for name in options.extras]
    for manifest in [*(manifest for manifest in all_manifests() if manifest.default), *extras]:
        yield fetch_model(manifest, store)
    yield from _set_up(codes, store)
    if not options.starter_only:
        yield from _fetch_eye(store, EYES[1:] if options.small else EYES)
    for choice in choose_variants(installed_models(store), store):
        text = Translatable("{model}: the fastest variant here; {detail}", model=choice.model, detail=choice.detail)
        yield text, {"name": choice.model, **choice.to_dict()}
    yield from calibrate_models(installed_models(store), store)
    eye = assembly.eye_name(BEST_MODEL, store)
    yield Translatable("the eye is {name}", name=eye), {"eye": eye}


def _set_up(codes: Sequence[str], store: ModelStore) -> Iterator[Result]:
    """Fetch what languages need; what can't be had is named, with what happens without it, and stops nothing."""
    for code in codes:
        for manifest, without in wanted_for(code):
            try:
                yield fetch_model(manifest, store)
            except (NetworkTrouble, DamagedModel) as trouble:
                text = Translatable(
                    "{name}: not here, {trouble}. {without}.", name=manifest.name, trouble=trouble.parts[0], without=Capitalized(without)
                )
                yield text, {"name": manifest.name, "fetched": False, "problem": trouble.what, "without": without}
    if codes:
        place = make_default(codes[0])
        text = Translatable("{language} is the default language now", language=as_message(languages()[codes[0]].name))
        yield text, {"default_language": codes[0], "file": str(place)}


def _fetch_eye(store: ModelStore, among: tuple[str, ...]) -> Iterator[Result]:
    """The best that fits this machine, once: what is here already needs no hub. What keeps it away is told, and isn't a failure."""
    better = among[:-1]
    here = [name for name in better if store.state(name) == "installed"]
    name, lacks = fitting_eye(Machine.this(store.root), {each: _size_gb(each) for each in better if each not in here}, better)
    if lacks:
        yield Translatable("a better eye doesn't fit this machine: {lacks}", lacks=lacks), {"name": name, "lacks": lacks}
    if name == EYES[-1] or name in here:
        return
    try:
        if why := _out_of_reach(name):
            text = Translatable("{name}, a better eye, can't be fetched: {why}; {later} when it can", name=name, why=why, later=_LATER)
            yield text, {"name": name, "fetched": False, "why": why}
            return
        yield fetch_model(find_manifest(name), store)
    except (NetworkTrouble, DamagedModel, DiskFull) as problem:
        told = Translatable(
            "{name}, a better eye, wasn't fetched: {problem}; what has come is kept, and {later}",
            name=name,
            problem=problem.text,
            later=_LATER,
        )
        yield told, {"name": name, "fetched": False, "why": str(problem)}


def _out_of_reach(name: str) -> str:
    """Why the hub doesn't give the model's first file; "" if it does."""
    from assistant.store.fetch_hub import why_no_answer  # the network's code is loaded only where something is fetched

    manifest = find_manifest(name)
    source = next(source for source in manifest.sources if isinstance(source, HubSource))
    return why_no_answer(source.repo, source.path_of(manifest.files[0].name))


def _size_gb(name: str) -> float:
    """What is fetched of a model: its default variants."""
    manifest = find_manifest(name)
    return sum(file.size_bytes or 0 for file in manifest.files_of({*manifest.default_variants})) / 1e9
