"""Pictures after the frozen vision encoder, kept on disk: it is by far the slowest part, and gives the same in every step."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.devices.picture_file import open_picture
from models.training.commands import writing
from models.training.media_pictures import file_key
from models.training.smolvlm_prompts import Looked, SmolVlmPrompts
from models.training.smolvlm_torch import autocast, encode_tiles


class PictureFeatures:
    """Looks at picture files for one model."""

    def __init__(self, prompts: SmolVlmPrompts, encoder: Any | None, folder: Path, *, split: bool, limit_gb: float) -> None:
        """Make the folder.

        Args:
            prompts: the model's.
            encoder: its frozen network; None gives the tiles themselves, for a vision encoder that learns.
            folder: where features are kept, some 1.6 MB a tile.
            split: cut pictures into tiles.
            limit_gb: when this much is kept, further pictures are encoded anew each time.
        """
        self._prompts, self._encoder, self._folder, self._split = prompts, encoder, folder, split
        self._model = [file_key(path) for path in sorted(prompts.folder.glob("*.safetensors"))]
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._room = int(limit_gb * 1e9) - sum(path.stat().st_size for path in folder.iterdir())

    def look(self, picture: Path) -> Looked:
        """The picture as the model takes it; BadInput if it can't be read."""
        if self._encoder is None:
            return self._prompts.look(open_picture(picture).picture, split=self._split)
        path = self._folder / f"{file_key(picture, self._model, self._split)}.npz"
        try:
            with np.load(path, allow_pickle=False) as kept:
                return Looked(kept["values"], *(int(number) for number in kept["grid"]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            looked = self._encode(picture)
        self._keep(path, looked)
        return looked

    def _encode(self, picture: Path) -> Looked:
        tiles = self._prompts.look(open_picture(picture).picture, split=self._split)
        device = next(self._encoder.parameters()).device  # type: ignore[union-attr]
        with torch.inference_mode(), autocast(device):
            features = encode_tiles(self._encoder, torch.from_numpy(tiles.values).to(device))
        return Looked(features.cpu().to(torch.float16).numpy(), tiles.rows, tiles.cols)

    def _keep(self, path: Path, looked: Looked) -> None:
        if looked.values.nbytes > self._room:
            return
        self._room -= looked.values.nbytes
        with writing(self._folder):
            with path.with_suffix(".part").open("wb") as file:
                np.savez(file, values=looked.values, grid=np.array([looked.rows, looked.cols]))
            path.with_suffix(".part").replace(path)
