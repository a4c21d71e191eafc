"""Threads with an owner: what one died of is heard of, one that may be restarted goes on, and one that hangs is noticed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from assistant.workers import RestartLimit, Watchdog, Worker


class Clumsy:
    """A body that fails so many times, then waits to be unblocked."""

    def __init__(self, failures: int) -> None:
        self.runs = 0
        self.unblocked = threading.Event()
        self._failures = failures

    def __call__(self) -> None:
        self.runs += 1
        if self.runs <= self._failures:
            raise ZeroDivisionError(f"number {self.runs}")
        self.unblocked.wait()


def started(body: Clumsy, restarts: RestartLimit | None, on_restart: Callable[[str, Exception], None] = lambda name, error: None) -> Worker:
    worker = Worker("clumsy", body, body.unblocked.set, restarts, on_restart)
    worker.start()
    return worker


def test_what_a_body_died_of_is_raised_to_its_owner() -> None:
    body = Clumsy(1)
    worker = started(body, None)
    assert worker.done.wait(5) and worker.failed
    with pytest.raises(ZeroDivisionError):
        worker.stop(1)
    assert body.runs == 1


def test_a_body_that_fails_now_and_then_is_restarted_and_each_time_is_told() -> None:
    told: list[str] = []
    enough = threading.Event()

    def on_restart(name: str, error: Exception) -> None:
        told.append(f"{name}: {error}")
        if len(told) == 3:
            enough.set()

    body = Clumsy(3)
    worker = started(body, RestartLimit(3), on_restart)
    assert enough.wait(5) and not worker.failed
    assert worker.stop(5)
    assert told == ["clumsy: number 1", "clumsy: number 2", "clumsy: number 3"]
    assert body.runs == 4


def test_a_body_that_fails_again_and_again_is_given_up() -> None:
    body = Clumsy(10**9)
    worker = started(body, RestartLimit(3))
    assert worker.done.wait(5)
    with pytest.raises(ZeroDivisionError, match="number 4"):
        worker.stop(1)


def test_restarts_are_counted_within_their_time_only() -> None:
    limit = RestartLimit(2, within_s=60)
    assert [limit.allows(now_s) for now_s in (0, 10, 59, 60, 61, 70)] == [True, True, False, True, False, True]
    assert not RestartLimit(0).allows(0)


class TestWatchdog:
    def test_a_stage_without_a_sign_of_life_hangs_and_one_that_gets_on_does_not(self) -> None:
        watchdog = Watchdog({"watch": 3.0, "converse": 20.0})
        for stage in ("watch", "converse"):
            watchdog.beat(stage, 100.0)
        assert watchdog.hung(103.0) == []
        assert watchdog.hung(103.1) == ["watch"]
        assert watchdog.hung(121.0) == ["watch", "converse"]
        watchdog.beat("watch", 121.0)
        assert watchdog.hung(121.5) == ["converse"]

    def test_nothing_is_expected_of_a_stage_that_waits_for_others_or_has_not_begun(self) -> None:
        watchdog = Watchdog({"converse": 20.0})
        assert watchdog.hung(1000.0) == []
        watchdog.beat("converse", 1000.0)
        watchdog.rest("converse")
        assert watchdog.hung(2000.0) == []
        watchdog.beat("converse", 2000.0)
        assert watchdog.hung(2021.0) == ["converse"]

    def test_a_stage_nobody_set_a_limit_for_is_a_mistake(self) -> None:
        with pytest.raises(KeyError):
            Watchdog({"watch": 3.0}).beat("wach", 0.0)
