"""Each lasting scene gives a keyframe; noise, drifting exposure and passing hands don't."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assistant.messages import Frame, Picture
from assistant.seeing.keyframes import KeyframeSelector, select_keyframes
from assistant.settings import KeyframeSettings

SETTINGS = KeyframeSettings()


def scene(seed: int) -> Picture:
    return np.kron(np.random.default_rng(seed).integers(20, 235, (9, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8)


def film(*shots: tuple[Picture, float], rate_hz: int = 10) -> Iterator[Frame]:
    """Each picture for so many seconds, with noise."""
    rng, number = np.random.default_rng(0), 0
    for picture, duration_s in shots:
        for _ in range(round(duration_s * rate_hz)):
            noise = rng.normal(0, 4, picture.shape)
            yield Frame(np.clip(picture + noise, 0, 255).astype(np.uint8), number / rate_hz)
            number += 1


def test_every_scene_is_kept_once() -> None:
    kept = select_keyframes(film(*((scene(seed), 2.0) for seed in range(5))), SETTINGS)
    assert [k.reason for k in kept] == ["first"] + ["change"] * 4
    assert [int(k.frame.time_s // 2) for k in kept] == [0, 1, 2, 3, 4]


def test_a_still_scene_is_kept_again_only_for_coverage_though_the_light_drifts() -> None:
    frames = (Frame((f.picture * (0.8 + 0.2 * np.sin(f.time_s))).astype(np.uint8), f.time_s) for f in film((scene(1), 25.0)))
    assert [k.reason for k in select_keyframes(frames, SETTINGS)] == ["first", "coverage"]


def test_a_hand_passing_by_is_no_scene() -> None:
    assert len(select_keyframes(film((scene(1), 1.0), (scene(2), 0.2), (scene(1), 2.0)), SETTINGS)) == 1


def test_trouble_is_told_once_and_its_end_shows_the_scene_again() -> None:
    selector, black = KeyframeSelector(SETTINGS), np.zeros((180, 320, 3), np.uint8)
    found = [k for f in film((scene(1), 1.0), (black, 3.0), (scene(1), 2.0)) if (k := selector.process(f))]
    assert [(k.reason, k.problem) for k in found] == [("first", None), ("change", "dark"), ("change", None)]


def test_a_single_bad_picture_still_says_what_is_wrong() -> None:
    kept = select_keyframes([Frame(np.zeros((180, 320, 3), np.uint8), 0.0)], SETTINGS)
    assert [k.problem for k in kept] == ["dark"]


def test_a_budget_keeps_the_first_and_the_unlike() -> None:
    shots = [(scene(seed), 2.0) for seed in (1, 2, 1, 2, 3)]
    kept = select_keyframes(film(*shots), SETTINGS, budget=3)
    assert len(kept) == 3
    assert kept[0].frame.time_s == 0.0
    assert kept[-1].frame.time_s >= 8.0
