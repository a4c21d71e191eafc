"""What is asked of a page is answered with what stands there, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assistant.languages import languages
from assistant.messages import TextLine
from assistant.reading.dates import CalendarDate, find_date
from assistant.reading.find_text import _labels, expiry, find_text, largest_text, total
from assistant.reading.page import Page
from assistant.reading.reading_order import arrange
from tests.reading.layouts import ASPECT, column, line

TODAY = date(2026, 11, 29)


def page(*texts: str) -> Page:
    return arrange(column(texts, 300, 100), ASPECT)


def receipt(*rows: tuple[str, str], doubts: str = "") -> Page:
    lines: list[TextLine] = []
    for at, (item, price) in enumerate(rows):
        cell = line(price, 0, 100 + 48 * at, right=1200)
        lines += [line(item, 300, 100 + 48 * at)] + ([cell] if price else [])
        if doubts and price == doubts:
            lines[-1] = replace(cell, character_probabilities=(0.99,) * (len(price) - 1) + (0.7,), probability=0.6)
    return arrange(lines, ASPECT)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("exit", "Emergency EXIT"),
        ("sortie", None),
        ("cafe creme", "un Café crème, 3 €"),
        ("gate 14", "Gate 14 to the left"),
        ("gate 1", None),
        ("platform nine", "trains from plat- form nine leave"),
        ("emergenci exit", "Emergency EXIT"),
        ("EXITS", None),
        ("istanbul", "İstanbul 5"),
        ("", None),
    ],
)
def test_words_are_found_whatever_their_capitals_and_accents(wanted: str, text: str | None) -> None:
    found = find_text(
        page("Emergency EXIT", "Gate 14 to the left", "un Café crème, 3 €", "İstanbul 5", "trains from plat-", "form nine leave"), wanted
    )
    assert (found.text.replace("platform", "plat- form") if found else None) == text


RECEIPTS = [
    ("en", [("Milk", "1.29"), ("Bread", "2.40"), ("SUBTOTAL", "3.69"), ("TOTAL VAT", "0.30"), ("TOTAL", "3.99")], "3.99"),
    ("en", [("Total", "£10.00"), ("Tip", "£2.00"), ("Amount due", "£12.00"), ("Cash", "£20.00"), ("Change", "£8.00")], "£12.00"),
    ("en", [("TOTAL (3 items)", "$1,204.50")], "$1,204.50"),
    ("es", [("Leche", "1,29"), ("Subtotal", "3,00"), ("TOTAL A PAGAR", "3,69 €")], "3,69 €"),
    ("pt", [("Leite", "1,29"), ("Total a pagar", "R$ 3,69")], "R$ 3,69"),
    ("fr", [("Sous-total", "3,00"), ("TOTAL HT", "3,00"), ("NET À PAYER", "3,69 €")], "3,69 €"),
    ("de", [("Zwischensumme", "3,00"), ("SUMME", "3,69 EUR"), ("Rückgeld", "1,31")], "3,69 EUR"),
    ("it", [("Subtotale", "3,00"), ("TOTALE COMPLESSIVO", "3,69"), ("DI CUI IVA", "0,33")], "3,69"),
    ("nl", [("Subtotaal", "3,00"), ("Te betalen", "3,69")], "3,69"),
    ("pl", [("SUMA PTU", "0,69"), ("SUMA PLN", "3,69")], "3,69"),
    ("cs", [("Mezisoučet", "99,00"), ("Celkem k úhradě", "119,00")], "119,00"),
    ("ru", [("Молоко", "89,90"), ("ИТОГ", "189,90")], "189,90"),
    ("uk", [("Хліб", "30,00"), ("ДО СПЛАТИ", "45,50 грн")], "45,50 грн"),
    ("tr", [("ARA TOPLAM", "20,00"), ("TOPKDV", "2,00"), ("TOPLAM", "22,00")], "22,00"),
    ("ar", [("المجموع الفرعي", "10.00"), ("المجموع", "11.50")], "11.50"),
    ("hi", [("उप-योग", "100.00"), ("कुल राशि", "₹118.00")], "₹118.00"),
    ("zh", [("小计", "10.00"), ("合 计", "12.00")], "12.00"),
    ("ja", [("小計", "¥1,000"), ("合計", "¥1,100")], "¥1,100"),
    ("ko", [("소계", "10,000"), ("합 계", "11,000원")], "11,000원"),
    ("vi", [("Tạm tính", "100.000"), ("Tổng cộng", "110.000 đ")], "110.000 đ"),
    ("id", [("Subtotal", "10.000"), ("TOTAL BAYAR", "Rp 11.000")], "Rp 11.000"),
]


@pytest.mark.parametrize(("language", "rows", "told"), RECEIPTS)
def test_the_sum_of_a_receipt_is_told_as_it_stands(language: str, rows: list[tuple[str, str]], told: str) -> None:
    found = total(receipt(*rows))
    assert found is not None and found.text == told
    assert all(told in each.text for each in found.lines)


def test_a_sum_that_is_not_clear_or_not_sure_is_not_told() -> None:
    assert total(receipt(("Milk", "1.29"), ("TOTAL", "3.69"), doubts="3.69")) is None
    assert total(receipt(("Total", "3.69"), ("Total", "4.99"))) is None
    assert total(receipt(("Milk", "1.29"), ("Subtotal", "1.29"))) is None
    assert total(page("Totally good food", "at 5.99")) is None
    assert total(receipt(("Total fat", "12.0 g"), ("Total carbohydrate", "30 g 12%"))) is None
    assert total(Page()) is None


def test_a_sum_below_its_label_is_found() -> None:
    found = total(page("Thank you for your visit", "TOTAL", "12.50"))
    assert found is not None and found.text == "12.50"


EXPIRIES = [
    ("Best before: 24 MAR 2027", "24 MAR 2027", [CalendarDate(2027, 3, 24)]),
    ("EXP 03/2027", "03/2027", [CalendarDate(2027, 3)]),
    ("EXP 2027-03-12", "2027-03-12", [CalendarDate(2027, 3, 12)]),
    ("BB 24/03/27", "24/03/27", [CalendarDate(2027, 3, 24), CalendarDate(2024, 3, 27)]),
    ("BB 24/03/2027", "24/03/2027", [CalendarDate(2027, 3, 24)]),
    ("USE BY 05/03/27", "05/03/27", [CalendarDate(2027, 3, 5), CalendarDate(2027, 5, 3)]),
    ("MFG 01/2025 EXP 01/2028", "01/2028", [CalendarDate(2028, 1)]),
    ("EXP MAR 27", "MAR 27", []),
    ("Use by 311227", "311227", [CalendarDate(2027, 12, 31), CalendarDate(2031, 12, 27)]),
    ("mindestens haltbar bis 12. März 2027", "12. März 2027", [CalendarDate(2027, 3, 12)]),
    ("MHD 31.12.2027", "31.12.2027", [CalendarDate(2027, 12, 31)]),
    ("Consumir preferentemente antes del 12 de marzo de 2027", "12 de marzo de 2027", [CalendarDate(2027, 3, 12)]),
    ("Val. 30/04/2027", "30/04/2027", [CalendarDate(2027, 4, 30)]),
    ("À consommer avant 15 août 2027", "15 août 2027", [CalendarDate(2027, 8, 15)]),
    ("Scad. 15-06-2027", "15-06-2027", [CalendarDate(2027, 6, 15)]),
    ("THT: 15 mei 2027", "15 mei 2027", [CalendarDate(2027, 5, 15)]),
    ("Należy spożyć do: 15.06.2027", "15.06.2027", [CalendarDate(2027, 6, 15)]),
    ("Годен до 15 марта 2027", "15 марта 2027", [CalendarDate(2027, 3, 15)]),
    ("Вжити до 15 березня 2027", "15 березня 2027", [CalendarDate(2027, 3, 15)]),
    ("SKT: 15.06.2027", "15.06.2027", [CalendarDate(2027, 6, 15)]),
    ("صالح حتى ١٥/٠٦/٢٠٢٧", "١٥/٠٦/٢٠٢٧", [CalendarDate(2027, 6, 15)]),
    ("समाप्ति तिथि 15/06/2027", "15/06/2027", [CalendarDate(2027, 6, 15)]),
    ("保质期至 2027年3月12日", "2027年3月12日", [CalendarDate(2027, 3, 12)]),
    ("賞味期限 27.03.12", "27.03.12", [CalendarDate(2027, 3, 12)]),
    ("유통기한 2027년 3월 12일", "2027년 3월 12일", [CalendarDate(2027, 3, 12)]),
    ("HSD: 15/06/2027", "15/06/2027", [CalendarDate(2027, 6, 15)]),
    ("Baik digunakan sebelum 15 Agustus 2027", "15 Agustus 2027", [CalendarDate(2027, 8, 15)]),
    ("Best before end: see lid", "Best before end: see lid", []),
]


@pytest.mark.parametrize(("text", "told", "dates"), EXPIRIES)
def test_a_date_of_expiry_is_told_as_it_stands_with_all_that_it_may_mean(text: str, told: str, dates: list[CalendarDate]) -> None:
    found = expiry(page("Strawberry jam, 250 g", text, "Made in the old town"), TODAY)
    assert found is not None and (found.text, list(found.dates)) == (told, dates)


def test_a_date_on_the_line_below_its_label_is_found_and_other_dates_are_not() -> None:
    found = expiry(page("Lot 4711", "Best before", "24.12.2027"), TODAY)
    assert found is not None and found.text == "24.12.2027"
    assert expiry(page("Packed on 24.12.2025"), TODAY) is None
    assert expiry(page("The expert of 24.12.2025"), TODAY) is None
    unsure = replace(line("EXP 24.12.2027", 300, 300), character_probabilities=(0.99,) * 13 + (0.7,))
    assert expiry(arrange([unsure], ASPECT), TODAY) is None


@pytest.mark.parametrize("text", ["30/02/2027", "500 g", "", "12", "13/13/2027", "99/99/99", "9" * 40])
def test_what_is_no_date_has_no_readings(text: str) -> None:
    found = find_date(text, TODAY)
    assert found is None or found.readings == ()


def test_the_largest_letters_are_the_brand() -> None:
    lines = [
        line("organic and fair", 300, 100, 30),
        line("ACME", 300, 150, 120),
        line("Gold", 300, 290, 110),
        line("ground coffee", 300, 450, 30),
    ]
    found = largest_text(arrange(lines, ASPECT))
    assert found is not None and found.text == "ACME Gold"
    assert largest_text(Page()) is None


def test_every_language_has_its_labels() -> None:
    import tomllib
    from importlib import resources

    table = tomllib.loads((resources.files("assistant.reading") / "label_words.toml").read_text("utf-8"))
    assert set(table) == set(languages())
    assert all(_labels().values())
