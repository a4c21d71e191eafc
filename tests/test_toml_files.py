"""However a file of ours is spoilt, its author is told in one line; seeded."""

from __future__ import annotations

import copy
import json
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.languages import Language
from assistant.problems import BadInput
from assistant.store.manifests import read_manifest
from assistant.toml_files import load_toml
from tests.support.folders import PROJECT

WRONG = [3, -3, 0.5, "x", "", True, [], [3], {}, {"q": 3}, [{"a": 1}], [[1]]]
MANIFESTS = ["models/starter", "models/smolvlm2-256m", "models/whisper-base", "models/firefox-en-pt", "voices/es_ES-davefx-medium"]


@pytest.mark.parametrize("name", [*MANIFESTS, "assistant/languages/ru"])
def test_a_spoilt_file_is_told_in_one_line_or_is_still_good(name: str, tmp_path: Path) -> None:
    good = tomllib.loads((PROJECT / f"{name}.toml").read_text(encoding="utf-8"))
    rng, path, told = random.Random(name), tmp_path / "toy.toml", 0
    for _ in range(60):
        path.write_text(as_toml(spoilt(good, rng)), encoding="utf-8")
        try:
            if "languages" in name:
                load_toml(path, Language, "the language file", "", code="ru")
            else:
                read_manifest(path, "voice" if "voices" in name else "model")
        except BadInput as bad:
            told += 1
            assert "toy.toml" in str(bad)
            assert "\n" not in str(bad)
    assert told > 20


def spoilt(good: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A copy with one value exchanged or taken out, or one added."""
    table = copy.deepcopy(good)
    here, name = rng.choice([*places(table)])
    change = rng.choice(("exchange", "take out", "add"))
    if change == "exchange" or isinstance(here, list):
        here[name] = rng.choice(WRONG)
    elif change == "take out":
        del here[name]
    else:
        here["unheard of"] = rng.choice(WRONG)
    return table


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each (table or list, name or number) below the value."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, name
        yield from places(inner)


def as_toml(table: dict[str, Any]) -> str:
    """The table with all that is inside it on one line a field."""
    return "".join(f"{json.dumps(name)} = {inline(value)}\n" for name, value in table.items())


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {inline(inner)}" for name, inner in value.items()) + "}"
    return f"[{', '.join(map(inline, value))}]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
