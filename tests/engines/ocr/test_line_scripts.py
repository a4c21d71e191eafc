"""Lines in a script that the recogniser never learned are known as such, whatever the font; what it reads stays its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from assistant.engines.ocr.line_scripts import scripts_of
from assistant.engines.ocr.ppocr import PpocrReader
from assistant.engines.onnx.session import SessionSettings
from assistant.messages import Picture

NOTO, CJK = "/usr/share/fonts/truetype/noto/", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
LINES = {
    "cyrillic": (NOTO + "NotoSerif-Regular.ttf", "Вход со двора, звоните"),
    "greek": (NOTO + "NotoSans-Regular.ttf", "Παρακαλώ κλείστε την πόρτα"),
    "hebrew": (NOTO + "NotoSansHebrew-Regular.ttf", "נא לסגור את הדלת"),
    "arabic": (NOTO + "NotoNaskhArabic-Regular.ttf", "يرجى إغلاق الباب"),
    "thai": (NOTO + "NotoSansThai-Regular.ttf", "กรุณาปิดประตู"),
    "devanagari": (NOTO + "NotoSansDevanagari-Regular.ttf", "कृपया दरवाज़ा बंद करें"),
    "korean": (CJK, "문을 닫아 주세요"),
}
READ = {"English": (NOTO + "NotoSerif-Regular.ttf", "Please close the door"), "Chinese": (CJK, "请随手关门，谢谢合作")}


def picture(font: str, text: str) -> Picture:
    if not Path(font).exists() or not features.check("raqm"):
        pytest.skip(f"{font} or Raqm is missing")
    image = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(image).text((60, 110), text, font=ImageFont.truetype(font, 48, index=1 if text[0] == "문" else 0), fill=(20, 20, 20))
    return np.array(image)


@pytest.fixture(scope="module")
def reader(models_dir: Path) -> PpocrReader:
    return PpocrReader(models_dir / "ppocr-v6", settings=SessionSettings(1, spin=False))


@pytest.mark.models
@pytest.mark.parametrize("script", LINES)
def test_a_script_that_it_cant_read_is_named_and_no_rubbish_is_told(reader: PpocrReader, script: str) -> None:
    [line] = reader.read(picture(*LINES[script]))
    assert (line.text, line.script) == ("", script)


@pytest.mark.models
@pytest.mark.parametrize("language", READ)
def test_what_it_can_read_is_read(reader: PpocrReader, language: str) -> None:
    [line] = reader.read(picture(*READ[language]))
    assert len(line.text) >= 10 and line.script == ""


def test_by_another_recogniser_nothing_is_told() -> None:
    assert scripts_of(["", "a", "b", " "]) is None
