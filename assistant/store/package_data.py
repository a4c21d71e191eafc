"""Where the manifests and the starter model's adapter lie: beside the code when installed, beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def data_folder(name: str) -> Path:
    """Find the folder "models" or "voices"."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
