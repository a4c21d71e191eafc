"""Where the tests find the project's own files, whichever folder they are moved to."""

from __future__ import annotations

from pathlib import Path

SUPPORT = Path(__file__).resolve().parent
PROJECT = SUPPORT.parents[1]
RECORDED = SUPPORT / "recorded"
SPOKEN = SUPPORT / "spoken"
