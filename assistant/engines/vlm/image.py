"""Pictures to tiles as SmolVLM2's image processor makes them, or fewer of them. Knows nothing of prompts or models.

Source of the steps: transformers' SmolVLM image processor. How many tiles a picture becomes follows from the length its
longer edge is resized to first; a budget of tiles is kept by choosing that length (SMOLVLM2.md, section 5).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.engines.vlm.lanczos import resize
from assistant.messages import Detail

ONE_TILE = 1
TILE_BUDGETS: dict[Detail, int] = {"brief": ONE_TILE, "normal": 5, "full": 17}
"""Most tiles of a single picture, each one run of the vision encoder: the picture as a whole; also a grid of 2 x 2, or 1 x 4 for a
panorama; the reference's own default, 4 x 4 at most. Live use and videos take one tile a picture whatever the detail."""

_MAX_EDGE = 4096  # the reference never makes a larger picture
_MAX_TILE = 1024
_MAX_TILES = 64
_LARGEST_NUMBER = 1e6


@dataclass(frozen=True)
class ImageSettings:
    """What preprocessor_config.json says."""

    longest_edge: int
    """Pixels; the picture is first resized so that its longer edge has this length."""
    tile_size: int
    """Pixels; side of the square tiles the vision encoder takes."""
    splitting: bool
    """Whether a picture may be cut into several tiles at all."""
    mean: tuple[float, float, float]
    """What is taken from each channel after rescaling."""
    std: tuple[float, float, float]
    """What each channel is then divided by."""
    rescale: float = 1 / 255
    """What levels from 0 to 255 are multiplied by."""

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> ImageSettings:
        """Read the fields of preprocessor_config.json. Raises KeyError, TypeError or ValueError if they don't fit."""
        mean, std = (tuple(_number(value) for value in config[key]) for key in ("image_mean", "image_std"))
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError("image_mean and image_std must be three numbers each, std above 0")
        longest_edge, tile_size = config["size"]["longest_edge"], config["max_image_size"]["longest_edge"]
        _check_whole(longest_edge, _MAX_EDGE)
        _check_whole(tile_size, _MAX_TILE)
        if (longest_edge / tile_size) ** 2 > _MAX_TILES:
            raise ValueError(f"a picture would become more than {_MAX_TILES} tiles")
        splitting = config.get("do_image_splitting", True)
        if not isinstance(splitting, bool):
            raise TypeError("do_image_splitting must be true or false")
        return cls(longest_edge, tile_size, splitting, mean, std, _number(config.get("rescale_factor", 1 / 255)))


@dataclass(frozen=True)
class Tiles:
    """One picture cut up for the vision encoder."""

    pixels: np.ndarray
    """f32 [tiles, 3, S, S]; of a split picture row by row, and the whole of it last."""
    rows: int
    """Rows of tiles; 0 of a picture that wasn't split."""
    cols: int
    """Columns of tiles; 0 of a picture that wasn't split."""


def make_tiles(picture: np.ndarray, settings: ImageSettings, *, split: bool, budget: int | None = None) -> Tiles:
    """Turn a picture into normalised tiles: the whole of it as one, or with `split` rows x cols tiles and the whole picture last.

    Args:
        picture: uint8 [H, W, 3] RGB.
        settings: of the model; where they don't allow splitting there is always one tile.
        split: cut it up.
        budget: most tiles of a split picture; None = as many as the reference makes.
    """
    size = settings.tile_size
    split = split and settings.splitting
    edge = _edge_within(picture.shape[1], picture.shape[0], settings, budget) if split else settings.longest_edge
    picture = resize(picture, *_reference_size(picture.shape[1], picture.shape[0], edge))
    width, height = _grid_size(picture.shape[1], picture.shape[0], size) if split else (size, size)
    picture = resize(picture, width, height)
    rows, cols = height // size, width // size
    if rows * cols == 1:
        return Tiles(_normalise([picture], settings), 0, 0)
    tiles = [picture[r * size : (r + 1) * size, c * size : (c + 1) * size] for r in range(rows) for c in range(cols)]
    return Tiles(_normalise([*tiles, resize(picture, size, size)], settings), rows, cols)


def _edge_within(width: int, height: int, settings: ImageSettings, budget: int | None) -> int:
    """The longest first edge that leaves no more than `budget` tiles: the model's own, else a multiple of the tile."""
    tile = settings.tile_size
    edges: list[int] = [settings.longest_edge, *range((settings.longest_edge - 1) // tile * tile, tile, -tile)]
    for edge in edges:
        grid_width, grid_height = _grid_size(*_reference_size(width, height, edge), tile)
        if budget is None or grid_width * grid_height // tile**2 + 1 <= budget:
            return edge
    return tile


def _reference_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Longer edge to `longest`, the other in proportion, made even; small pictures are enlarged."""
    if width >= height:
        other = int(longest / (width / height))
        return longest, max(other + other % 2, 1)
    other = int(longest * (width / height))
    return max(other + other % 2, 1), longest


def _grid_size(width: int, height: int, tile: int) -> tuple[int, int]:
    """Both edges up to multiples of the tile; the aspect isn't kept exactly."""
    if width >= height:
        new_width = math.ceil(width / tile) * tile
        return new_width, math.ceil(int(new_width / (width / height)) / tile) * tile
    new_height = math.ceil(height / tile) * tile
    return math.ceil(int(new_height * (width / height)) / tile) * tile, new_height


def _normalise(tiles: list[np.ndarray], settings: ImageSettings) -> np.ndarray:
    """uint8 tiles [S, S, 3] -> f32 [tiles, 3, S, S]."""
    mean, std = np.array(settings.mean, np.float32), np.array(settings.std, np.float32)
    values = (np.stack(tiles).astype(np.float32) * np.float32(settings.rescale) - mean) / std
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST_NUMBER:
        raise TypeError(f"{value!r:.40} is no number that a picture could be scaled by")
    return float(value)


def _check_whole(value: object, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        raise ValueError(f"picture sizes must be whole numbers between 1 and {most}")
