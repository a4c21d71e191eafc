"""No path of the service's OpenAPI page answers anything with a 500: Schemathesis tries, shortly here and long by command."""

from __future__ import annotations

import pytest

pytest.importorskip("schemathesis", reason="schemathesis is not installed: script/setup test")


@pytest.mark.slow
def test_schemathesis_finds_no_mistake_of_ours() -> None:
    from tests.support.fuzz_paths import fuzz

    done = fuzz(examples=5, seed=25, phases="examples,fuzzing", seconds=300)
    assert done.returncode == 0, done.stdout[-4000:]
