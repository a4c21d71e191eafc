"""Which of our languages somebody means by a code: "pt-BR", "zh_CN", "EN", "deu", "en-GB.UTF-8". Pure."""

from __future__ import annotations

import re

from assistant.languages import languages
from assistant.problems import BadInput, shorten

_THREE_LETTERS = {
    "ara": "ar", "ces": "cs", "cze": "cs", "deu": "de", "ger": "de", "eng": "en", "fra": "fr", "fre": "fr", "hin": "hi", "ind": "id",
    "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "dut": "nl", "pol": "pl", "por": "pt", "rus": "ru", "spa": "es", "tur": "tr",
    "ukr": "uk", "vie": "vi", "zho": "zh", "chi": "zh", "cmn": "zh",
}  # fmt: skip


def language_code(text: str) -> str:
    """Return the two-letter code of a language that has a file; BadInput for what is none, or has none."""
    first = re.split(r"[-_.@]", text.strip().lower(), maxsplit=1)[0]
    code = _THREE_LETTERS.get(first, first)
    if code not in languages():
        raise BadInput(
            "the language {language} is unknown", "use some of {known}", language=repr(shorten(text)), known=", ".join(languages())
        )
    return code
