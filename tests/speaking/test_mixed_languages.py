"""A sign's English inside a Spanish answer is given to the English voice."""

from __future__ import annotations

import pytest

from assistant.messages import Sentence
from assistant.speaking.mixed_languages import language_parts
from assistant.speaking.speak import sound_of
from tests.support.fakes import ToneSynthesizer


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('El cartel dice "Exit only".', [("El cartel dice", "es"), ("Exit only.", "en")]),
        ("«Push» y luego “Pull”, creo.", [("Push", "en"), ("y luego", "es"), ("Pull,", "en"), ("creo.", "es")]),
        ("No hay ningún cartel.", [("No hay ningún cartel.", "es")]),
        ('Pone "42" y "B12".', [('Pone "42" y', "es"), ("B12.", "en")]),
        ('"Exit"', [("Exit", "en")]),
        ('Una comilla suelta " aquí.', [('Una comilla suelta " aquí.', "es")]),
        ('Vacío "" aquí.', [('Vacío "" aquí.', "es")]),
        ("", []),
    ],
)
def test_quotes_get_their_own_voice(text: str, parts: list[tuple[str, str]]) -> None:
    assert language_parts(text, "es", "en") == parts


def test_a_sentence_of_one_language_stays_whole() -> None:
    assert language_parts('The sign says "Exit".', "en", "en") == [('The sign says "Exit".', "en")]


@pytest.mark.parametrize(
    ("text", "language", "parts"),
    [
        ("It says 你好, I think.", "en", [("It says", "en"), ("你好,", "zh"), ("I think.", "en")]),
        ("こんにちは and 안녕하세요", "en", [("こんにちは", "ja"), ("and", "en"), ("안녕하세요", "ko")]),
        ("Es steht: Добрий день, друже.", "de", [("Es steht:", "de"), ("Добрий день, друже.", "ru")]),
        ("Написано: їжа.", "ru", [("Написано: їжа.", "ru")]),
        ("日本語です", "ja", [("日本語です", "ja")]),
        ("Un signo α y Ω.", "es", [("Un signo α y Ω.", "es")]),
        ("他说 hello", "zh", [("他说 hello", "zh")]),
        ("مرحبا, welcome", "en", [("مرحبا,", "ar"), ("welcome", "en")]),
    ],
)
def test_another_script_gets_the_voice_of_a_language_that_is_written_so(text: str, language: str, parts: list[tuple[str, str]]) -> None:
    """eSpeak's English voice said "Chinese letter, Chinese letter" for 你好, and spelled Cyrillic."""
    assert language_parts(text, language, language) == parts


def test_an_english_sign_in_a_translated_answer_is_read_by_the_english_voice() -> None:
    spanish, english = ToneSynthesizer(("es",)), ToneSynthesizer(("en",), 22050)
    sentence = Sentence('El cartel dice "Exit only".', "es", english='The sign says "Exit only".')
    chunks = list(sound_of(sentence, [spanish, english]))
    assert (spanish.said, english.said) == (["El cartel dice"], ["Exit only."])
    assert [chunk.sample_rate_hz for chunk in chunks] == [16000] * 3 + [22050] * 2


def test_without_a_voice_of_its_own_the_sign_is_read_by_the_voice_that_reads_the_rest() -> None:
    spanish = ToneSynthesizer(("es",))
    assert list(sound_of(Sentence('Dice "Exit".', "es", english='It says "Exit".'), [spanish]))
    assert spanish.said == ["Dice", "Exit."]
