"""Photograph-like pictures with a code in them: small, turned, seen from the side, blurred, noisy, pale or light on dark."""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp
from zxingcpp import BarcodeFormat

from assistant.messages import Picture


def code_picture(
    content: str | bytes, kind: BarcodeFormat = BarcodeFormat.QRCode, *, module_px: float = 4, at: tuple[float, float] = (0.5, 0.5),
    turn_degrees: float = 0, tilt: float = 0, blur_px: float = 0, noise: float = 5, contrast: float = 1, inverted: bool = False,
    size: tuple[int, int] = (1280, 720),
) -> Picture:  # fmt: skip
    """Return uint8 [H, W, 3] with a code on a ground of soft colours.

    Args:
        content: what the code holds.
        kind: of code.
        module_px: width of its smallest part in the picture.
        at: its middle, as shares of the picture.
        turn_degrees: turned clockwise.
        tilt: share by which its right edge is shorter than its left one.
        blur_px: standard deviation of the blur.
        noise: its standard deviation, in levels.
        contrast: 1 from black to white, 0 none.
        inverted: light on dark.
        size: width and height of the picture.
    """
    code = np.array(zxingcpp.create_barcode(content, kind).to_image(scale=8)).astype(np.float32)
    code = 255 - code if inverted else code
    (height, width), (wide, high) = code.shape, size
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]], np.float32) * (module_px / 16)
    corners[1:3, 1] *= 1 - tilt
    turn = np.deg2rad(turn_degrees)
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + (wide * at[0], high * at[1])
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    finer = 3  # drawn finer and shrunk, as a lens does, so that edges are soft
    warp = np.diag([finer, finer, 1.0]) @ cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    drawn, mask = (cv2.warpPerspective(each, warp, (wide * finer, high * finer)) for each in (code, np.ones_like(code)))
    drawn, mask = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (drawn, mask))
    ink = mask * (128 - 110 * contrast) + drawn / 255 * 220 * contrast
    picture = _ground(wide, high) * (1 - mask[..., None]) + ink[..., None]
    picture = cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px else picture
    picture += np.random.default_rng(0).normal(0, noise, picture.shape)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _ground(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    coarse = np.random.default_rng(1).integers(40, 220, (5, 8, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
