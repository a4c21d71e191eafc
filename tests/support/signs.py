"""Pictures with text in them, rendered with Debian's DejaVu (fonts-dejavu-core)."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from assistant.messages import Picture

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def render(lines: list[tuple[str, int, int, int]], width: int = 1280, height: int = 720) -> Picture:
    """Return uint8 [H, W, 3]: each line (text, left, top, size in pixels) in dark letters on a light wall."""
    image = Image.new("RGB", (width, height), (210, 205, 200))
    draw = ImageDraw.Draw(image)
    for text, left, top, size in lines:
        draw.text((left, top), text, font=ImageFont.truetype(FONT, size), fill=(30, 30, 40))
    return np.array(image)
