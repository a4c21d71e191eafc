"""`python -m models.training.distil` between tiny random models (needs the extra [train]; not run where it is absent)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
transformers = pytest.importorskip("transformers", reason="the extra [train] is not installed")
pytest.importorskip("peft", reason="the extra [train] is not installed")

from torch.nn import functional as F  # noqa: E402

from assistant.devices.picture_file import open_picture  # noqa: E402
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer  # noqa: E402
from assistant.messages import Keyframe  # noqa: E402
from models.training import distil as command  # noqa: E402
from models.training import smolvlm_torch, teacher  # noqa: E402
from models.training.media_pictures import gather_pictures  # noqa: E402
from models.training.picture_features import PictureFeatures  # noqa: E402
from models.training.smolvlm_prompts import SmolVlmPrompts  # noqa: E402
from models.training.smolvlm_torch import answer_logits, collate, load_network  # noqa: E402
from models.training.student import Lesson, divergence  # noqa: E402
from models.training.teacher import AnswerCache, Asking, ask  # noqa: E402
from tests.support.make_smolvlm import TEACHABLE, tiny_tokenizer, write_published_folder, write_transformers_folder  # noqa: E402
from tests.training.test_training_pictures import picture, two_scenes  # noqa: E402

CPU = torch.device("cpu")
QUESTIONS = ("What is it?", "Is there a person in the picture?")
OPTIONS = ("--device", "cpu", "--max-tokens", "6", "--batch", "4")


@pytest.fixture(scope="module", autouse=True)
def two_questions() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(command, "QUESTIONS", QUESTIONS)
        yield


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher with tiles of 86 pixels and nine tokens each, and a student with tiles of 64 and four."""
    folder = tmp_path_factory.mktemp("models")
    write_transformers_folder(folder / "teacher", TEACHABLE["tiny-b"])
    write_transformers_folder(folder / "student", TEACHABLE["tiny-a"])
    return folder


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture and a video of two scenes: three pictures to learn from."""
    folder = tmp_path_factory.mktemp("media")
    picture(folder / "vase.png", seed=7)
    two_scenes(folder / "walk.avi")
    return folder


def distil(models: Path, media: Path, out: Path, *more: str) -> int:
    folders = ["--teacher", str(models / "teacher"), "--student", str(models / "student"), "--media", str(media), "--out", str(out)]
    return command.main([*folders, *OPTIONS, *more])


@pytest.fixture(scope="module")
def distilled(models: Path, media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("distilled")
    assert distil(models, media, out, "--steps", "60", "--rate", "3e-3") == 0
    return out


def lesson_of(models: Path, media: Path, out: Path) -> Lesson:
    asking = Asking(QUESTIONS, max_tokens=6, top=64, temperature=1.0, split=False)
    cache = AnswerCache(out / "training" / "answers", models / "teacher", asking)
    pictures = gather_pictures(media, out / "training" / "frames", None, print)
    student = SmolVlmPrompts(models / "student")
    return Lesson(student, PictureFeatures(student, None, out / "training" / "features", split=False, limit_gb=1), pictures, asking, cache)


def test_the_student_comes_to_expect_what_the_teacher_says(models: Path, media: Path, distilled: Path) -> None:
    lesson = lesson_of(models, media, distilled)
    assert len(lesson) == 3 * len(QUESTIONS)
    with torch.inference_mode():
        before, after = (
            lesson.loss(load_network(folder, torch.float32), range(len(lesson)), CPU).item() for folder in (models / "student", distilled)
        )
    assert before > 3
    assert after < 0.3 * before


def test_the_distilled_folder_becomes_graphs_that_answer_as_the_teacher_did(
    models: Path, media: Path, distilled: Path, tmp_path: Path
) -> None:
    lesson = lesson_of(models, media, distilled)
    describer = Smolvlm2Describer(write_published_folder(tmp_path / "graphs", distilled))
    first_tokens = []
    for path in lesson.pictures:
        answers = lesson.cache.read(path)
        assert answers is not None
        for question, taught in zip(QUESTIONS, answers, strict=True):
            said = describer.raw([Keyframe(open_picture(path), "first")], question, False, max_tokens=1)
            first_tokens.append(said.token_ids[0] == taught.ids[0])
    assert sum(first_tokens) > len(first_tokens) / 2


@pytest.mark.parametrize("more", [(), ("--full",)], ids=["lora", "full"])
def test_a_stopped_run_goes_on_to_the_same_weights_and_asks_the_teacher_no_more(
    models: Path, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    options = ("--steps", "5", "--save-every", "2", *more)
    assert distil(models, media, tmp_path / "whole", *options) == 0
    plain_loss, losses = Lesson.loss, 0

    def interrupted(lesson: Lesson, *arguments: Any) -> Any:
        nonlocal losses
        losses += 1
        if losses == 4:
            raise KeyboardInterrupt
        return plain_loss(lesson, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Lesson, "loss", interrupted)
        assert distil(models, media, tmp_path / "stopped", *options) == 130
    with monkeypatch.context() as patched:
        patched.setattr(teacher, "load_network", None)
        assert distil(models, media, tmp_path / "stopped", *options) == 0
    whole, stopped = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "stopped"))
    assert whole == stopped
    assert (tmp_path / "whole" / "adapter").exists() == (not more)
    loaded = transformers.SmolVLMForConditionalGeneration.from_pretrained(tmp_path / "whole").state_dict()
    base = transformers.SmolVLMForConditionalGeneration.from_pretrained(models / "student").state_dict()
    changed = {re.sub(r"\.\d+\.", ".", name) for name in base if not torch.equal(base[name], loaded[name])}
    assert "model.connector.modality_projection.proj.weight" in changed
    assert any("vision_model" in name or "embed_tokens" in name for name in changed) == bool(more)


def test_a_stopped_teacher_goes_on_with_the_next_picture(
    models: Path, media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise KeyboardInterrupt
        return ask(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(teacher, "ask", interrupted)
        assert distil(models, media, tmp_path, "--steps", "1") == 130
    assert distil(models, media, tmp_path, "--steps", "1") == 0
    assert "each of 3 pictures; 2 are still to do" in capsys.readouterr().out


def test_questions_side_by_side_are_answered_as_each_alone(models: Path, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smolvlm_torch, "compute_type", lambda device: torch.float32)
    prompts, network = SmolVlmPrompts(models / "teacher"), load_network(models / "teacher", torch.float32)
    look = open_picture(media / "vase.png").picture
    answers = ask(network, prompts, look, Asking(QUESTIONS, max_tokens=6, top=5, temperature=2.0, split=True))
    for question, answer in zip(QUESTIONS, answers, strict=True):
        sample = prompts.sample(prompts.look(look, split=True), question, answer.ids)
        with torch.inference_mode():
            logits = answer_logits(network, collate([sample], prompts.image_id))  # [n, V]
        assert len(sample.looked.values) > 1
        assert logits.argmax(-1).tolist() == answer.ids == answer.top[:, 0].tolist()
        at_temperature = torch.log_softmax(logits / 2.0, -1).gather(1, torch.from_numpy(answer.top).long())
        torch.testing.assert_close(at_temperature, torch.from_numpy(answer.log_probabilities), atol=1e-3, rtol=1e-3)


def test_answers_end_where_the_teacher_stopped() -> None:
    assert teacher._until_stop([5, 6, 2, 9, 9], stop_ids=[9, 2]) == [5, 6, 2]
    assert teacher._until_stop([5, 6], stop_ids=[9, 2]) == [5, 6]


def test_the_divergence_over_all_tokens_is_the_whole_one_and_over_some_at_most_that() -> None:
    torch.manual_seed(3)
    student, taught, temperature = torch.randn(7, 50) * 3, torch.randn(7, 50) * 3, 1.7
    logs = torch.log_softmax(taught / temperature, -1)
    whole = F.kl_div(torch.log_softmax(student / temperature, -1), logs, log_target=True, reduction="batchmean") * temperature**2
    values = []
    for k in (50, 20, 3):
        top = logs.topk(k)
        values.append(divergence(student, top.indices, top.values, temperature).item())
    assert values[0] == pytest.approx(whole.item(), rel=1e-4)
    assert values[0] > values[1] > values[2] > 0
    assert divergence(taught, top.indices, top.values, temperature).item() == pytest.approx(0, abs=1e-5)


def test_a_damaged_answer_is_asked_for_again(models: Path, media: Path, distilled: Path, tmp_path: Path) -> None:
    lesson = lesson_of(models, media, distilled)
    answers = lesson.cache.read(lesson.pictures[0])
    assert answers is not None
    cache = AnswerCache(tmp_path, models / "teacher", lesson.asking)
    cache.write(lesson.pictures[0], answers)
    (stored,) = tmp_path.rglob("*.npz")
    assert cache.read(lesson.pictures[0]) is not None
    stored.write_bytes(stored.read_bytes()[:-50])
    assert cache.read(lesson.pictures[0]) is None


def test_what_is_wrong_is_said_in_one_line(
    models: Path, media: Path, distilled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens([AddedToken("<think>", special=True)])
    strange = tmp_path / "models"
    write_transformers_folder(strange / "student", TEACHABLE["tiny-a"], tokenizer)
    (strange / "teacher").symlink_to(models / "teacher")
    cases: list[tuple[tuple[Any, ...], int, str]] = [
        ((strange, media, tmp_path / "out"), 2, r"don't share a vocabulary \(1 tokens differ, such as '<think>'\)"),
        ((models, tmp_path / "none", tmp_path / "out"), 2, "there is no file or folder"),
        ((models, models / "student", tmp_path / "out"), 2, "no picture to learn from"),
        ((tmp_path, media, tmp_path / "out"), 3, "no model folder"),
        ((models, media, models / "student"), 2, "is the model that is to be trained"),
        ((models, media, tmp_path / "out", "--temperature", "0"), 2, "--temperature 0.0 is out of range"),
        ((models, media, distilled, "--rate", "3e-3", "--full"), 2, r"begun with another full \(False, now True\)"),
    ]
    for arguments, status, said in cases:
        capsys.readouterr()
        assert distil(*arguments) == status
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and re.search(said, error), error
