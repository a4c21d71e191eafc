"""Random SmolVLM models say through our graphs and runtime exactly what they say in transformers.

Needs torch and transformers (extra [bench]). Pictures are prepared by transformers' own processor on Pillow and numpy; its
SmolVLMProcessor as a whole asks for torchvision and num2words, so the prompt is put together from its template and its
functions here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.engines.vlm.prompt import Exchange
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.export import siglip_graph, smolvlm_export
from assistant.export.smolvlm_check import ExportedGraphs, SampleInput
from assistant.export.smolvlm_config import read_shape
from assistant.export.smolvlm_export import export_smolvlm
from assistant.messages import Frame, Keyframe
from assistant.problems import DamagedModel
from tests.support.make_smolvlm import TINY, write_published_folder, write_transformers_folder

torch = pytest.importorskip("torch")
smolvlm = pytest.importorskip("transformers.models.smolvlm")
image_processing = pytest.importorskip("transformers.models.smolvlm.image_processing_pil_smolvlm")
from transformers import PreTrainedTokenizerFast  # noqa: E402
from transformers.models.smolvlm import processing_smolvlm  # noqa: E402

TOKENS = 40
QUESTION = "What is on the table, and which of the 12 cups is mine?"
EARLIER = Exchange("Is there a door?", "Yes, on the left.")


def keyframe(seed: int, time_s: float = 0.0) -> Keyframe:
    """Coloured gradients and noise, wider than tall."""
    rng = np.random.default_rng(seed)
    across, down = np.meshgrid(np.linspace(0, 1, 140), np.linspace(0, 1, 100))
    waves = np.stack([np.sin(rng.uniform(2, 12) * across + rng.uniform(2, 12) * down + channel) for channel in range(3)], -1)
    picture = 127 + 90 * waves + rng.uniform(-30, 30, waves.shape)
    return Keyframe(Frame(picture.clip(0, 255).astype(np.uint8), time_s), "only")


FRAMES = [keyframe(seed, time_s) for seed, time_s in enumerate((0.0, 1.13, 2.27, 3.4, 4.57, 5.7, 6.83, 67.97))]


@dataclass(frozen=True)
class Case:
    keyframes: Sequence[Keyframe]
    split: bool = False
    as_video: bool = False
    history: Sequence[Exchange] = ()


CASES = {
    "one picture": Case(FRAMES[:1]),
    "a split picture": Case(FRAMES[:1], split=True),
    "three pictures": Case(FRAMES[:3]),
    "three split pictures": Case(FRAMES[:3], split=True),
    "a video of eight frames": Case(FRAMES, as_video=True),
    "a second turn": Case(FRAMES[1:2], history=[EARLIER]),
    "a third turn about a video": Case(FRAMES, as_video=True, history=[EARLIER, Exchange("How many?", "3")]),
}
DURATION_S = 68.0


class Reference:
    """A transformers folder as transformers itself runs it."""

    def __init__(self, folder: Path) -> None:
        self.model = smolvlm.SmolVLMForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        preprocessor = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        self.processor = image_processing.SmolVLMImageProcessorPil(**preprocessor)
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        self.image_tokens = read_shape(folder).vision.tokens

    def generate(self, case: Case) -> tuple[str, SampleInput, list[int], np.ndarray]:
        """(prompt, its tokens and tiles, greedy answer, logits [answer, vocabulary])."""
        pixels = self.processor(
            [[each.frame.picture for each in case.keyframes]],
            do_image_splitting=case.split,
            return_row_col_info=True,
            return_tensors="pt",
        )
        prompt = self._prompt(case, pixels["rows"][0], pixels["cols"][0])
        ids = torch.tensor([self.tokenizer(prompt, add_special_tokens=False)["input_ids"]])
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                pixel_values=pixels["pixel_values"].float(),
                pixel_attention_mask=pixels["pixel_attention_mask"].bool(),
                do_sample=False,
                max_new_tokens=TOKENS,
                return_dict_in_generate=True,
                output_logits=True,
            )
        sample = SampleInput(ids[0].tolist(), self.model.config.image_token_id, pixels["pixel_values"].numpy().astype(np.float32))
        return prompt, sample, output.sequences[0, ids.shape[1] :].tolist(), torch.cat(output.logits).float().numpy()

    def _prompt(self, case: Case, rows: Sequence[int], cols: Sequence[int]) -> str:
        questions = [exchange.question for exchange in case.history] + [QUESTION]
        media: list[dict[str, str]] = [{"type": "video"}] if case.as_video else [{"type": "image"}] * len(case.keyframes)
        messages: list[dict[str, Any]] = []
        for number, question in enumerate(questions):
            messages.append({"role": "user", "content": [*(media if number == 0 else []), {"type": "text", "text": question}]})
            if number < len(case.history):
                messages.append({"role": "assistant", "content": [{"type": "text", "text": case.history[number].answer}]})
        template = processing_smolvlm.DEFAULT_CHAT_TEMPLATE
        text = str(self.tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True, tokenize=False))
        if case.as_video:
            return str(text.replace("<video>", self._video_text(case)))
        head, *parts = text.split("<image>")
        return head + "".join(self._image_text(row, col) + part for row, col, part in zip(rows, cols, parts, strict=True))

    def _image_text(self, rows: int, cols: int) -> str:
        marks = {"fake_token_around_image": "<fake_token_around_image>", "image_token": "<image>", "global_image_token": "<global-img>"}
        return str(processing_smolvlm.get_image_prompt_string(rows, cols, self.image_tokens, **marks))

    def _video_text(self, case: Case) -> str:
        """As SmolVLMProcessor.replace_video_token words it."""
        assert len(case.keyframes) == 8
        text = str(processing_smolvlm.DEFAULT_VIDEO_INTRO.format(frame_count="eight", video_duration="0:01:08"))
        for each in case.keyframes:
            timestamp = f"{int(each.frame.time_s // 60):02d}:{int(each.frame.time_s % 60):02d}"
            text += processing_smolvlm.FRAME_TIMESTAMP_MESSAGE.format(timestamp=timestamp) + self._image_text(0, 0)
        return text + str(processing_smolvlm.DEFAULT_MEDIA_OUTTRO)


@dataclass(frozen=True)
class Pair:
    """One model, theirs and ours."""

    reference: Reference
    graphs: ExportedGraphs
    describer: Smolvlm2Describer


@pytest.fixture(scope="module", params=TINY)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("parity")
    source = write_transformers_folder(folder / "source", TINY[request.param])
    published = write_published_folder(folder / "published", source)
    return Pair(Reference(source), ExportedGraphs(published, "", read_shape(source)), Smolvlm2Describer(published, threads=1))


@pytest.mark.parametrize("name", CASES)
def test_the_runtime_says_what_transformers_says(pair: Pair, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    prompt, sample, expected, logits = pair.reference.generate(case)
    assert len(expected) == TOKENS and len(set(expected)) >= 8, "too dull an answer to compare"
    difference = np.abs(pair.graphs.score(sample, expected) - logits).max()
    answer = pair.describer.raw(
        case.keyframes,
        QUESTION,
        case.split,
        duration_s=DURATION_S,
        max_tokens=TOKENS,
        as_video=case.as_video,
        history=case.history,
    )
    with capsys.disabled():
        spread = logits.std()
        print(f"\n{name}: {len(sample.ids)} tokens read, largest logit difference {difference:.1e} of a spread of {spread:.1f}", end=" ")
    assert answer.prompt == prompt
    assert answer.token_ids == expected
    assert difference < 1e-4 * spread


def test_the_picture_and_its_place_matter(pair: Pair) -> None:
    """Else the comparisons above would say little about pictures."""
    answers = [pair.reference.generate(Case(frames))[2] for frames in (FRAMES[:3], FRAMES[2::-1], FRAMES[1:4])]
    assert answers[0] != answers[1] and answers[0] != answers[2]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """What save_pretrained writes, with the other files a model's folder has."""
    ours = write_transformers_folder(tmp_path / "ours", TINY["tiny-b"])
    config = smolvlm.SmolVLMConfig.from_pretrained(ours)
    torch.manual_seed(0)
    model = smolvlm.SmolVLMForConditionalGeneration(config)
    model.generation_config.eos_token_id = json.loads((ours / "generation_config.json").read_text(encoding="utf-8"))["eos_token_id"]
    model.save_pretrained(tmp_path / "saved", max_shard_size="300KB")
    for name in ("tokenizer.json", "preprocessor_config.json"):
        shutil.copyfile(ours / name, tmp_path / "saved" / name)
    return tmp_path / "saved"


def test_a_folder_that_transformers_saved_is_exported_and_compared(saved: Path) -> None:
    assert len(list(saved.glob("*.safetensors"))) > 1, "meant to be in several files"
    (tried,) = export_smolvlm(saved, saved.parent / "out", ["fp32"], lambda line: None)
    assert tried.compared_with == "transformers" and tried.same_tokens == tried.tokens
    assert tried.largest_difference < 1e-3


def test_the_older_smolvlm_is_exported_too(saved: Path) -> None:
    """SmolVLM-Instruct is the same network under the name idefics3."""
    config = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "idefics3", "architectures": ["Idefics3ForConditionalGeneration"]}
    config["vision_config"] |= {"model_type": "idefics3_vision"}
    (saved / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tried,) = export_smolvlm(saved, saved.parent / "out", ["fp32"], lambda line: None)
    assert tried.compared_with == "transformers" and tried.same_tokens == tried.tokens


def test_a_model_without_its_head_class_is_what_transformers_saves_without_a_prefix(saved: Path) -> None:
    model = smolvlm.SmolVLMModel.from_pretrained(saved)
    folder = saved.parent / "bare"
    shutil.copytree(saved, folder, ignore=shutil.ignore_patterns("*.safetensors*"))
    model.save_pretrained(folder)
    export_smolvlm(folder, saved.parent / "out", ["fp32"], lambda line: None, compare=False)
    export_smolvlm(saved, saved.parent / "expected", ["fp32"], lambda line: None, compare=False)
    graph = "onnx/decoder_model_merged.onnx"
    assert (saved.parent / "out" / graph).read_bytes() == (saved.parent / "expected" / graph).read_bytes()


def test_graphs_that_compute_something_else_are_not_kept(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = siglip_graph.vision_encoder

    def wrong(weights: Any, *arguments: Any, **options: Any) -> Any:
        return right({name: value * np.float32(1.5) for name, value in weights.items()}, *arguments, **options)

    monkeypatch.setattr(smolvlm_export, "vision_encoder", wrong)
    with pytest.raises(DamagedModel, match="logit difference"):
        export_smolvlm(saved, saved.parent / "out", ["fp32"], lambda line: None)
    assert not (saved.parent / "out").exists()
