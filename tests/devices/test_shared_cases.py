"""The inputs of ../shared/cases, each of which went wrong once and stands for a kind; skipped where that folder isn't there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.assembly import is_sound_file
from assistant.devices.sound_files import RecordedMicrophone
from assistant.devices.sources import open_source
from assistant.messages import Frame
from assistant.seeing.frame_quality import picture_problem
from assistant.settings import CameraSettings, load_settings
from tests.support.folders import PROJECT
from tests.support.odd_media import difference

CASES = next((each / "shared" / "cases" for each in PROJECT.parents if (each / "shared" / "cases").is_dir()), None)
pytestmark = pytest.mark.skipif(CASES is None, reason="there is no ../shared/cases here")


def case(name: str) -> Path:
    assert CASES is not None
    return CASES / name


def seen(name: str) -> tuple[Sequence[Frame], list[str]]:
    camera = open_source(str(case(name)), CameraSettings())
    frames = list(camera.frames())
    return frames, getattr(camera, "warnings", [])


@pytest.mark.parametrize("name", ["phone_grid.heic", "anim_blankfirst.gif"])
def test_the_whole_cat_is_seen(name: str) -> None:
    frames, warnings = seen(name)
    cat = cv2.cvtColor(cv2.imread(str(case("cat.jpg"))), cv2.COLOR_BGR2RGB)
    assert difference(frames[-1].picture, np.asarray(cat)) < 25
    assert picture_problem(frames[-1].picture) is None and warnings == []


def test_black_text_on_nothing_stands_on_a_light_ground() -> None:
    [frame], _ = seen("transparent_black_text.png")
    assert np.median(frame.picture) == 255 and frame.picture.min() == 0
    assert picture_problem(frame.picture) is None


@pytest.mark.parametrize(("name", "seconds"), [("av1.mp4", 3.0), ("starts_at_100s.mkv", 16.0)])
def test_the_video_is_whole(name: str, seconds: float) -> None:
    frames, warnings = seen(name)
    assert frames[0].time_s == pytest.approx(0, abs=0.1) and frames[-1].time_s == pytest.approx(seconds, abs=0.3)
    assert warnings == [] and frames[0].picture.std() > 5


@pytest.mark.parametrize("name", ["question.m4a", "question.caf", "riff_is_filesize.wav"])
def test_the_question_is_heard(name: str) -> None:
    samples = np.concatenate([chunk.samples for chunk in RecordedMicrophone(case(name)).chunks()])
    assert len(samples) / 16000 == pytest.approx(1.35, abs=0.1) and np.abs(samples).max() > 0.1
    assert is_sound_file(str(case(name)))


def test_a_byte_order_mark_is_no_fault() -> None:
    load_settings(case("bom.toml"))
