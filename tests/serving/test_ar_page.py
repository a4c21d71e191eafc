"""The example for glasses and phones, in a real browser with a made-up camera and microphone: it sends pictures, and speaks the answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.test_page import until, violations
from tests.support.fakes import ScriptedDescriber
from tests.support.service import QUESTION_WAV, Client, fake_engines, served

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright: script/setup test browser")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: sudo apt install chromium")]
WAIT_MS = 60_000
FAKE_DEVICES = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--use-file-for-fake-audio-capture={QUESTION_WAV}",
    "--autoplay-policy=no-user-gesture-required",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *FAKE_DEVICES]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


def is_error(message: Any) -> bool:
    """Whether the browser tells of one, other than that there is no icon."""
    return message.type == "error" and "favicon" not in message.location["url"]


def opened(browser: Any, client: Client) -> Any:
    page = browser.new_context(permissions=["camera", "microphone"]).new_page()
    page.set_default_timeout(WAIT_MS)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if is_error(message) else None)
    page.goto(f"{client.base}/ar")
    return page


def test_the_camera_is_seen_the_microphone_heard_and_the_answer_spoken(browser: Any) -> None:
    describer = ScriptedDescriber(["A cat on a sofa. It sleeps."])
    with served(fake_engines(describer)) as client:
        page = opened(browser, client)
        page.click("#start")
        until(page, "document.querySelector('#captions').innerText.includes('It sleeps.')")
        lines = page.locator("#captions p").all_inner_texts()
        assert "You: What is this?" in lines and "Assistant: A cat on a sofa." in lines
        until(page, "playsUntil > 0")
        page.click("#stop")
        until(page, "playsUntil === 0")
        page.click("#ask")
        until(page, "document.querySelector('#captions').innerText.includes('What do you see?')")
        assert page.errors == []
        page.context.close()
    picture = describer.looks[-1][-1].frame.picture
    assert picture.shape == (480, 640, 3) and picture.std() > 20, "the made-up camera's pictures aren't blank"


def test_it_asks_for_the_token_and_has_no_barriers(browser: Any) -> None:
    with served(fake_engines(), token="correct-horse-battery-staple") as client:
        page = opened(browser, client)
        assert violations(page) == []
        page.click("#start")
        page.wait_for_selector("#access:not([hidden])")
        page.fill("#token", "correct-horse-battery-staple")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#captions').innerText.includes('Assistant:')")
        assert violations(page) == []
        page.context.close()
