"""What was encoded once is looked at again without the picture and without the vision encoder, by the model that encoded it only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.engines.vlm.graphs import VisionEncoder
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import Frame, Keyframe, SeenPicture
from assistant.problems import BadInput
from assistant.store.fingerprint import SAMPLE_BYTES, SAMPLES, fingerprint
from tests.support.tiny_onnx import write_tiny_model

PICTURE = np.random.default_rng(5).integers(0, 256, (48, 64, 3), np.uint8)
QUESTION, ANSWERS = "What is in front of me?", ["A cat.", "A dog on a bed."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny").folder


def test_it_scores_and_answers_as_if_the_picture_were_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Smolvlm2Describer(folder, threads=1)
    view = first.look([Keyframe(Frame(PICTURE, 3.0), "only")])
    expected, said = first.log_likelihoods(view, QUESTION, ANSWERS), "".join(first.answer(view, QUESTION))
    seen = first.see(PICTURE)

    def blind(*_: object) -> None:
        raise AssertionError("the vision encoder ran")

    monkeypatch.setattr(VisionEncoder, "encode", blind)
    later = Smolvlm2Describer(folder, threads=1, view_bytes=0, picture_bytes=0)
    again = later.look_again(SeenPicture(seen.block, seen.features.copy(), seen.seen))
    assert later.log_likelihoods(again, QUESTION, ANSWERS) == pytest.approx(expected, abs=1e-4)
    assert "".join(later.answer(again, QUESTION)) == said


def test_what_another_model_encoded_is_refused(folder: Path) -> None:
    describer = Smolvlm2Describer(folder, threads=1)
    seen = describer.see(PICTURE)
    for wrong in (
        SeenPicture(seen.block, seen.features[:-1], seen.seen),
        SeenPicture(seen.block, seen.features[:, :-1], seen.seen),
        SeenPicture("text", seen.features[:0], ""),
    ):
        with pytest.raises(BadInput, match="another model"):
            describer.look_again(wrong)


def test_the_encoder_is_known_by_its_weights(folder: Path, tmp_path: Path) -> None:
    same = Smolvlm2Describer(folder, threads=1).encoder_id
    assert Smolvlm2Describer(folder, threads=1).encoder_id == same
    other = write_tiny_model(tmp_path / "other").folder
    vision = next(other.glob("onnx/vision_encoder*.onnx"))
    describer = Smolvlm2Describer(other, threads=1)
    assert describer.encoder_id == same
    content = vision.read_bytes()
    vision.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert describer.encoder_id != same


def test_a_recordings_pictures_are_told_with_their_own_times(folder: Path) -> None:
    describer = Smolvlm2Describer(folder, threads=1)
    shown = [Keyframe(Frame(PICTURE, time_s), "change") for time_s in (65.0, 70.5)]
    told = describer.look(shown, duration_s=90.0).opening
    assert "from a 0:01:30 [H:MM:SS] video" in told and "Frame from 01:05:" in told and "Frame from 01:10:" in told
    assert "Frame from 00:00:" in describer.look(shown).opening


def test_a_fingerprint_sees_a_file_of_any_size_change_or_grow(tmp_path: Path) -> None:
    for size in (0, 1, SAMPLE_BYTES + 1, 3 * SAMPLES * SAMPLE_BYTES + 7):
        path = tmp_path / str(size)
        path.write_bytes(bytes(size))
        before = fingerprint(path)
        assert fingerprint(path) == before
        for changed in (bytes(size + 1), bytes(max(size - 1, 0)) + b"\1", b"\1" + bytes(max(size - 1, 0))):
            path.write_bytes(changed)
            assert fingerprint(path) != before
