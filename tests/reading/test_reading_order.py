"""A page is read as its reader would: columns one after the other, an item with its price, whichever way the page lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from assistant.messages import TextLine
from assistant.reading.page import joined
from assistant.reading.reading_order import arrange
from tests.reading.layouts import ASPECT, WIDTH, column, line, prose, scaled, shuffled, slanted, turned

View = Callable[[Sequence[TextLine]], list[TextLine]]
VIEWS: dict[str, View] = {
    "straight": list,
    "small": lambda lines: scaled(lines, 0.4),
    "turned by 2": lambda lines: turned(lines, 2),
    "turned by -7": lambda lines: turned(scaled(lines, 0.8), -7),
    "turned by 15": lambda lines: turned(scaled(lines, 0.8), 15),
    "turned by 90": lambda lines: turned(scaled(lines, 0.7), 90),
    "upside down": lambda lines: turned(lines, 180),
    "turned by -90": lambda lines: turned(scaled(lines, 0.7), -88),
    "from the left": lambda lines: slanted(lines, across=0.2),
    "from below": lambda lines: slanted(lines, down=0.15),
    "from a corner": lambda lines: slanted(lines, across=-0.12, down=0.12),
    "turned and from a side": lambda lines: turned(slanted(scaled(lines, 0.8), across=0.1, down=-0.1), -5),
}
seen_from_everywhere = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())

LEFT, RIGHT = prose(14, 34, mark="A0"), prose(14, 34, 9, mark="B0")


def blocks(lines: Sequence[TextLine]) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in arrange(shuffled(lines), ASPECT).blocks]


def texts(lines: Sequence[TextLine]) -> list[str]:
    return [each.text for each in arrange(shuffled(lines), ASPECT).lines]


@seen_from_everywhere
def test_two_columns_are_not_read_across(view: View) -> None:
    lines = view(column(LEFT, 200, 200) + column(RIGHT, 820, 200))
    assert texts(lines) == LEFT + RIGHT


@seen_from_everywhere
def test_columns_under_a_heading_and_above_a_footer(view: View) -> None:
    heading, footer = (
        line("News of the whole wide world", 350, 90, 60),
        line("printed in a small town by the river, read all over the world", 300, 1100),
    )
    three = column(prose(13, 24, 0, "A"), 200, 200) + column(prose(13, 24, 5, "B"), 620, 200) + column(prose(13, 24, 8, "C"), 1040, 200)
    assert texts(view([heading, *three, footer])) == [heading.text, *(each.text for each in three), footer.text]
    assert blocks(view([heading, *three, footer]))[0] == ("heading", heading.text)


@seen_from_everywhere
def test_an_item_and_its_price_are_read_together(view: View) -> None:
    goods = [
        ("Whole milk 1 l", "1.29"),
        ("Bread", "2.40"),
        ("Mature cheddar cheese", "4.75"),
        ("2 x apples", "0.80"),
        ("TOTAL", "9.24 EUR"),
    ]
    lines = [line("CORNER SHOP", 620, 100, 50)]
    for row, (item, price) in enumerate(goods):
        lines += [line(item, 400, 200 + 48 * row), line(price, 0, 200 + 48 * row, right=1150)]
    lines.append(line("Thank you for your visit and see you soon", 420, 480))
    rows = [("row", f"{item} {price}") for item, price in goods]
    assert blocks(view(lines)) == [("heading", "CORNER SHOP"), *rows, ("paragraph", "Thank you for your visit and see you soon")]


@seen_from_everywhere
def test_a_table_is_read_row_by_row(view: View) -> None:
    table = [
        ("", "per 100 g", "per portion"),
        ("Energy", "250 kcal", "75 kcal"),
        ("Fat", "12.0 g", "3.6 g"),
        ("of which sugars", "4 g", "1.2 g"),
    ]
    lines = [line(text, 300 + 330 * at, 300 + 45 * row) for row, cells in enumerate(table) for at, text in enumerate(cells) if text]
    assert blocks(view(lines)) == [("row", " ".join(cells).strip()) for cells in table]


def test_opening_hours_and_labels_are_read_with_what_they_say() -> None:
    hours = [("Monday", "closed"), ("Tuesday", "9-17"), ("Saturday", "by appointment only")]
    lines = [line(text, 300 + 400 * at, 300 + 50 * row) for row, cells in enumerate(hours) for at, text in enumerate(cells)]
    assert [text for _, text in blocks(lines)] == [" ".join(cells) for cells in hours]
    form = [
        ("Name:", "Jane Smith"),
        ("Address of the patient:", "12 Long Street, Old Town"),
        ("Notes:", "likes to be called in the morning"),
    ]
    lines = [line(text, 300 + 450 * at, 300 + 50 * row) for row, cells in enumerate(form) for at, text in enumerate(cells)]
    assert [text for _, text in blocks(lines)] == [" ".join(cells) for cells in form]


def test_two_price_lists_side_by_side_are_read_one_after_the_other() -> None:
    """The first version read all of them across, as one table."""
    drinks, cakes = (
        [("Espresso", "2.10"), ("Tea", "2.00"), ("Hot chocolate", "3.50")],
        [("Cheese cake", "4.10"), ("Scone", "2.50"), ("Brownie", "3")],
    )
    lines = []
    for left, goods in ((200, drinks), (900, cakes)):
        for row, (item, price) in enumerate(goods):
            lines += [line(item, left, 300 + 50 * row), line(price, 0, 300 + 50 * row, right=left + 500)]
    assert [text for _, text in blocks(lines)] == [f"{item} {price}" for item, price in drinks + cakes]


def test_narrow_columns_in_two_languages_are_not_read_across() -> None:
    left, right = ["Push the door", "to leave the", "building at once"], ["Poussez la porte", "pour sortir du", "bâtiment"]
    assert blocks(column(left, 200, 200, 40) + column(right, 800, 200, 40)) == [
        ("paragraph", " ".join(left)),
        ("paragraph", " ".join(right)),
    ]


def test_a_word_far_below_and_aside_is_no_column_of_a_sign() -> None:
    """Once the newspaper box below was read before the sign's last line, as if it stood in a column beside it."""
    sign = [line("PARKING", 550, 250, 90), line("PROHIBITED", 550, 340, 84), line("AT ALL TIMES", 565, 420, 80)]
    assert texts([*sign, line("The", 445, 1010, 24)]) == ["PARKING", "PROHIBITED", "AT ALL TIMES", "The"]


def test_the_date_beside_a_letterhead_leaves_the_letter_whole() -> None:
    """The first version took the letter's first lines for rows of a table, or parted them from the others."""
    head = [line("The Old Clinic", 200, 80), line("29 November 2026", 0, 80, 26, right=1400), line("12 Long Street", 200, 120, 26)]
    body = column(prose(4, 70), 200, 320, 28)
    end = [line("Yours sincerely,", 200, 560, 28), line("Dr. Jones", 200, 660, 28)]
    told = blocks([*head, line("Dear Ms Smith,", 200, 250, 28), *body, *end])
    assert told[0] == ("row", "The Old Clinic 29 November 2026")
    assert [text for _, text in told[1:]] == [
        "12 Long Street",
        "Dear Ms Smith,",
        " ".join(each.text for each in body),
        *(each.text for each in end),
    ]


def test_a_long_item_goes_on_below_and_keeps_its_price() -> None:
    lines = [line("Organic wholemeal", 400, 200), line("bread with seeds", 400, 245), line("3.20", 0, 245, right=1000)]
    lines += [line("Butter", 400, 290), line("2.10", 0, 290, right=1000), line("Tea", 400, 335), line("1.99", 0, 335, right=1000)]
    assert texts(lines) == ["Organic wholemeal", "bread with seeds", "3.20", "Butter", "2.10", "Tea", "1.99"]


def test_columns_whose_paragraphs_end_at_the_same_height_are_not_read_across() -> None:
    """A cut at every empty line would read the two first paragraphs, then the two second ones."""
    lines = []
    for left, mark in ((200, "A"), (820, "B")):
        lines += column(prose(5, 34, 0, mark), left, 200) + column(prose(5, 34, 7, mark), left, 480)
    assert [text[0] for _, text in blocks(lines)] == ["A", "A", "B", "B"]


def test_columns_with_lines_of_different_heights() -> None:
    narrow = column(prose(18, 40, 3, "B"), 900, 205, 22)
    assert texts(column(LEFT, 200, 200) + narrow) == LEFT + [each.text for each in narrow]


def test_paragraphs_are_told_apart_by_gaps_and_by_indents() -> None:
    by_gap = column(prose(3, 60, 0, "A"), 200, 100) + column(prose(3, 60, 4, "B"), 200, 290)
    assert [(kind, text[0]) for kind, text in blocks(by_gap)] == [("paragraph", "A"), ("paragraph", "B")]
    first, second = prose(4, 60, 0, "A"), prose(4, 56, 3, "B")
    by_indent = column(first, 200, 100) + [line(second[0], 245, 280)] + column(second[1:], 200, 325)
    assert [(kind, text[0]) for kind, text in blocks(by_indent)] == [("paragraph", "A"), ("paragraph", "B")]


def test_pieces_of_a_line_in_one_of_two_staggered_columns_make_no_table() -> None:
    left = [line("the quick brown", 200, 200), line("fox and dog", 200 + 15 * 17, 200), line("run to the far away hills", 200, 270)]
    right = [line("a slow and sleepy bear is", 900, 235), line("here, and it stays for now", 900, 305)]
    assert texts(left + right) == [each.text for each in left + right]


def test_a_line_that_a_reader_has_cut_in_pieces_is_one() -> None:
    lines = [line("the quick", 200, 100), line("brown fox", 352, 104), line("jumps over", 498, 98), line("the lazy dog", 200, 148)]
    assert blocks(lines) == [("paragraph", "the quick brown fox jumps over the lazy dog")]


def test_arabic_and_hebrew_columns_begin_at_the_right() -> None:
    right, left = ["هذا هو العمود الأول من النص"] * 6, ["وهذا هو العمود الثاني منه"] * 6
    lines = [line(text, 0, 200 + 45 * row, right=1400) for row, text in enumerate(right)]
    lines += [line(text, 0, 200 + 45 * row, right=800) for row, text in enumerate(left)]
    assert texts(lines) == right + left
    prices = [line("חלב", 0, 200, right=1200), line("7.90", 500, 200), line("לחם", 0, 250, right=1200), line("12.50", 500, 250)]
    assert blocks(prices) == [("row", "חלב 7.90"), ("row", "לחם 12.50")]


def test_chinese_lines_are_joined_without_spaces() -> None:
    assert blocks(column(["今日特价商品有苹果", "香蕉和葡萄"], 200, 200)) == [("paragraph", "今日特价商品有苹果香蕉和葡萄")]


def test_text_that_stands_crosswise_comes_after_what_most_lines_say() -> None:
    upright = column(prose(6, 40), 500, 300)
    spine = turned([line("Volume two", 700, 1100)], 90)
    assert texts([*spine, *upright]) == [each.text for each in [*upright, *spine]]


def test_a_lone_digit_in_a_tall_box_is_read_where_it_stands() -> None:
    """Readers tell its corners as if the box were that of a turned line."""
    steps = [
        (line(number, 200, 200 + 60 * at), line(text, 260, 200 + 60 * at))
        for at, (number, text) in enumerate([("1", "Boil it."), ("2", "Eat it.")])
    ]
    lines = [replace(number, corners=(*number.corners[1:], number.corners[0])) for number, _ in steps] + [text for _, text in steps]
    assert [text for _, text in blocks(lines)] == ["1 Boil it.", "2 Eat it."]


@pytest.mark.parametrize(("degrees", "told"), [(0, 0), (90, 90), (180, 180), (-90, -90), (10, 10)])
def test_the_turn_of_the_page_is_told(degrees: float, told: float) -> None:
    page = arrange(turned(column(LEFT, 300, 300, 20), degrees), ASPECT)
    assert abs((page.turn_degrees - told + 180) % 360 - 180) < 1
    assert -180 < page.turn_degrees <= 180


def test_a_brand_in_large_letters_is_a_heading_and_a_page_in_one_size_has_none() -> None:
    lines = [line("AROMA", 300, 200, 90), line("ground coffee, 500 g", 300, 330, 32), line("roasted in the old town", 300, 378, 30)]
    assert blocks(lines) == [("heading", "AROMA"), ("paragraph", "ground coffee, 500 g roasted in the old town")]
    assert {kind for kind, _ in blocks(column(["EXIT", "to the street"], 300, 200, 80))} == {"paragraph"}


def test_nothing_one_letter_and_lines_without_size() -> None:
    assert arrange([], ASPECT).blocks == ()
    assert texts([line("A", 300, 300)]) == ["A"]
    point = TextLine("?", 0.5, ((0.5, 0.5),) * 4)
    assert sorted(texts([point, point, line("A", 300, 300)])) == ["?", "?", "A"]


def test_a_crowded_page_is_arranged_at_once() -> None:
    """Four hundred lines, more than a reader finds in a picture."""
    lines = [line(f"w{index}", (index * 7919) % (WIDTH - 60), (index * 104729) % 1100, 12) for index in range(400)]
    assert sorted(texts(lines)) == sorted(each.text for each in lines)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("an exam-", "ple", "an example"),
        ("a well-", "known fact", "a well-known fact"),
        ("state-of-", "the-art", "state-of-the-art"),
        ("Jean-", "Paul", "Jean-Paul"),
        ("COVID-", "19", "COVID-19"),
        ("ein Bei\u00ad", "Spiel", "ein BeiSpiel"),
        ("10-", "20 pieces", "10- 20 pieces"),
        ("he said -", "nothing", "he said - nothing"),
        ("東京", "都", "東京都"),
        ("서울", "역", "서울 역"),
        ("", "word", "word"),
    ],
)
def test_words_divided_at_the_end_of_a_line_are_put_together(before: str, after: str, text: str) -> None:
    assert joined(before, after) == text
