"""Put a trained caption translator into `models/translator/`: averaged weights in 16 bits, the vocabulary, each language's pieces, hashes.

python -m models.training.export_translator --data ../shared/data --run OUT [--out models/translator]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import sentencepiece
import torch

from assistant.export.scene_translator import ABOUT, HASHES, LEXICON, PIECES, WEIGHTS
from models.training.program_sentences import program_rows
from models.training.translation_data import caption_rows
from models.training.translator import Corpus
from models.training.translator_model import LONGEST, Shape, positions


def export(data: Path, run: Path, out: Path) -> None:
    """Write the files; the lexicon (`align_words`) must be there already."""
    saved = torch.load(run / "checkpoint.pt")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(run / "pieces.model"))
    corpus = Corpus([*caption_rows(data, "train"), *program_rows()], pieces)
    shape = Shape(pieces.get_piece_size())
    weights = {name: value.numpy().astype(np.float16) for name, value in saved["average"].items()}
    weights["positions"] = positions(LONGEST, shape.width).numpy().astype(np.float16)
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / WEIGHTS, **weights)
    shutil.copyfile(run / "pieces.model", out / PIECES)
    about = {
        "shape": shape.as_dict(),
        "trained": {"steps": saved["state"]["step"], "passes": saved["state"]["passes"], "minutes": round(saved["state"]["seconds"] / 60)},
        "vocabulary": [pieces.id_to_piece(number) for number in range(pieces.get_piece_size())],
        "pieces": corpus.allowed,
    }
    (out / ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    hashes = [f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}" for name in (WEIGHTS, ABOUT, PIECES, LEXICON)]
    (out / HASHES).write_text("\n".join(hashes) + "\n", encoding="utf-8")


def main() -> None:
    """Export as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="the training's --out")
    parser.add_argument("--out", type=Path, default=Path("models/translator"))
    options = parser.parse_args()
    export(options.data, options.run, options.out)


if __name__ == "__main__":
    main()
