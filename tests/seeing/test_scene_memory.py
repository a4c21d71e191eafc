"""The last scenes are remembered, no more; trouble lasts until a good scene follows."""

from __future__ import annotations

import numpy as np

from assistant.messages import Frame, Keyframe, PictureProblem
from assistant.seeing.scene_memory import SceneMemory


def keyframe(time_s: float, problem: PictureProblem | None = None) -> Keyframe:
    return Keyframe(Frame(np.zeros((2, 2, 3), np.uint8), time_s), "change", problem=problem)


def test_only_the_newest_scenes_are_held() -> None:
    memory = SceneMemory(capacity=2)
    for time_s in (1.0, 2.0, 3.0):
        memory.add(keyframe(time_s))
    assert [k.frame.time_s for k in memory.latest(5)] == [2.0, 3.0]
    assert [k.frame.time_s for k in memory.latest(1)] == [3.0]


def test_trouble_is_never_described_and_ends_with_the_next_scene() -> None:
    memory = SceneMemory()
    memory.add(keyframe(0.0))
    memory.add(keyframe(1.0, "covered"))
    assert [(k.frame.time_s, k.problem) for k in memory.in_view(2)] == [(1.0, "covered")]
    assert [k.frame.time_s for k in memory.latest(2)] == [0.0]
    memory.add(keyframe(2.0))
    assert [(k.frame.time_s, k.problem) for k in memory.in_view(2)] == [(0.0, None), (2.0, None)]


def test_forgetting_leaves_nothing() -> None:
    memory = SceneMemory()
    memory.add(keyframe(1.0))
    memory.forget()
    assert memory.latest(1) == []
    assert memory.newest is None


def test_a_camera_that_has_fallen_silent_is_noticed() -> None:
    memory = SceneMemory()
    assert memory.silent_s(50.0) == 0.0
    memory.note_frame(10.0)
    memory.note_frame(12.0)
    assert memory.silent_s(14.5) == 2.5
