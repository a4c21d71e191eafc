"""The heads for doors: that they learn what stands in two pictures, and find it again where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from assistant.benchmarks.labelled_pictures import LabelledPicture  # noqa: E402
from assistant.messages import Region  # noqa: E402
from models.training.door_head import LABELS, DoorHeads, Example, anchors_of, found_in, measure, train  # noqa: E402

DOOR, HANDLE = Region(0.1, 0.2, 0.2, 0.7), Region(0.6, 0.5, 0.05, 0.05)


def seen(label: str, place: Region, seed: int) -> Example:
    """What the detector might see of a picture with one thing."""
    chance = np.random.default_rng(seed)
    features = tuple(chance.normal(size=(8, 4 * scale, 4 * scale)).astype(np.float16) for scale in (1, 2))
    box = [LABELS.index(label), place.left + place.width / 2, place.top + place.height / 2, place.width, place.height]
    labelled = LabelledPicture(label, np.zeros((4, 4, 3), np.uint8), ((label, place),), 0)
    return Example(features, np.array([box], np.float32), labelled)


@pytest.mark.slow
def test_what_was_learned_is_found_again_and_kept(tmp_path: Path) -> None:
    torch.manual_seed(0)
    learned = [seen("door", DOOR, 0), seen("handle", HANDLE, 1)] * 3  # as many as there are anchors
    heads = DoorHeads([8, 8], torch.from_numpy(anchors_of(learned)))
    train(heads, learned, learned, tmp_path / "a.pt", 60)
    heads = DoorHeads([8, 8], torch.from_numpy(anchors_of(learned)))
    train(heads, learned, learned, tmp_path / "a.pt", 60)  # nothing is left to do but to read the checkpoint
    heads.eval()
    for each in learned:
        [(label, place)] = each.labelled.things
        best = max(found_in(heads, each), key=lambda thing: thing.probability)
        assert best.label == label
        assert best.region.left == pytest.approx(place.left, abs=0.05)
        assert best.region.height == pytest.approx(place.height, abs=0.08)
    assert "door: AP50 1.000 of 3" in measure(heads, learned)
