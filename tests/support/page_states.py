"""A strip of a kiosk's page in its states, in a real browser: attracting, listening, thinking, speaking, asking for more time, reset.

python -m tests.support.page_states docs/pictures/kiosk-states.png
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from assistant.devices.sources import open_source
from assistant.languages import phrase
from assistant.serving.captions import Captions
from assistant.settings import CameraSettings
from tests.serving.test_page import CHROMIUM, Live, hear, opened, until
from tests.support.folders import PROJECT
from tests.support.service import served

VIEW, SHOWN, COLUMNS, COLOURS = (720, 900), (360, 450), 3, 48
"""The browser's window, each picture of it in the strip, and how many stand side by side, in so many colours."""
LABEL = 26
CLIP = PROJECT / "assistant" / "commands" / "demo_files" / "clip.mp4"
CAT = {"left": 0.2, "top": 0.2, "width": 0.6, "height": 0.7}


def states(captions: Captions) -> dict[str, tuple[Callable[[], None], str]]:
    """Each state in the order of a visit: what brings it about, and what JavaScript sees then."""

    def says(key: str) -> None:
        hear(captions, phrase(key, "en")[0])

    def asks_for_more_time() -> None:
        captions.report("heard", {"turn": 1, "text": "A cat.", "share": 1.0})
        says("kiosk_more_time")
        captions.report("kiosk", {"is": "time_left", "seconds": 18})

    return {
        "Attract": (lambda: says("kiosk_attract"), "document.querySelector('#captions').children.length === 1"),
        "Listening": (lambda: captions.report("speech_began", {"turn": 1}), "document.querySelector('#state').textContent === 'Listening'"),
        "Thinking": (
            lambda: captions.report("question", {"text": "What is in front of me?", "language": "en"}),
            "document.querySelector('#state').textContent === 'Thinking'",
        ),
        "Speaking": (
            lambda: captions.report("sound", {"turn": 1, "text": "A cat.", "language": "en", "region": CAT}),
            "!document.querySelector('#outline').hidden",
        ),
        "Idle warning": (asks_for_more_time, "document.querySelector('#left').textContent.includes('18')"),
        "Reset": (
            lambda: captions.report("kiosk", {"is": "reset", "language": "en"}),
            "!document.querySelector('#captions').children.length",
        ),
    }


def strip(pictures: dict[str, Image.Image]) -> Image.Image:
    """Lay out pictures with their names above."""
    width, height = SHOWN[0], SHOWN[1] + LABEL
    whole = Image.new("RGB", (width * COLUMNS, height * -(-len(pictures) // COLUMNS)), "white")
    for number, (name, picture) in enumerate(pictures.items()):
        left, top = number % COLUMNS * width, number // COLUMNS * height
        ImageDraw.Draw(whole).text((left + 8, top + 4), f"{number + 1}. {name}", fill="black", font_size=16)
        whole.paste(picture.resize(SHOWN, Image.Resampling.LANCZOS), (left, top + LABEL))
    return whole.quantize(COLOURS, dither=Image.Dither.NONE)


def main(place: Path) -> None:
    """Make it."""
    live = Live()
    live.newest_frame = next(iter(open_source(str(CLIP), CameraSettings()).frames()))
    captions, pictures = Captions(16, live), dict[str, Image.Image]()
    with sync_playwright() as playwright, served(None, captions=captions) as client:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser: Any = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for page in opened(browser, client, captions, viewport={"width": VIEW[0], "height": VIEW[1]}):
            for name, (bring_about, is_there) in states(captions).items():
                bring_about()
                until(page, is_there)
                pictures[name] = Image.open(BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    place.parent.mkdir(exist_ok=True)
    strip(pictures).save(place, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
