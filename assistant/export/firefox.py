"""Makes Firefox's published translators into graphs that onnxruntime reads: a folder for each direction. Needs no network."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from assistant.export.marian_file import read_model
from assistant.export.marian_graph import write_graphs
from assistant.problems import DamagedModel

WEIGHTS = "firefox-en-pt-weights"
"""Name of the manifest of the published files."""
_MODEL_NAME = re.compile(r"model\.([a-z]{2})([a-z]{2})\..*bin")


def build_firefox(sources: Path, destination: Path, report: Callable[[str], None]) -> None:
    """Write the translators whose files lie in `sources`/firefox-en-pt-weights. DamagedModel if one can't be read."""
    for pair in build_translators(sources / WEIGHTS, destination):
        report(f"made the translator {pair}")


def build_translators(published: Path, destination: Path) -> list[str]:
    """Write a folder XX-YY for each model in `published`, and return the folders' names.

    A model is `model.XXYY.*.bin` with `vocab.XXYY.spm` (or srcvocab and trgvocab). DamagedModel if there is none or one can't be read.
    """
    found = [(match, path) for path in sorted(published.glob("model.*.bin")) if (match := _MODEL_NAME.fullmatch(path.name))]
    try:
        if not found:
            raise ValueError(f"no model is in {published.name}")
        for match, path in found:
            folder = destination / f"{match[1]}-{match[2]}"
            folder.mkdir(parents=True)
            for side, prefix in (("source", "src"), ("target", "trg")):
                vocabularies = [published / f"{start}vocab.{match[1]}{match[2]}.spm" for start in (prefix, "")]
                shutil.copyfile(next((each for each in vocabularies if each.is_file()), vocabularies[1]), folder / f"{side}.spm")
            write_graphs(read_model(path), folder)
    except (FileNotFoundError, ValueError, KeyError) as error:
        fix = f"run `assistant models remove {WEIGHTS}`, then `assistant setup`"
        raise DamagedModel(f"the translator can't be made ({error})", fix) from error
    return [f"{match[1]}-{match[2]}" for match, _ in found]
