"""Makes the folder that genai.py measures, with onnxruntime-genai's own model builder (extra [bench]).

    python -m assistant.benchmarks.genai_model DIR fp32|int8|int4 OUT          DIR: a transformers folder

It has no SmolVLM, but the language model is a Llama, and that it has. So that it reads the same pictures all the same, what
transformers' vision encoder and connector make of them becomes further rows of its embedding table, and the prompts name these
rows where transformers' have image tokens: the same embeddings, so the same tokens are to be expected.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnx.external_data_helper import set_external_data
from transformers import LlamaForCausalLM

from assistant.benchmarks.figures import QUESTION, SECOND_QUESTION, VIDEO_FRAMES
from assistant.benchmarks.reference import Reference

MODEL_FILE, PROMPTS_FILE, TABLE_FILE = "model.onnx", "prompts.json", "embeddings.bin"


@torch.inference_mode()
def main(folder: str, kind: str, made: Path) -> None:
    """Fill the folder `made` with a model and the prompts' tokens: one picture, a second question about it, the video."""
    reference = Reference(folder, torch.float32)
    llama = made / "llama"
    _save_llama(reference, llama)
    options = ["shared_embeddings=false", "prune_lm_head=true"]  # a table to add rows to; no logits but the last token's
    build = [
        "-m",
        "onnxruntime_genai.models.builder",
        "-i",
        str(llama),
        "-o",
        str(made),
        "-p",
        kind,
        "-e",
        "cpu",
        "-c",
        str(made / "cache"),
    ]
    subprocess.run([sys.executable, *build, "--extra_options", *options], check=True)
    one, several = (reference.encode(reference.pixels(count)).numpy() for count in (1, VIDEO_FRAMES))
    first_row = _add_rows(made, np.concatenate([one, several]))
    prompts = [
        _prompt(reference, 1, QUESTION, first_row),
        _prompt(reference, 1, SECOND_QUESTION, first_row),
        _prompt(reference, VIDEO_FRAMES, QUESTION, first_row + len(one)),
    ]
    (made / PROMPTS_FILE).write_text(json.dumps(prompts), encoding="utf-8")


def _save_llama(reference: Reference, folder: Path) -> None:
    config = reference.model.config.text_config
    config.tie_word_embeddings = reference.model.config.tie_word_embeddings
    with torch.device("meta"):
        llama = LlamaForCausalLM(config)
    llama.model, llama.lm_head = reference.model.model.text_model, reference.model.lm_head
    llama.save_pretrained(folder)
    reference.tokenizer.save_pretrained(folder)


def _add_rows(folder: Path, rows: np.ndarray) -> int:
    """Put `rows` [n, hidden] below the graph's embedding table; returns the first one's number."""
    model = onnx.load(folder / MODEL_FILE, load_external_data=False)
    look_up = next(node for node in model.graph.node if node.op_type == "Gather" and node.input[1] == "input_ids")
    tensor = next(weight for weight in model.graph.initializer if weight.name == look_up.input[0])
    table = numpy_helper.to_array(tensor, str(folder))
    tensor.CopyFrom(numpy_helper.from_array(np.concatenate([table, rows.astype(table.dtype)]), tensor.name))
    (folder / TABLE_FILE).write_bytes(tensor.raw_data)
    set_external_data(tensor, TABLE_FILE)  # mapped into memory, as the builder's own file is
    tensor.ClearField("raw_data")
    onnx.save(model, folder / MODEL_FILE)
    return len(table)


def _prompt(reference: Reference, count: int, question: str, row: int) -> list[int]:
    """The prompt's tokens, its pictures' as rows from `row` on."""
    ids = reference.prompt(count, question)[0].numpy()
    pictures = ids == reference.model.config.image_token_id
    ids[pictures] = np.arange(row, row + pictures.sum())
    return [int(number) for number in ids]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
