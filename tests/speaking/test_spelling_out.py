"""What is heard of figures and short forms: the words that a person would say, in each language."""

from __future__ import annotations

import pytest

from assistant.speaking.speakable_text import speakable_pieces
from assistant.speaking.spelling_out import spell_out

CASES = {
    "en": {
        "It costs $5.": "It costs 5 dollars.",
        "A £1 coin": "A 1 pound coin",
        "€12.50": "12 euros and 50 cents",
        "It is 20 °C, 1,234.5 km away.": "It is 20 degrees Celsius, 1,234.5 kilometers away.",
        "1 kg at 60 km/h": "1 kilogram at 60 kilometers per hour",
        "Mr. and Mrs. Smith see Dr. Jones": "Mr. and Missis Smith see Doctor Jones",
        "No. 5? No.": "number 5? No.",
        "On 2026-03-04": "On March 4, 2026",
        "See https://www.example.com/a?b=1.": "See example.com.",
    },
    "es": {
        "Cuesta 5 €.": "Cuesta 5 euros.",
        "12,50 €": "12 euros con 50 céntimos",
        "1.234,5 km a 20 °C": "1.234,5 kilómetros a 20 grados Celsius",
        "El Sr. López, p. ej., vive en EE. UU.": "El señor López, por ejemplo, vive en Estados Unidos.",
        "2026-03-04": "4 de marzo de 2026",
    },
    "pt": {
        "Custa 12,50 €.": "Custa 12 euros e 50 cêntimos.",
        "5 $ ou 1 €": "5 dólares ou um euro",
        "O Sr. Silva anda 1 km.": "O senhor Silva anda 1 quilômetro.",
        "2026-03-04": "4 de março de 2026",
    },
    "fr": {
        "12,50 €": "12 euros et 50 centimes",
        "1\u202f234,5 km": "1\u202f234,5\u00a0kilomètres",
        "M. Dupont, la 2e porte": "Monsieur Dupont, la deuxième porte",
        "2026-03-04": "4 mars 2026",
    },
    "de": {
        "12,50 €": "12 Euro und 50 Cent",
        "z. B. am 2. Mai, der 3. Stock, usw.": "zum Beispiel am zweiten Mai, der dritte Stock, und so weiter.",
        "Es sind 3. Er geht.": "Es sind 3. Er geht.",
        "20 °C, 5 km": "20 Grad Celsius, 5 Kilometer",
        "2026-03-04": "4. März 2026",
    },
    "it": {
        "12,50 €": "12 euro e 50 centesimi",
        "Il Sig. Rossi, 5 km, ecc.": "Il signor Rossi, 5 chilometri, eccetera.",
        "2026-03-04": "4 marzo 2026",
    },
    "hi": {"5 km": "5 किलोमीटर", "$5": "5 यूएस डॉलर"},
    "zh": {"20 °C": "20摄氏度"},
    "x-none": {"5 km, $5, 2026-03-04": "5 km, $5, 2026-03-04"},
}


@pytest.mark.parametrize(("language", "text", "words"), [(lang, *case) for lang, cases in CASES.items() for case in cases.items()])
def test_what_voices_misread_is_written_out(language: str, text: str, words: str) -> None:
    assert spell_out(text, language) == words


@pytest.mark.parametrize("language", ["en", "es", "pt", "fr", "de", "it"])
@pytest.mark.parametrize(
    "text", ["14:30", "30 %", "1234", "🙂", "B12", "a@b.com", "file.txt", "2026-99-99", "555-1234", "B12-14", "word", "X5 kmh"]
)
def test_what_voices_read_right_is_left_to_them(language: str, text: str) -> None:
    assert spell_out(text, language) == text


def test_both_kinds_of_voices_get_the_words() -> None:
    assert list(speakable_pieces("Cuesta 5 €.", "es")) == ["Cuesta 5 euros."]


def test_a_picture_sign_alone_is_said_and_a_dash_is_not() -> None:
    assert list(speakable_pieces("🙂", "en")) == ["🙂"]
    assert list(speakable_pieces("—", "en")) == []
