"""Imports go one way (DESIGN.md section 1): a room imports only rooms below it."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.support.folders import PROJECT

SHARED = {
    "messages",
    "interfaces",
    "turns",
    "problems",
    "translatable",
    "toml_files",
    "toml_mistakes",
    "settings",
    "workers",
    "languages",
    "offline",
    "socket_filter",
    "written_files",
    "lanes",
}
STAGES = SHARED | {"seeing", "reading", "hearing", "answering", "speaking", "videos"}
PATH = STAGES | {"understanding", "conversation", "live"}
ADAPTERS = SHARED | {"store"}
ASSEMBLY = PATH | ADAPTERS | {"devices", "engines", "instruments"}
MAY_IMPORT = {
    **dict.fromkeys(SHARED, SHARED),
    **dict.fromkeys(("seeing", "hearing", "answering", "speaking", "videos"), STAGES),
    "reading": {"messages", "interfaces", "problems", "translatable", "languages", "toml_files"},
    **dict.fromkeys(("understanding", "conversation", "live"), PATH),
    "store": ADAPTERS,
    "devices": ADAPTERS | {"devices"},
    "engines": ADAPTERS | {"engines"},
    "instruments": ADAPTERS | {"instruments", "reading", "seeing"},
    "export": ADAPTERS | {"engines", "export"},
    "assembly": ASSEMBLY,
    "benchmarks": ASSEMBLY | {"assembly", "benchmarks", "export"},
    "serving": PATH | ADAPTERS | {"assembly"},
    "commands": PATH | ADAPTERS | {"assembly", "benchmarks", "commands", "export", "serving"},
    "command_line": SHARED | {"commands"},
    "__main__": {"command_line"},
    "__init__": PATH | ADAPTERS | {"assembly", "asynchronous"},
    "asynchronous": SHARED | {"Assistant"},
}
"""Room -> the rooms it may name. Engines, instruments and devices are named by `assembly` alone and by what measures or makes them."""


def test_a_room_imports_only_rooms_below_it() -> None:
    package, imported = PROJECT / "assistant", defaultdict[str, set[str]](set)
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        imported[room] |= rooms_named(ast.parse(path.read_text(encoding="utf-8"))) - {room}
    assert {room: rooms - MAY_IMPORT[room] for room, rooms in imported.items() if rooms - MAY_IMPORT[room]} == {}


def rooms_named(tree: ast.AST) -> set[str]:
    """First name below `assistant` of everything that is imported, wherever in a file."""
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            modules += [f"assistant.{alias.name}" for alias in node.names] if node.module == "assistant" else [node.module or ""]
    return {module.split(".")[1] for module in modules if module.startswith("assistant.")} - {"__version__"}
