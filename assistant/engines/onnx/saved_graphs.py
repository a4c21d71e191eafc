"""Graphs as onnxruntime has optimised them, saved once so that loading is short. Knows nothing of what a graph computes; who does
may rewrite the saved form once more.

The weights are saved apart, in a file that onnxruntime maps into memory rather than copies: that is what makes loading sooner
and smaller. It takes as much disk as the model. Whatever goes wrong here is no error: the graph itself is loaded instead.

    FOLDER/MODEL-<its path>/GRAPH-<its file's state>/{graph.onnx, weights, made.json}
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime

_LARGEST_BYTES = 1 << 30
"""Larger graphs aren't doubled on disk; they keep their weights in a file of their own anyway."""
_ROOM_TIMES = 3
"""So many times the graph's size must be free on disk."""
_UNFINISHED, _UNFINISHED_S = "unfinished-", 3600
_FATAL_ONLY = 4


@dataclass(frozen=True)
class Rewriting:
    """Describes a further optimisation of a saved graph."""

    key: str
    """Names the optimisation and all it depends on beside the graph: another key, another saved graph."""
    rewrite: Callable[[Path], str]
    """Replaces the saved graph, whose weights lie beside it, or leaves it as it is; returns a sentence to be told on request, or ""."""


def find_saved(path: Path, folder: Path, rewriting: Rewriting | None = None) -> Path | None:
    """Return the saved form of the graph `path` as that is now, made if need be; None if there can't be one."""
    try:
        place = _place(path, folder, rewriting)
        if not _is_whole(place):
            shutil.rmtree(place, ignore_errors=True)
            if not _worthwhile(path, folder):
                return None
            _make(path, place, rewriting)
        return place / "graph.onnx"
    except Exception:  # a folder that can't be written, a full disk, a graph onnxruntime can't load or save
        return None


def discard(saved: Path) -> None:
    """Delete a saved form that turned out damaged."""
    shutil.rmtree(saved.parent, ignore_errors=True)


def read_notes(folder: Path) -> dict[str, str]:
    """Return MODEL/GRAPH -> what its rewriting had to tell, of all saved forms."""
    notes = {
        f"{made.parts[-3].rpartition('-')[0]}/{made.parts[-2].rpartition('-')[0]}": made for made in sorted(folder.glob("*/*/made.json"))
    }
    return {name: note for name, made in notes.items() if (note := _read_made(made.parent).get("note"))}


def _place(path: Path, folder: Path, rewriting: Rewriting | None) -> Path:
    """Where this state of the file belongs. Size and times alone may be those of another model, so the path counts too."""
    status = path.stat()
    model = path.resolve().parent
    state = (onnxruntime.__version__, rewriting and rewriting.key, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    name = model.parent.name if model.name == "onnx" else model.name
    return folder / f"{name}-{_short_hash(model)}" / f"{path.stem}-{_short_hash(state)}"


def _short_hash(value: object) -> str:
    return hashlib.sha256(str(value).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _worthwhile(path: Path, folder: Path) -> bool:
    size_bytes = path.stat().st_size
    weights_apart = any(other != path for other in path.parent.glob(f"{path.name}*"))
    folder.mkdir(parents=True, exist_ok=True)
    return size_bytes <= _LARGEST_BYTES and not weights_apart and shutil.disk_usage(folder).free >= _ROOM_TIMES * size_bytes


def _make(path: Path, place: Path, rewriting: Rewriting | None) -> None:
    """Write beside `place`, then rename: a form is whole or not there. Older states of the graph are removed."""
    place.parent.mkdir(exist_ok=True)
    unfinished = place.parent / f"{_UNFINISHED}{uuid.uuid4().hex}"
    unfinished.mkdir()  # not by tempfile, whose folders other users of a shared store couldn't read
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _FATAL_ONLY
        # What is particular to this processor is left to loading: the folder may move to another.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(unfinished / "graph.onnx")
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", "weights")
        options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", "1024")
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0)
        note = rewriting.rewrite(unfinished / "graph.onnx") if rewriting else ""
        made = {"files": _state_of_files(unfinished), "note": note}
        (unfinished / "made.json").write_text(json.dumps(made), encoding="utf-8")
        for old in place.parent.glob(f"{path.stem}-*"):
            shutil.rmtree(old, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process was sooner
            unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        _sweep(place.parent)


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed while saving."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _UNFINISHED_S:
                shutil.rmtree(left)


def _is_whole(place: Path) -> bool:
    try:
        return bool(_read_made(place).get("files") == _state_of_files(place))
    except OSError:
        return False


def _read_made(place: Path) -> dict[str, Any]:
    """{} if there is none, or none that can be read."""
    try:
        made = json.loads((place / "made.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}


def _state_of_files(place: Path) -> dict[str, list[int]]:
    files = [file for file in (place / "graph.onnx", place / "weights") if file.exists()]
    return {file.name: [file.stat().st_size, file.stat().st_mtime_ns] for file in files}
