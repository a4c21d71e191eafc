"""However an input is spoilt, it is read or refused in one line. More of them: `python -m tests.fuzz.campaign --inputs 100000`."""

from __future__ import annotations

from tests.fuzz.mutations import inputs


def test_spoilt_inputs_are_read_or_refused_in_one_line() -> None:
    assert inputs(seed=0, count=250) == []
