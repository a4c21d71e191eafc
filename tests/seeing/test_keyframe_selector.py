"""Each lasting scene gives a keyframe; bad cameras, passing hands and scenes seen before don't."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from assistant.benchmarks.pictures import made_up_pictures
from assistant.benchmarks.scripted_videos import BAD_CAMERAS, CameraFaults, Film, cuts, objects, pan, still
from assistant.messages import Frame, Keyframe, Picture
from assistant.seeing.keyframe_selector import KeyframeSelector, iterate_keyframes, select_keyframes
from assistant.seeing.signatures import compare, sharpness_of, signature_of
from assistant.settings import KeyframeSettings

FPS = 10
"""Two in three of a usual camera's, since most of the time goes into making them."""
SETTINGS = KeyframeSettings()
PICTURES = made_up_pictures(12)
BLACK = np.zeros((180, 320, 3), np.uint8)


def live(frames: Iterable[Frame], settings: KeyframeSettings = SETTINGS) -> list[tuple[float, Keyframe]]:
    """What a live selector tells, and when."""
    selector = KeyframeSelector(settings)
    return [(frame.time_s, keyframe) for frame in frames if (keyframe := selector.process(frame)) is not None]


def shown(film: Film, keyframes: Iterable[Keyframe]) -> list[str]:
    """The scenes on keyframes, in order."""
    return [scene.name for k in keyframes for scene in film.scenes if scene.start_s <= k.frame.time_s < scene.end_s]


def steady(*shots: tuple[Picture, float], rate_hz: int = 10) -> Iterator[Frame]:
    """Each picture for so many seconds, with a little noise."""
    rng, number = np.random.default_rng(0), 0
    for picture, duration_s in shots:
        for _ in range(round(duration_s * rate_hz)):
            noisy = picture + 3 * rng.standard_normal(picture.shape, np.float32)
            yield Frame(np.clip(noisy, 0, 255).astype(np.uint8), number / rate_hz)
            number += 1


@pytest.mark.parametrize(
    "film",
    [
        cuts(PICTURES, [2, 1, 4, 1.5, 3]),
        cuts(PICTURES, [3, 3, 2.5, 4], dissolve_s=1.0),
        pan(PICTURES[:4], [2.5, 2, 3, 2]),
    ],
    ids=lambda film: film.name,
)
def test_every_scene_is_kept_once_and_sharp(film: Film) -> None:
    frames = list(film.frames(fps=FPS))
    kept = select_keyframes(iter(frames), SETTINGS)
    assert shown(film, kept) == [scene.name for scene in film.scenes]
    assert kept[0].reason == "first"
    assert {k.reason for k in kept[1:]} == {"change"}
    for keyframe, scene in zip(kept, film.scenes, strict=True):
        sharpest = max(sharpness_of(f.picture) for f in frames if scene.start_s <= f.time_s < scene.end_s)
        assert keyframe.sharpness > 0.75 * sharpest


def test_a_recording_keeps_a_scene_that_comes_back_once_and_the_stream_tells_of_its_return() -> None:
    film = cuts(PICTURES, [2, 2, 2], order=(0, 1, 0))
    assert shown(film, select_keyframes(film.frames(fps=FPS), SETTINGS)) == ["picture 0", "picture 1"]
    found = list(iterate_keyframes(film.frames(fps=FPS), SETTINGS))
    assert [(k.reason, k.scene) for k in found] == [("first", 0), ("change", 1), ("return", 0)]


def test_things_that_appear_and_leave_are_told_within_a_second() -> None:
    film = objects(PICTURES[0], PICTURES[1:4], [3, 3, 3], away_s=3)
    told = [(time_s, k.reason) for time_s, k in live(film.frames(fps=FPS)) if k.reason in ("change", "return")]
    assert [reason for _, reason in told] == ["change", "return"] * 3
    delays_s = [time_s - scene.start_s for (time_s, _), scene in zip(told, film.scenes[1:], strict=True)]
    assert max(delays_s) <= 1.0


@pytest.mark.parametrize("camera", BAD_CAMERAS.values(), ids=BAD_CAMERAS)
def test_a_bad_camera_is_no_change(camera: CameraFaults) -> None:
    told = live(still(PICTURES[5], 12.0, camera).frames(fps=FPS))  # the light swings once in eleven
    assert told[0][1].reason == "first"
    assert {k.reason for _, k in told[1:]} <= {"coverage"}


def test_a_view_that_moves_on_is_covered_and_told_where_it_stops() -> None:
    film = pan(PICTURES[:2], [2, 3], move_s=6.0)
    reasons = [k.reason for time_s, k in live(film.frames(fps=FPS)) if time_s > 2]
    assert reasons[-1] == "change"
    assert set(reasons[:-1]) == {"coverage"}
    assert len(reasons) <= 4


def test_a_still_scene_is_kept_again_for_coverage_live_but_not_of_a_recording() -> None:
    frames = [Frame((f.picture * (0.8 + 0.2 * np.sin(f.time_s))).astype(np.uint8), f.time_s) for f in steady((PICTURES[1], 25.0))]
    assert [(k.reason, k.scene) for _, k in live(frames)] == [("first", 0), ("coverage", 0)]
    assert [k.reason for k in select_keyframes(frames, SETTINGS)] == ["first"]


def test_a_hand_passing_by_is_no_scene() -> None:
    assert len(select_keyframes(steady((PICTURES[1], 1.0), (PICTURES[2], 0.2), (PICTURES[1], 2.0)), SETTINGS)) == 1


def test_a_first_picture_out_of_focus_is_told_at_once_and_again_when_it_is_sharp() -> None:
    blurred = np.asarray(cv2.GaussianBlur(PICTURES[1], (0, 0), 1.5), np.uint8)
    told = live(steady((blurred, 0.5), (PICTURES[1], 3.0)))
    assert [(round(time_s, 1), k.reason) for time_s, k in told] == [(0.0, "first"), (1.0, "coverage")]
    assert told[1][1].sharpness > 1.5 * told[0][1].sharpness


def test_trouble_is_told_once_and_its_end_shows_the_scene_again() -> None:
    told = live(steady((PICTURES[1], 2.0), (BLACK, 3.0), (PICTURES[1], 2.0)))
    assert [(k.reason, k.problem, k.scene) for _, k in told] == [("first", None, 0), ("change", "dark", -1), ("return", None, 0)]


def test_a_lens_that_loses_focus_is_told_though_nothing_moved() -> None:
    blurred = np.asarray(cv2.GaussianBlur(PICTURES[1], (0, 0), 9), np.uint8)
    told = live(steady((PICTURES[1], 3.0), (blurred, 5.0), (PICTURES[1], 3.0)))
    assert [k.problem for _, k in told] == [None, "blurred", None]


def test_a_single_bad_picture_still_says_what_is_wrong() -> None:
    assert [k.problem for k in select_keyframes([Frame(BLACK, 0.0)], SETTINGS)] == ["dark"]


def test_a_fade_from_black_leaves_only_the_scene() -> None:
    kept = select_keyframes(steady((BLACK, 2.0), (PICTURES[3], 2.0)), SETTINGS)
    assert [(k.reason, k.problem) for k in kept] == [("first", None)]


def test_live_keyframes_are_bounded_in_any_minute() -> None:
    settings = replace(SETTINGS, most_per_minute=6)
    flicking = steady(*((PICTURES[number % 12], 1.0) for number in range(70)), rate_hz=5)
    told_s = [time_s for time_s, _ in live(flicking, settings)]
    assert max(sum(start <= t < start + 60 for t in told_s) for start in told_s) == 6
    assert told_s[-1] > 60


def test_a_budget_keeps_what_is_unlike_and_spreads_over_time() -> None:
    film = cuts(PICTURES, [1.5] * 12)
    kept = select_keyframes(film.frames(fps=FPS), SETTINGS, budget=4)
    times_s = [k.frame.time_s for k in kept]
    assert len(kept) == 4
    assert times_s[0] < 1.5
    assert times_s[-1] > 12
    assert max(np.diff(times_s)) < 9


def test_a_budget_gives_up_a_thing_that_appeared_before_a_scene() -> None:
    film = Film("mixed", (*objects(PICTURES[0], PICTURES[1:2], [2], away_s=2).shots[:2], *cuts(PICTURES[4:6], [2, 2]).shots))
    assert shown(film, select_keyframes(film.frames(fps=FPS), SETTINGS)) == ["nothing", "thing 0", "picture 0", "picture 1"]
    assert shown(film, select_keyframes(film.frames(fps=FPS), SETTINGS, budget=3)) == ["nothing", "picture 0", "picture 1"]


def test_a_budget_of_one_gives_one() -> None:
    assert len(select_keyframes(cuts(PICTURES, [1.5] * 3).frames(fps=FPS), SETTINGS, budget=1)) == 1


def test_a_moved_view_is_recognised_with_what_came_into_it() -> None:
    wall = np.hstack(PICTURES[:2])
    moved = compare(signature_of(wall[:, :360]), signature_of(wall[:, 120:480]))
    assert moved.changed < 0.03
    assert moved.uncovered == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (720, 1280), (33, 17)])
def test_pictures_of_any_size_have_a_signature(shape: tuple[int, int]) -> None:
    same = signature_of(np.full((*shape, 3), 90, np.uint8))
    assert compare(same, signature_of(np.full((*shape, 3), 90, np.uint8))).total == 0


def test_the_command_draws_every_keyframe_and_the_curve(tmp_path: Path) -> None:
    film, path, sheet = cuts(PICTURES, [2, 2, 2]), tmp_path / "film.avi", tmp_path / "sheet.png"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (320, 180))
    for frame in film.frames(fps=FPS):
        writer.write(cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR))
    writer.release()
    command = [sys.executable, "-m", "assistant", "keyframes", str(path), "--sheet", str(sheet), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["keyframes"]
    assert [int(k["time_s"] // 2) for k in found] == [0, 1, 2]
    assert [k["reason"] for k in found] == ["first", "change", "change"]
    drawn = cv2.cvtColor(cv2.imread(str(sheet)), cv2.COLOR_BGR2RGB).astype(int)
    marks = (np.abs(drawn[-100] - (200, 40, 40)).sum(axis=1) < 30).sum()
    assert marks == 3
