"""`python -m models.training.finetune` on tiny random models (needs the extra [train]; not run where it is absent)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
transformers = pytest.importorskip("transformers", reason="the extra [train] is not installed")
peft = pytest.importorskip("peft", reason="the extra [train] is not installed")

from assistant.devices.picture_file import open_picture  # noqa: E402
from assistant.engines.vlm.prompt import picture_block  # noqa: E402
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer  # noqa: E402
from assistant.messages import Keyframe  # noqa: E402
from models.training import finetune as command  # noqa: E402
from models.training.picture_features import PictureFeatures  # noqa: E402
from models.training.smolvlm_prompts import Looked, SmolVlmPrompts  # noqa: E402
from models.training.smolvlm_torch import answer_logits, batch_numbers, collate  # noqa: E402
from tests.support.make_smolvlm import CHAT_TEMPLATE, TEACHABLE, tiny_tokenizer, write_published_folder, write_transformers_folder  # noqa: E402
from tests.training.test_training_pictures import captions_file, picture  # noqa: E402

CAPTIONS = {"vase.png": "a red vase", "door.png": "the 2nd door"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_transformers_folder(tmp_path_factory.mktemp("models") / "base", TEACHABLE["tiny-a"])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(CAPTIONS):
        picture(folder / name, seed)
    return captions_file(folder, "".join(f"{name}\t{text}\n" for name, text in CAPTIONS.items()))


def finetune(base: Path, pictures: Path, out: Path, *more: str) -> int:
    return command.main(["--model", str(base), "--pictures", str(pictures), "--out", str(out), "--device", "cpu", *more])


@pytest.fixture(scope="module")
def finetuned(base: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finetuned")
    assert finetune(base, pictures, out, "--steps", "60", "--rate", "4e-3") == 0
    return out


def test_the_assistant_says_what_it_was_taught_to(base: Path, pictures: Path, finetuned: Path, tmp_path: Path) -> None:
    before = Smolvlm2Describer(write_published_folder(tmp_path / "before", base))
    after = Smolvlm2Describer(write_published_folder(tmp_path / "after", finetuned))
    for name, text in CAPTIONS.items():
        seen = [Keyframe(open_picture(pictures / name), "first")]
        assert "".join(after.answer(after.look(seen), "Describe the picture.")) == text
        assert "".join(before.answer(before.look(seen), "Describe the picture.")) != text


def test_the_merged_folder_gives_what_base_and_adapter_give(base: Path, pictures: Path, finetuned: Path) -> None:
    prompts = SmolVlmPrompts(finetuned)
    looked = prompts.look(open_picture(pictures / "vase.png").picture)
    batch = collate([prompts.sample(looked, "What is it?", prompts.answer("a green cup"))], prompts.image_id)
    model = transformers.SmolVLMForConditionalGeneration
    merged, plain = model.from_pretrained(finetuned), model.from_pretrained(base)
    with torch.inference_mode():
        one_folder, without = answer_logits(merged, batch), answer_logits(plain, batch)
        two_parts = answer_logits(peft.PeftModel.from_pretrained(plain, finetuned / "adapter"), batch)
    torch.testing.assert_close(one_folder, two_parts, atol=1e-3, rtol=1e-3)
    assert (one_folder - without).abs().max() > 0.5


def test_only_the_answer_is_learnt_and_its_end(base: Path, pictures: Path) -> None:
    prompts = SmolVlmPrompts(base)
    looked = prompts.look(open_picture(pictures / "vase.png").picture)
    questions = {"What is it, and where?": "a vase", "Who?": "nobody"}
    batch = collate([prompts.sample(looked, asked, prompts.answer(text)) for asked, text in questions.items()], prompts.image_id)
    assert batch.targets.tolist() == prompts.answer("a vase") + prompts.answer("nobody")
    assert prompts.tokenizer.decode(prompts.answer("nobody"), skip_special_tokens=False) == " nobody<end_of_utterance>"
    assert batch.ids[batch.rows, batch.columns + 1].tolist() == batch.targets.tolist()


@pytest.mark.parametrize("split", [False, True])
def test_the_prompt_is_the_chat_templates(base: Path, pictures: Path, split: bool) -> None:
    prompts = SmolVlmPrompts(base)
    asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}]
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=tiny_tokenizer())
    text = tokenizer.apply_chat_template(asked, chat_template=CHAT_TEMPLATE, add_generation_prompt=True, tokenize=False)
    looked = prompts.look(open_picture(pictures / "vase.png").picture, split=split)
    block = picture_block(3, 3, 4) if split else picture_block(0, 0, 4)  # 64 x 48 pixels enlarged to 192, in tiles of 64
    expected = prompts.tokenizer.encode(text.replace("<image>", block), add_special_tokens=False).ids
    assert prompts.sample(looked, "What is it?", []).ids == expected
    assert len(looked.values) == (10 if split else 1)


def test_among_longer_and_larger_ones_a_picture_gives_what_transformers_gives_for_it_alone(base: Path, pictures: Path) -> None:
    prompts = SmolVlmPrompts(base)
    looks = [prompts.look(open_picture(pictures / name).picture, split=split) for name, split in (("vase.png", False), ("door.png", True))]
    small = prompts.sample(looks[0], "What?", prompts.answer("a vase"))
    large = prompts.sample(looks[1], "What do you see?", prompts.answer("the door"))
    network = transformers.SmolVLMForConditionalGeneration.from_pretrained(base)
    with torch.inference_mode():
        together = answer_logits(network, collate([small, large], prompts.image_id)).split([small.answer_tokens, large.answer_tokens])
        for sample, logits in zip((small, large), together, strict=True):
            pixels = torch.from_numpy(sample.looked.values[None])
            alone = network(input_ids=torch.tensor([sample.ids]), pixel_values=pixels).logits[0, -sample.answer_tokens - 1 : -1]
            torch.testing.assert_close(logits, alone, atol=1e-3, rtol=1e-3)


def test_a_picture_is_encoded_once_and_beyond_the_limit_each_time(base: Path, pictures: Path, tmp_path: Path) -> None:
    network, prompts = transformers.SmolVLMForConditionalGeneration.from_pretrained(base), SmolVlmPrompts(base)
    encoded = list[int]()
    network.model.vision_model.register_forward_hook(lambda *_: encoded.append(1))
    for limit_gb, times in ((1.0, 1), (0.0, 3)):
        encoded.clear()
        features = PictureFeatures(prompts, network, tmp_path / f"{limit_gb}", split=True, limit_gb=limit_gb)
        looks = [features.look(pictures / "vase.png") for _ in range(2)]
        looks.append(PictureFeatures(prompts, network, tmp_path / f"{limit_gb}", split=True, limit_gb=limit_gb).look(pictures / "vase.png"))
        assert len(encoded) == times
        for looked in looks:
            assert (looked.rows, looked.cols, looked.values.shape) == (3, 3, (10, 16, 48))
            assert (looked.values == looks[0].values).all()


def test_a_stopped_run_goes_on_to_the_same_weights(
    base: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--steps", "7", "--batch", "2", "--save-every", "2")
    assert finetune(base, pictures, tmp_path / "whole", *options) == 0
    reads = 0

    plain_look = PictureFeatures.look

    def interrupted(features: PictureFeatures, path: Path) -> Looked:
        nonlocal reads
        reads += 1
        if reads == 11:  # in the sixth step
            raise KeyboardInterrupt
        return plain_look(features, path)

    with monkeypatch.context() as patched:
        patched.setattr(PictureFeatures, "look", interrupted)
        assert finetune(base, pictures, tmp_path / "stopped", *options) == 130
    assert not (tmp_path / "stopped" / "model.safetensors").exists()
    capsys.readouterr()
    assert finetune(base, pictures, tmp_path / "stopped", *options) == 0
    assert "4 of 7 steps are done" in capsys.readouterr().out
    whole, stopped = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "stopped"))
    assert whole == stopped


def test_every_epoch_takes_each_sample_once() -> None:
    numbers = [number for step in range(6) for number in batch_numbers(step, 4, 8)]
    assert [sorted(numbers[start : start + 8]) for start in (0, 8, 16)] == [list(range(8))] * 3
    assert numbers[:8] != numbers[8:16]


def test_what_is_wrong_is_said_in_one_line(
    base: Path, pictures: Path, finetuned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = shutil.copytree(base, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes()[:-9])
    long = tmp_path / "long"
    long.mkdir()
    picture(long / "a.png")
    captions_file(long, f"a.png\t{'so ' * 200}\n")
    cases: list[tuple[tuple[Any, ...], int, str]] = [
        ((base, tmp_path / "none", tmp_path / "out"), 2, "there is no folder"),
        ((base, base, tmp_path / "out"), 2, "captions.tsv can't be read"),
        ((base, long, tmp_path / "out"), 2, "line 1 of captions.tsv has .* tokens"),
        ((tmp_path / "none", pictures, tmp_path / "out"), 3, "no model folder"),
        ((cut, pictures, tmp_path / "out"), 3, "model.safetensors"),
        ((base, pictures, base), 2, "is the model that is to be trained"),
        ((base, pictures, pictures / "vase.png"), 2, "can't be written"),
        ((base, pictures, tmp_path / "out", "--steps", "0"), 2, "--steps 0 is out of range"),
        ((base, pictures, finetuned, "--rank", "4", "--rate", "4e-3"), 2, r"begun with another rank \(16, now 4\)"),
    ]
    if not torch.cuda.is_available():
        cases.append(((base, pictures, tmp_path / "out", "--device", "cuda"), 2, "no CUDA device"))
    for arguments, status, said in cases:
        capsys.readouterr()
        assert finetune(*arguments) == status
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and re.search(said, error), error


def test_a_damaged_checkpoint_is_named(base: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out" / "training").mkdir(parents=True)
    (tmp_path / "out" / "training" / "checkpoint.pt").write_bytes(b"PK no")
    assert finetune(base, pictures, tmp_path / "out") == 2
    assert "checkpoint.pt can't be read. Delete it" in capsys.readouterr().err
