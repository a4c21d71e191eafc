"""What several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import model_store


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of fetched models. Tests that ask for it fail without them, and say how to get them."""
    folder = model_store.models_dir()
    if not folder.is_dir():
        pytest.fail(f"no models in {folder}: run `assistant setup`")
    return folder
