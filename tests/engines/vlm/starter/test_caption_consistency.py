"""A description is consistent with a picture as far as it says what people would say of it, and nothing that they wouldn't."""

from __future__ import annotations

import pytest

from assistant.engines.vlm.starter.caption_consistency import CaptionConsistency

PICTURE = CaptionConsistency([("dog", 1.0, 0.25), ("grass", 1.0, 0.1), ("man", 0.0, 0.3), ("frisbee", 0.5, 0.01)])


def test_all_that_is_seen_and_nothing_else_agrees_fully() -> None:
    assert CaptionConsistency([("dog", 1.0, 0.25), ("man", 0.0, 0.3)]).score("A dog.") == pytest.approx(1)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("A dog on the grass.", "A dog."),
        ("A dog.", "A dog and a man."),
        ("A dog.", "A man."),
        ("GRASS!", "A dog."),  # the rarer word tells more
        ("A dog on the grass with a frisbee.", "A dog on the grass with a man."),
    ],
)
def test_what_is_seen_counts_for_and_what_is_not_counts_against(better: str, worse: str) -> None:
    assert 1 >= PICTURE.score(better) > PICTURE.score(worse) >= 0


def test_saying_a_word_twice_or_one_that_nobody_was_asked_about_changes_nothing() -> None:
    assert PICTURE.score("A dog, a dog, quickly.") == PICTURE.score("A dog.")


def test_where_no_word_is_known_or_expected_nothing_agrees() -> None:
    assert CaptionConsistency([]).score("A dog.") == 0
    assert CaptionConsistency([("dog", 0.0, 0.25)]).score("A cat.") == 0
    assert CaptionConsistency([("a", 1.0, 1.0)]).score("A cat.") == 0


def test_words_that_stand_side_by_side_as_people_would_put_them_agree_better() -> None:
    words = [("black", 0.5, 0.1), ("white", 0.5, 0.1), ("dog", 0.5, 0.2), ("cat", 0.5, 0.2)]
    picture = CaptionConsistency([*words, ("black_dog", 0.5, 0.02), ("white_cat", 0.5, 0.02), ("black_cat", 0.01, 0.02)])
    assert picture.score("A black dog and a white cat.") > picture.score("A black cat and a white dog.")
    assert CaptionConsistency(words).score("A black dog and a white cat.") == CaptionConsistency(words).score(
        "A black cat and a white dog."
    )
