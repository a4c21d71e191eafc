"""What a developer is told of two versions that answer alike, or don't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from script.compare_versions import main
from script.compared_outcomes import Outcome, differences_of, file_differences, wording_of

ASK, HELP, RUN = ("ask", "cat.png", "What is this?", "--json"), ("ask", "--help"), ("run", "--json")
ANSWER = {"answer": "A cat.", "score": 0.5, "keyframes_s": [0.0, 2.1], "times_s": {"look": 0.2}, "picture_problem": None}


def outcome(*results: Any, status: int | None = 0, errors: tuple[str, ...] = ()) -> Outcome:
    return Outcome(status, results, errors)


@pytest.mark.parametrize(
    "change",
    [
        {"times_s": {"look": 3.0}},
        {"score": 0.501},
    ],
)
def test_times_and_rounding_are_no_difference(change: dict[str, Any]) -> None:
    assert not list(differences_of(ASK, outcome(ANSWER), outcome(ANSWER | change)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answer": "A dog."}, "answer: A cat. -> A dog."),
        ({"score": 0.6}, "score"),
        ({"score": 1}, "score"),
        ({"keyframes_s": [0.0, 2.5]}, "keyframes_s[1]"),
        ({"keyframes_s": [0.0]}, "keyframes_s"),
        ({"times_s": {"see": 0.2}}, "times_s"),
        ({"picture_problem": "dark"}, "picture_problem"),
        ({"findings": []}, "findings"),
    ],
)
def test_every_other_change_of_the_json_is_told(change: dict[str, Any], told: str) -> None:
    (difference,) = differences_of(ASK, outcome(ANSWER), outcome(ANSWER | change))
    assert told in difference


@pytest.mark.parametrize(
    "new",
    [
        outcome(status=3, errors=("ask: it is wrong.",)),
        outcome(status=-11, errors=("ask: it is wrong.",)),
        outcome(status=None, errors=("ask: it is wrong.",)),
        outcome(status=2, errors=("ask: it is wrong.", "Mend it.")),
        outcome(status=2),
        outcome(status=2, errors=("Traceback (most recent call last):",)),
        outcome(ANSWER, status=2, errors=("ask: it is wrong.",)),
    ],
)
def test_another_exit_status_or_form_of_an_error_is_told(new: Outcome) -> None:
    assert list(differences_of(ASK, outcome(status=2, errors=("ask: it is wrong.",)), new))


def test_an_error_in_other_words_is_no_difference_but_told() -> None:
    old, new = (outcome(status=2, errors=(line,)) for line in ("ask: it is wrong.", "ask: it is bad."))
    assert not list(differences_of(ASK, old, new))
    assert wording_of(ASK, old, new) == ["ask: it is wrong. -> ask: it is bad."]


def test_help_may_be_worded_anew_but_loses_no_option() -> None:
    old = outcome("usage: ask [--out WAV] [--detail {brief,full}]", "  --out WAV  also speak")
    assert not list(differences_of(HELP, old, outcome("usage: ask [--out WAV] [--detail {brief,full}]", "  --out WAV  say it too")))
    assert list(differences_of(HELP, old, outcome("usage: ask [--detail {brief,full}]")))
    assert list(differences_of(HELP, old, outcome("usage: ask [--out WAV] [--detail {brief}]", "  --out WAV  also speak")))


def test_of_a_live_run_the_last_answer_counts_and_not_its_moments() -> None:
    ready, answer = ({"event": "sentence", "time_s": 1.5, "text": text} for text in ("I'm ready.", "A cat."))
    assert not list(differences_of(RUN, outcome(ready, answer), outcome(ready | {"time_s": 2.5}, ready, answer)))
    assert list(differences_of(RUN, outcome(ready, answer), outcome(ready, answer | {"text": "A dog."})))
    assert list(differences_of(RUN, outcome(ready, answer), outcome(ready, answer | {"words": 2})))


def test_files_that_are_lacking_or_differ_are_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, text in ((old, "A cat."), (new, "A dog.")):
        folder.mkdir()
        (folder / "same.srt").write_text("1")
        (folder / "other.srt").write_text(text)
    (new / "more.wav").write_bytes(b"")
    assert [difference.split()[2] for difference in file_differences(old, new)] == ["more.wav", "other.srt"]


def test_two_checkouts_are_run_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version, answer in (("old", "A cat."), ("new", "A dog.")):
        (tmp_path / version / "assistant").mkdir(parents=True)
        program = f"""import json, sys\nprint("    say  speak" if "--help" in sys.argv else json.dumps({{"answer": "{answer}"}}))"""
        (tmp_path / version / "assistant" / "__main__.py").write_text(program)
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    assert main([old, old, "--only", "Son las"]) == 0
    assert capsys.readouterr().out.startswith("1 cases (exit status 0: 1), 1 equal")
    assert main([old, new, "--only", "Son las"]) == 1
    assert capsys.readouterr().out.startswith(
        "differs  say '¿Qué tal? Son las 10:30.' --language es --out es.wav --json: [0].answer: A cat. -> A dog."
    )
