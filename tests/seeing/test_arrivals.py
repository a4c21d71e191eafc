"""People who come and go are told of once, and a detector that flickers moves nobody."""

from __future__ import annotations

import pytest

from assistant.seeing.arrivals import Arrivals


def changes(counts: str) -> list[int]:
    """What is told of counts in pictures a quarter of a second apart."""
    arrivals = Arrivals()
    told = [arrivals.process(int(count), number / 4) for number, count in enumerate(counts)]
    return [change for change in told if change]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ("0000", []),
        ("2222", []),
        ("0001111111", [1]),
        ("00011111110000000000", [1, -1]),
        ("0002222222", [2]),
        ("00010000100001000", []),
        ("11110111101111001111", []),
        ("1111232323232323", [1]),
        ("3333312121212121212", [-1]),
        ("0001111122222", [1, 1]),
    ],
)
def test_changes_that_last_are_told(counts: str, told: list[int]) -> None:
    assert changes(counts) == told


def test_an_arrival_is_told_within_a_second_and_a_departure_within_two() -> None:
    arrivals = Arrivals()
    arrivals.process(0, 0.0)
    came = next(n / 10 for n in range(1, 100) if arrivals.process(1, n / 10))
    left = next(n / 10 for n in range(1, 100) if arrivals.process(0, 20 + n / 10))
    assert came <= 1.0 and left <= 2.0
