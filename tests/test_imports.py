"""Imports go one way (DESIGN.md section 1), so that the core can be tested with numpy alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "assistant"

FIRST = {"messages", "interfaces", "turns", "problems", "settings", "workers", "languages", "offline", "package_data", "fingerprint"}
STORE = {"manifest_table", "manifests", "model_store", "variant_choice"}
FETCH = {"fetch_common", "fetch_wheels", "fetch_hub", "model_fetch"}
STAGES = {"seeing", "hearing", "answering", "speaking"}
VIDEOS = {"videos"}
PATH = {"conversation", "live"}
MAY_IMPORT = {
    **dict.fromkeys(FIRST, FIRST),
    **dict.fromkeys(STORE, FIRST | STORE),
    **dict.fromkeys(STAGES, FIRST | STAGES),
    **dict.fromkeys(VIDEOS, FIRST | STAGES | VIDEOS),
    **dict.fromkeys(PATH, FIRST | STAGES | VIDEOS | PATH),
    "devices": FIRST | STORE | {"devices"},
    "runtimes": FIRST | STORE | {"runtimes"},
    "building": FIRST | STORE | {"building", "runtimes"},
    **dict.fromkeys(FETCH, FIRST | STORE | FETCH | {"building"}),
    "benchmarks": FIRST | STORE | STAGES | VIDEOS | PATH | {"assembly", "benchmarks", "devices", "runtimes", "building"},
    "assembly": FIRST | STORE | STAGES | VIDEOS | PATH | {"devices", "runtimes"},
    "commands": FIRST | STORE | STAGES | VIDEOS | PATH | {"assembly", "benchmarks", "commands", "model_fetch", "building"},
    "command_line": FIRST | {"commands"},
    "__main__": {"command_line"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported_rooms(path: Path) -> set[str]:
    """First name below `assistant` of everything the file imports, wherever in the file."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "assistant":
            modules += [f"assistant.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            modules.append(node.module or "")
    return {module.split(".")[1] for module in modules if module.startswith("assistant.")} - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_below_it(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room != "__init__":
        assert imported_rooms(path) <= MAY_IMPORT[room]
