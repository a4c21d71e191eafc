"""The thresholds of `find` are fitted so that evidence tells scenes from absent queries and most absent ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.messages import MomentThresholds
from assistant.videos.queries import QueryMatch
from models.training.fit_moments import REFUSED, Asked, fit

SCENES, WORDS = 10, 8


def asked(scene: int | None, rng: np.random.Generator) -> Asked:
    """Unrelated pictures are worth 12 nats more than the empty one; the one that shows it 15 more than these, its things and words."""
    nats = 12 + 3 * rng.standard_normal(SCENES)
    if scene is not None:
        nats[scene] += 15
    words = [(3.0 if place == scene else -3.0) + rng.standard_normal() for place in range(SCENES)]
    looks = [QueryMatch(np.full(WORDS, (each - 60) / WORDS), evidence) for each, evidence in zip(nats, words, strict=True)]
    peaks = [int(i) for i in np.argsort(-nats)[:3]]
    things = [(2.0 if peak == scene else -2.0) + rng.standard_normal() for peak in peaks]
    return Asked(scene, np.full(WORDS, -60 / WORDS), looks, list(range(SCENES)), peaks, things)


@pytest.fixture(scope="module")
def queries() -> list[Asked]:
    rng = np.random.default_rng(0)
    return [asked(scene, rng) for _ in range(10) for scene in (*range(SCENES), *[None] * SCENES)]


@pytest.fixture(scope="module")
def thresholds(queries: list[Asked]) -> MomentThresholds:
    rng = np.random.default_rng(1)
    things = [(3.0 * right - 1.0 + rng.standard_normal(), 2.0 * right + rng.standard_normal(), right) for right in (True, False) * 40]
    return fit(queries, things)


def test_evidence_and_things_both_speak_for_a_moment(thresholds: MomentThresholds) -> None:
    assert thresholds.slope > 0 and thresholds.per_thing > 0 and thresholds.per_word > 0
    assert thresholds.thing_slope > 0 and thresholds.thing_per_word > 0
    assert thresholds.empty_nats == pytest.approx(12, abs=0.5)


def test_as_many_absent_queries_are_refused_as_was_asked_for_and_scenes_are_found(
    queries: list[Asked], thresholds: MomentThresholds
) -> None:
    refused = [each.score(thresholds) < thresholds.found for each in queries if each.scene is None]
    found = [each.score(thresholds) >= thresholds.found for each in queries if each.scene is not None]
    assert np.mean(refused) == pytest.approx(REFUSED, abs=0.02)
    assert np.mean(found) > 0.95
