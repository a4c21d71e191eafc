"""Finds the weights of the starter model where set-up put them. File names are those in the manifests."""

from __future__ import annotations

from pathlib import Path

LANGUAGE_MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
VISION_MODEL_FILE = "efficientnet-lite2-9656183e.pth"


def find_source(folder: Path, name: str) -> Path:
    """Return the path of a source file below `folder`. FileNotFoundError names it if it isn't there."""
    path = next(iter(sorted(folder.rglob(name))), None)
    if path is None:
        raise FileNotFoundError(f"{name} is not below {folder}")
    return path
