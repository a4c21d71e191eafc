"""Tells whether a large file is the one it was, without reading all of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

SAMPLES = 64
SAMPLE_BYTES = 1 << 16


def fingerprint(path: Path) -> str:
    """Digest the file's size and SAMPLES blocks spread evenly from its first byte to its last, in hexadecimal. OSError if it can't be read.

    Files of up to 4 MB are read whole. A change of a few bytes between two samples of a larger one goes unnoticed.
    """
    size = path.stat().st_size
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
    with path.open("rb") as file:
        last = max(size - SAMPLE_BYTES, 0)
        for start in range(0, last + 1, max(-(-last // (SAMPLES - 1)), SAMPLE_BYTES)):
            file.seek(start)
            digest.update(file.read(SAMPLE_BYTES))
        file.seek(last)
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
