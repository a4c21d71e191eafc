"""Turns a checkpoint into what is committed: the adapter, and the stored example that set-up checks its graphs by.

python -m models.training.export --sources MODELS_DIR --work DIR
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.export.linear_layers import block_linear
from assistant.export.starter import BITS, adapter_file, write_starter
from assistant.messages import Frame, Keyframe

EXAMPLE_QUESTION = "What is in the picture?"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=Path, required=True, help="folder with the GGUF and the .pth that `assistant setup` fetched")
    parser.add_argument("--work", type=Path, required=True, help="folder with checkpoint.pt")
    parser.add_argument("--average", type=Path, nargs="*", default=[], help="earlier checkpoints, whose mean with the last is exported")
    options = parser.parse_args(arguments)
    write_adapter([options.work / "checkpoint.pt", *options.average], adapter_file())
    write_example(options.sources, adapter_file())


def write_adapter(checkpoints: Sequence[Path], adapter: Path) -> None:
    """Half-precision arrays by the names that `export.starter.merge_adapter` reads: the mean of the checkpoints of one training,
    which generalises better than its end (Izmailov et al. 2018).
    """
    states = [torch.load(checkpoint, weights_only=True)["model"] for checkpoint in checkpoints]
    means = {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}
    arrays = {_plain_name(name): value.numpy().astype(np.float16) for name, value in means.items()}
    np.savez_compressed(adapter, allow_pickle=False, **arrays)
    print(f"{adapter}: {adapter.stat().st_size / 1e6:.1f} MB")


def _plain_name(name: str) -> str:
    """ "layers.0.q_proj.a" -> "layers.0.self_attn.q_proj.a"; "connector.weight" -> "connector"."""
    if name == "connector.weight":
        return "connector"
    head, layer, module, part = name.split(".")
    room = "self_attn" if module in ("q_proj", "k_proj", "v_proj", "o_proj") else "mlp"
    return f"{head}.{layer}.{room}.{module}.{part}"


def write_example(sources: Path, adapter: Path) -> None:
    """Let fresh graphs answer about the stored picture, and keep the answer with its likelihood."""
    picture = cv2.cvtColor(cv2.imread(str(adapter.with_name("example.png"))), cv2.COLOR_BGR2RGB)
    with tempfile.TemporaryDirectory() as folder:
        write_starter(sources, Path(folder), adapter, block_linear(BITS))
        describer = Smolvlm2Describer(Path(folder))
        view = describer.look([Keyframe(Frame(picture, 0.0), "only")])
        answer = "".join(describer.answer(view, EXAMPLE_QUESTION))
        likelihood = describer.log_likelihood(view, EXAMPLE_QUESTION, answer)
    example = {
        "question": EXAMPLE_QUESTION,
        "answer": answer,
        "log_likelihood": round(likelihood, 3),
        "tokens": max(len(answer.split()), 1),
    }
    adapter.with_name("example.json").write_text(json.dumps(example, indent=2) + "\n", encoding="utf-8")
    print(f"stored example: {answer!r}, log-likelihood {likelihood:.2f}")


if __name__ == "__main__":
    main()
