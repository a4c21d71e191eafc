"""The page with captions, in a real browser: what it shows is what is heard, and it works by keyboard, at any size, in any direction.

`PAGE_SHOTS=DIR` keeps a picture of it in four languages.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.languages import languages
from assistant.messages import Command, Frame
from assistant.serving.captions import Captions
from tests.support.service import Client, served

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright: script/setup test")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: sudo apt install chromium")]
WAIT_MS = 60_000
"""On a machine with one slow core; a browser starts in a second elsewhere."""


class Live:
    """A loop that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.language = "en"
        picture = np.kron(np.random.default_rng(0).integers(40, 215, (12, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8)
        self.newest_frame: Frame | None = Frame(picture, 0.0)

    def press(self) -> None:
        self.told.append("press")

    def pause(self) -> bool:
        self.told.append("pause")
        return True

    def obey(self, command: Command) -> None:
        self.told.append((command.kind, command.argument))

    def ask(self, text: str, language: str | None = None) -> None:
        self.told.append((text, language))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def captions(live: Live) -> Captions:
    return Captions(16, live)


@pytest.fixture
def client(captions: Captions) -> Iterator[Client]:
    with served(None, captions=captions) as client:
        yield client


@pytest.fixture
def page(browser: Any, client: Client, captions: Captions) -> Iterator[Any]:
    yield from opened(browser, client, captions)


def opened(browser: Any, client: Client, captions: Captions, **options: Any) -> Iterator[Any]:
    page = browser.new_page(**options)
    page.set_default_timeout(WAIT_MS)
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda message: mistakes.append(message.text) if "Content Security Policy" in message.text else None)
    page.goto(client.base)
    until(page, "document.querySelector('#language').options.length > 10")
    until(page, "document.querySelector('#state').textContent !== '' && !document.querySelector('#picture').hidden")
    yield page
    page.close()
    assert mistakes == []


def until(page: Any, condition: str) -> None:
    """Wait for a condition in JavaScript; Playwright's own way would need what the page's policy forbids."""
    for _ in range(WAIT_MS // 20):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")


def until_told(page: Any, live: Live, count: int) -> None:
    """Wait until the loop has been told so much."""
    for _ in range(WAIT_MS // 20):
        if len(live.told) >= count:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"told only {live.told}")


def hear(captions: Captions, text: str, language: str = "en", share: float = 1.0, region: dict[str, float] | None = None) -> None:
    """Have the loop say something."""
    captions.report("sound", {"turn": 1, "text": text, "language": language, "region": region})
    captions.report("heard", {"turn": 1, "text": text, "share": share})


def violations(page: Any) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA."""
    import axe_core_python

    page.evaluate((Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    tags = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
    found = page.evaluate(f"axe.run(document, {{runOnly: {tags}}})")
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


def test_what_is_heard_is_shown_and_told_to_a_screen_reader_once(page: Any, captions: Captions) -> None:
    captions.report("question", {"text": "¿Qué es esto?", "language": "es"})
    until(page, "document.documentElement.lang === 'es'")
    captions.report("sentence", {"text": "Queued, and not heard yet.", "language": "en"})
    hear(captions, "Un gato.", "es")
    hear(captions, "Está en el sofá.", "es", share=0.4)
    page.wait_for_selector(".cut")
    lines = page.locator("#captions p").all_inner_texts()
    cut_off = languages()["es"].page["cut_off"]
    assert lines == ["Tú: ¿Qué es esto?", "Asistente: Un gato.", f"Asistente: Está en el sofá. ({cut_off})"]
    assert page.locator("#captions").get_attribute("aria-live") == "polite" and page.locator("#captions span[lang=es]").count() == 3


def test_its_state_and_the_time_left_are_shown_and_a_reset_leaves_nothing(page: Any, captions: Captions) -> None:
    captions.report("speech_began", {"turn": 1})
    until(page, "document.querySelector('#state').textContent === 'Listening'")
    hear(captions, "A secret.", region={"left": 0.25, "top": 0.5, "width": 0.5, "height": 0.25})
    captions.report("kiosk", {"is": "time_left", "seconds": 7})
    until(page, "document.querySelector('#left').textContent.includes('7')")
    page.click("#bigger")
    page.fill("#question", "typed and not sent")
    captions.report("kiosk", {"is": "reset", "language": "pt"})
    until(page, "document.documentElement.lang === 'pt' && !document.querySelector('#captions').children.length")
    assert "secret" not in page.content() and page.locator("#question").input_value() == "" and page.locator("#outline").is_hidden()
    assert page.evaluate("document.documentElement.style.getPropertyValue('--size')") == "1.25rem"


def test_the_pause_button_says_what_it_does_next(page: Any, captions: Captions, live: Live) -> None:
    button = page.locator("#pause")
    assert button.inner_text() == "Pause"
    button.click()
    captions.report("paused", {"turn": 1})
    until(page, "document.querySelector('#pause').textContent === 'Go on' && document.querySelector('#state').textContent === 'Paused'")
    captions.report("resumed", {"turn": 1})
    until(page, "document.querySelector('#pause').textContent === 'Pause'")
    assert live.told == ["pause"]


def test_the_thing_that_is_named_is_outlined(page: Any, captions: Captions) -> None:
    hear(captions, "A cup: on the left.", region={"left": 0.25, "top": 0.5, "width": 0.5, "height": 0.25})
    page.wait_for_selector("#outline:not([hidden])")
    picture, outline = page.locator("#picture").bounding_box(), page.locator("#outline").bounding_box()
    assert outline["x"] - picture["x"] == pytest.approx(0.25 * picture["width"], abs=2)
    assert outline["height"] == pytest.approx(0.25 * picture["height"], abs=2)


def test_every_button_works_by_keyboard_alone(page: Any, live: Live) -> None:
    reached = list[str]()
    for _ in range(20):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.dataset.command || document.activeElement.id")
        reached.append(focused)
        if focused and page.evaluate("'command' in document.activeElement.dataset"):
            page.keyboard.press("Enter" if len(reached) % 2 else "Space")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
        if focused == "question":
            page.keyboard.type("Is there a dog?")
            page.keyboard.press("Enter")
    wanted = {"describe", "stop", "repeat", "more", "slower", "faster", "louder", "quieter", "question", "language", "bigger", "contrast"}
    assert wanted <= set(reached)
    until_told(page, live, 9)
    assert ("Is there a dog?", "en") in live.told and "press" in live.told
    assert {kind for kind, _ in (each for each in live.told if isinstance(each, tuple))} >= {"stop", "repeat", "more", "slower", "louder"}


def test_a_language_may_be_chosen_and_is_spoken_from_then_on(page: Any, live: Live) -> None:
    page.select_option("#language", "de")
    until(page, "document.title === 'Untertitel'")
    until_told(page, live, 1)
    assert live.told == [("language", "de")]


@pytest.mark.parametrize("language", ["en", "ar", "ja", "uk"])
def test_axe_finds_nothing_in_light_or_dark(page: Any, captions: Captions, language: str) -> None:
    page.evaluate(f"useLanguage('{language}')")
    until(page, f"document.documentElement.lang === '{language}'")
    captions.report("question", {"text": languages()[language].phrases["ready"], "language": language})
    hear(captions, languages()[language].phrases["help"], language, 0.5, {"left": 0.2, "top": 0.2, "width": 0.3, "height": 0.4})
    page.wait_for_selector(".cut")
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    assert violations(page) == []
    if folder := os.environ.get("PAGE_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"captions-{language}.png"), full_page=True)
    page.click("#contrast")
    until(page, "document.documentElement.classList.contains('dark')")
    page.wait_for_timeout(300)  # the buttons' borders fade
    assert violations(page) == []


@pytest.mark.parametrize("width", [640, 320])
def test_at_twice_and_four_times_the_size_nothing_has_to_be_scrolled_sideways(
    browser: Any, client: Client, captions: Captions, width: int
) -> None:
    """WCAG 1.4.4 and 1.4.10: 1280 pixels at 200 % and at 400 %; the largest letters of the page on top."""
    for page in opened(browser, client, captions, viewport={"width": width, "height": 512}):
        hear(captions, "Something long enough to be broken: Donaudampfschifffahrtsgesellschaftskapitaen.")
        page.wait_for_selector("#captions p")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for _ in range(5):
            page.click("#bigger")
        assert page.evaluate("document.documentElement.scrollWidth") <= width + (0 if width > 320 else 40)


def test_nothing_moves_for_who_wants_nothing_to_move(browser: Any, client: Client, captions: Captions) -> None:
    for page in opened(browser, client, captions, reduced_motion="reduce"):
        moving = "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0).length"
        assert page.evaluate(moving) == 0


def test_without_a_loop_it_says_so_and_with_a_token_it_asks_for_it(browser: Any) -> None:
    with served(None) as client:
        page = browser.new_page()
        page.goto(client.base)
        until(page, "document.querySelector('#trouble').textContent.includes('assistant kiosk')")
        page.close()
    live = Live()
    with served(None, captions=Captions(16, live), token="correct-horse-battery") as client:
        page = browser.new_page()
        page.goto(client.base)
        page.wait_for_selector("#token", timeout=WAIT_MS)
        page.fill("#token", "correct-horse-battery")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#access').hidden && document.querySelector('#trouble').textContent === ''")
        page.click("[data-command=describe]")
        until_told(page, live, 1)
        assert live.told == ["press"]
        page.close()
