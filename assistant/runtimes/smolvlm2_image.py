"""Pictures to tiles as SmolVLM2's image processor makes them: numpy alone. Knows nothing of prompts or models.

Source of the steps: transformers' SmolVLM image processor; the filter is Pillow's LANCZOS (support grows when
shrinking, rounded to 8 bits after each pass), matched to within one level for pictures wider than tall.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_LANCZOS_LOBES = 3.0
_MAX_EDGE = 4096  # the reference never makes a larger picture


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
    std: tuple[float, float, float]
    rescale: float = 1 / 255

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> ImageSettings:
        """Read the fields of preprocessor_config.json; KeyError, TypeError or ValueError if they don't fit."""
        mean, std = (tuple(float(v) for v in config[key]) for key in ("image_mean", "image_std"))
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError("image_mean and image_std must be three numbers each, std above 0")
        longest_edge, tile_size = int(config["size"]["longest_edge"]), int(config["max_image_size"]["longest_edge"])
        if not (0 < tile_size <= _MAX_EDGE and 0 < longest_edge <= _MAX_EDGE):
            raise ValueError(f"picture sizes must be between 1 and {_MAX_EDGE}")
        return cls(
            longest_edge, tile_size, bool(config.get("do_image_splitting", True)), mean, std, float(config.get("rescale_factor", 1 / 255))
        )


@dataclass(frozen=True)
class Tiles:
    """One picture cut up for the vision encoder: `pixels` f32 [tiles, 3, S, S]; rows = cols = 0 means one tile, unsplit."""

    pixels: np.ndarray
    rows: int
    cols: int


def make_tiles(picture: np.ndarray, settings: ImageSettings, *, split: bool) -> Tiles:
    """Cut a picture (uint8 [H, W, 3] RGB) into normalised tiles; with `split`, rows x cols of them and the whole picture last."""
    picture = resize(picture, *_reference_size(picture.shape[1], picture.shape[0], settings.longest_edge))
    size = settings.tile_size
    if not (split and settings.splitting):
        return Tiles(_normalise([resize(picture, size, size)], settings), 0, 0)
    width, height = _grid_size(picture.shape[1], picture.shape[0], size)
    picture = resize(picture, width, height)
    rows, cols = height // size, width // size
    if rows * cols == 1:
        return Tiles(_normalise([picture], settings), 0, 0)
    tiles = [picture[r * size : (r + 1) * size, c * size : (c + 1) * size] for r in range(rows) for c in range(cols)]
    return Tiles(_normalise([*tiles, resize(picture, size, size)], settings), rows, cols)


def resize(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Lanczos resampling of uint8 [H, W, 3] to uint8 [height, width, 3]."""
    if picture.shape[1] != width:
        rows = np.ascontiguousarray(picture.transpose(0, 2, 1), np.float32).reshape(-1, picture.shape[1])  # [H*3, W]
        rows = rows @ _lanczos_weights(picture.shape[1], width).T  # [H*3, width]
        picture = _to_levels(rows).reshape(-1, 3, width).transpose(0, 2, 1)
    if picture.shape[0] != height:
        columns = picture.astype(np.float32).reshape(picture.shape[0], -1)  # [H, width*3]
        picture = _to_levels(_lanczos_weights(picture.shape[0], height) @ columns).reshape(height, width, 3)
    return picture


def _to_levels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.floor(values + np.float32(0.5)), 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _lanczos_weights(size_in: int, size_out: int) -> np.ndarray:
    """f32 [size_out, size_in]: each output pixel as a weighted mean of input pixels."""
    scale = size_in / size_out
    stretch = max(scale, 1.0)
    centres = (np.arange(size_out) + 0.5) * scale
    first = np.maximum((centres - _LANCZOS_LOBES * stretch + 0.5).astype(int), 0)[:, None]
    last = np.minimum((centres + _LANCZOS_LOBES * stretch + 0.5).astype(int), size_in)[:, None]
    pixels = np.arange(size_in)[None, :]
    x = (pixels + 0.5 - centres[:, None]) / stretch
    weights = np.where((pixels >= first) & (pixels < last) & (abs(x) < _LANCZOS_LOBES), np.sinc(x) * np.sinc(x / _LANCZOS_LOBES), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


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
