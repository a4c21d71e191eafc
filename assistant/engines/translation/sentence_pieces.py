"""Cuts text into the pieces of a SentencePiece vocabulary and back (package sentencepiece). Knows no translation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class SentencePieces:
    """Holds one `.spm` file. Its methods may be called from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load the file. FileNotFoundError if it isn't there, ValueError if it is no SentencePiece model."""
        from sentencepiece import SentencePieceProcessor

        content = path.read_bytes()
        self._processor = SentencePieceProcessor()
        try:
            loaded = self._processor.LoadFromSerializedProto(content) if content else False
        except (RuntimeError, ValueError):
            loaded = False
        if not loaded:
            raise ValueError(f"{path.name} is no SentencePiece model")

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def id_of(self, piece: str) -> int:
        """Return a piece's id; that of the unknown piece if the vocabulary lacks it."""
        return int(self._processor.piece_to_id(piece))

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's pieces."""
        return list(self._processor.encode(text, out_type=int))

    def pieces(self, text: str) -> list[str]:
        """Return a text's pieces as text."""
        return list(self._processor.encode(text, out_type=str))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of piece ids."""
        return str(self._processor.decode(list(ids)))

    def join(self, pieces: Sequence[str]) -> str:
        """Return the text of pieces given as text."""
        return str(self._processor.decode_pieces(list(pieces)))
