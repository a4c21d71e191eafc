"""Minutes of conversation with failing devices, in seconds; `python -m tests.support.soak` runs hours. And the judge itself is judged."""

from __future__ import annotations

import pytest

from assistant.messages import NotUnderstood
from tests.support.faulty_devices import Fault, random_faults
from tests.support.soak import Soak, any_faults, loss_every_minute

SPEED = 20.0


@pytest.mark.slow
@pytest.mark.keeps_time
def test_every_question_is_answered_while_a_device_is_lost_every_minute() -> None:
    result = Soak(3, loss_every_minute(3, 7), SPEED, 7).run()
    assert result["broken"] == []
    assert result["answered"] > 10 and result["camera lost"] == result["camera back"] == 1


@pytest.mark.slow
@pytest.mark.keeps_time
def test_nothing_breaks_whatever_goes_wrong_with_devices() -> None:
    result = Soak(4, any_faults(4, 16, 3), SPEED, 3).run()
    assert result["broken"] == []
    assert result["answered"] > 5


def test_a_question_that_nobody_answers_is_noticed() -> None:
    soak = Soak(0.6, {}, SPEED, 0)
    soak.loop._session.conversation.understand_addressed = lambda *_: NotUnderstood("", "en", -1)  # type: ignore[method-assign]
    assert any("UNANSWERED" in broken for broken in soak.run()["broken"])


def test_a_device_that_is_not_back_is_noticed() -> None:
    broken = Soak(0.6, {"camera": [Fault("lost", 20.0, 10**9)]}, SPEED, 0).run()["broken"]
    assert len(broken) == 1 and "the camera" in broken[0]


def test_a_thread_that_dies_is_started_again_and_the_user_told() -> None:
    soak = Soak(0.6, {"camera": [Fault("mistake", 20.0, 30.0)]}, SPEED, 0)
    outcome = soak.run()
    assert outcome["restarted"] >= 1
    assert outcome["broken"] == []


def test_random_faults_are_the_same_again_and_never_overlap() -> None:
    faults = random_faults(("lost", "hung"), 50, 3600.0, 1)
    assert faults == random_faults(("lost", "hung"), 50, 3600.0, 1) != random_faults(("lost", "hung"), 50, 3600.0, 2)
    assert len(faults) == 50 and faults[-1].end_s < 3600
    assert all(sooner.end_s + 10 <= later.start_s for sooner, later in zip(faults, faults[1:], strict=False))
