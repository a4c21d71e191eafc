"""Which eye a machine gets: the best that its memory, disk and processor bear, and never none."""

from __future__ import annotations

import pytest

from assistant.store.eye_choice import EYES, LEAST_SPEED, Machine, best_eye, fitting_eye

GOOD = Machine(memory_gb=16, disk_gb=100, speed=300)
SIZES = {"smolvlm2-500m": 1.2, "smolvlm2-256m": 0.6}


@pytest.mark.parametrize(
    ("machine", "eye", "why"),
    [
        (GOOD, "smolvlm2-500m", ""),
        (Machine(4, 100, 300), "smolvlm2-256m", "smolvlm2-500m needs 6 GB of memory, and there are 4.0"),
        (Machine(16, 1.8, 300), "smolvlm2-256m", "smolvlm2-500m needs 2.2 GB of disk, and 1.8 are free"),
        (Machine(16, 100, 50), "smolvlm2-256m", "smolvlm2-500m would be too slow on this processor"),
        (Machine(2, 100, 300), "starter", "smolvlm2-500m needs 6 GB of memory, and there are 2.0"),
        (Machine(16, 0.5, 300), "starter", "smolvlm2-500m needs 2.2 GB of disk, and 0.5 are free"),
        (Machine(16, 100, 10), "starter", "smolvlm2-500m would be too slow on this processor"),
    ],
)
def test_the_best_that_fits_is_chosen_and_what_lacks_is_named(machine: Machine, eye: str, why: str) -> None:
    assert fitting_eye(machine, SIZES) == (eye, why)


def test_who_wants_the_small_one_gets_it_without_a_word_of_the_other() -> None:
    assert fitting_eye(GOOD, SIZES, EYES[1:]) == ("smolvlm2-256m", "")


def test_what_is_here_already_needs_no_disk() -> None:
    assert fitting_eye(Machine(16, 0.1, 300), {"smolvlm2-256m": 0.6}) == ("smolvlm2-500m", "")


@pytest.mark.parametrize(
    ("installed", "memory_gb", "eye"),
    [
        ({"starter"}, 16, "starter"),
        ({"starter", "smolvlm2-256m"}, 16, "smolvlm2-256m"),
        ({"smolvlm2-500m", "smolvlm2-256m"}, 16, "smolvlm2-500m"),
        ({"starter", "smolvlm2-500m", "smolvlm2-256m"}, 4, "smolvlm2-256m"),
        ({"starter", "smolvlm2-256m"}, 2, "starter"),
        (set(), 16, "starter"),
    ],
)
def test_what_sees_is_the_best_that_is_here_and_fits_into_memory(installed: set[str], memory_gb: float, eye: str) -> None:
    assert best_eye(installed, memory_gb) == eye


def test_this_machine_is_measured(tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = Machine.this(tmp_path_factory.getbasetemp() / "not" / "there" / "yet")
    assert machine.memory_gb > 0.2
    assert machine.disk_gb > 0
    assert 0.1 < machine.speed < 100 * LEAST_SPEED[EYES[0]]
