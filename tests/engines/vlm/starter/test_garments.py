"""A garment is named where the head is sure of it, by its kind where it isn't, and nothing else is called one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.engines.vlm.starter.garments import GARMENT_THRESHOLDS, HEAD_FILE, OTHER, GarmentHead
from assistant.languages.nouns import nouns
from tests.support.folders import PROJECT

LABELS = ["T-Shirt", "Polo", "Dress", OTHER]


def called(*logits: float) -> str:
    head = GarmentHead(LABELS, np.eye(4, dtype=np.float32), np.zeros(4, np.float32))
    noun = head.name(np.array([logits], np.float32), GARMENT_THRESHOLDS).noun
    return nouns()[noun].names("en")[0].text if noun else ""


@pytest.mark.parametrize(
    ("logits", "name"),
    [((0, 0, 9, 0), "dress"), ((5, 5, 0, 0), "shirt"), ((0, 0, 0, 9), ""), ((2, 0, 2, 2), "")],
)
def test_it_is_called_what_is_sure(logits: tuple[float, ...], name: str) -> None:
    assert called(*logits) == name


def test_the_head_that_was_trained_knows_all_garments_of_its_data() -> None:
    head = PROJECT / "models" / "starter" / HEAD_FILE
    with np.load(head) as arrays:
        assert len(arrays["labels"]) == 18
        features = np.zeros((16, arrays["weight"].shape[1]), np.float32)
    GarmentHead.read(head).name(features, GARMENT_THRESHOLDS)


def test_a_head_that_doesnt_fit_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="don't fit"):
        GarmentHead(LABELS, np.zeros((3, 8), np.float32), np.zeros(4, np.float32))
    np.savez(tmp_path / HEAD_FILE, labels=np.array(LABELS))
    with pytest.raises(KeyError):
        GarmentHead.read(tmp_path / HEAD_FILE)
