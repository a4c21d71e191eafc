"""Numbers as people say them."""

from __future__ import annotations

import pytest
from num2words import CONVERTER_CLASSES, num2words

from assistant.languages import languages
from assistant.languages.numbers import spoken_number


@pytest.mark.parametrize("code", [code for code in languages() if code in CONVERTER_CLASSES])
@pytest.mark.parametrize("to", ["cardinal", "ordinal"])
def test_what_num2words_says_is_understood(code: str, to: str) -> None:
    try:
        said = {number: num2words(number, lang=code, to=to) for number in range(1, 100)}
    except NotImplementedError:
        pytest.skip(f"num2words has no {to} numbers of {code}")
    assert [number for number, words in said.items() if spoken_number(words, code) != number] == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", "first second third fourth fifth sixth seventh eighth ninth tenth"),
        ("es", "primera segunda tercera cuarta quinta sexta séptima octava novena décima"),
        ("pt", "primeira segunda terceira quarta quinta sexta sétima oitava nona décima"),
        ("fr", "première deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième"),
        ("de", "ersten zweiten dritten vierten fünften sechsten siebten achten neunten zehnten"),
        ("it", "prima seconda terza quarta quinta sesta settima ottava nona decima"),
        ("nl", "eerste tweede derde vierde vijfde zesde zevende achtste negende tiende"),
        ("pl", "pierwszą drugą trzecią czwartą piątą szóstą siódmą ósmą dziewiątą dziesiątą"),
        ("ru", "первую вторую третью четвёртую пятую шестую седьмую восьмую девятую десятую"),
        ("uk", "перший другий третій четвертий п'ятий шостий сьомий восьмий дев'ятий десятий"),
        ("tr", "birinci ikinci üçüncü dördüncü beşinci altıncı yedinci sekizinci dokuzuncu onuncu"),
        ("ar", "الأول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر"),
        ("hi", "पहली दूसरी तीसरी चौथी पाँचवीं छठी सातवीं आठवीं नौवीं दसवीं"),
        ("zh", "一 二 三 四 五 六 七 八 九 十"),
        ("ja", "いち に さん よん ご ろく なな はち きゅう じゅう"),
        ("ko", "첫 두 세 네 다섯 여섯 일곱 여덟 아홉 열"),
        ("vi", "nhất hai ba tư năm sáu bảy tám chín mười"),
        ("id", "pertama kedua ketiga keempat kelima keenam ketujuh kedelapan kesembilan kesepuluh"),
        ("cs", "první druhý třetí čtvrtá pátý šestou sedmý osmé devátý desátá"),
    ],
)
def test_a_line_is_ranked_in_the_languages_own_words(code: str, words: str) -> None:
    assert [spoken_number(word, code) for word in words.split()] == list(range(1, 11))


@pytest.mark.parametrize(("words", "number"), [("3", 3), ("3rd", 3), ("12.", 12), ("٤", 4), ("४", 4), ("2ª", 2), ("4-й", 4), ("300", 300)])
def test_digits_of_any_script_are_numbers_with_what_follows_them(words: str, number: int) -> None:
    assert spoken_number(words, "en") == number


@pytest.mark.parametrize("words", ["", "0", "sign", "second and third", "of the book", "12345678"])
def test_what_is_no_number_is_none(words: str) -> None:
    assert spoken_number(words, "en") is None


def test_a_language_without_a_file_counts_in_english() -> None:
    assert spoken_number("three", "xx") == 3
