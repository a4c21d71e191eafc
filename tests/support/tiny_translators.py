"""Translators of random weights, small enough for tests, in the formats of the published ones."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, INNER, HEADS, PIECES = 32, 64, 4, 60
_SENTENCES = [
    "a man in a red shirt is riding the bike on a dirt path",
    "two dogs play near 3 trees",
    "um homem de camisa vermelha anda",
    "dois cães na neve",
]


def write_pieces(path: Path) -> None:
    """A SentencePiece vocabulary of at most PIECES pieces, numbered as Marian does."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_SENTENCES * 20),
        model_writer=model,
        vocab_size=PIECES,
        eos_id=0,
        unk_id=1,
        bos_id=-1,
        pad_id=-1,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    path.write_bytes(model.getvalue())


def write_firefox_files(folder: Path, pair: str = "enpt", settings: Mapping[str, str] | None = None) -> Path:
    """`model.XXYY.intgemm.alphas.bin` and `vocab.XXYY.spm`, as Firefox's translators are published; returns the first."""
    folder.mkdir(parents=True, exist_ok=True)
    write_pieces(folder / f"vocab.{pair}.spm")
    model = folder / f"model.{pair}.intgemm.alphas.bin"
    model.write_bytes(
        _marian_binary(_settings("rnn") | dict(settings or {}), _weights("rnn", len(_pieces_of(folder / f"vocab.{pair}.spm"))))
    )
    return model


def write_ctranslate_folder(folder: Path) -> None:
    """What CTranslate2's own converter makes of a Marian model such as OPUS-MT's, with both vocabularies."""
    from ctranslate2.converters import MarianConverter

    folder.mkdir(parents=True)
    parts = folder.with_name(f"{folder.name}-parts")
    parts.mkdir()
    write_pieces(parts / "both.spm")
    pieces = _pieces_of(parts / "both.spm")
    (parts / "vocab.yml").write_text("".join(f'"{piece}": {number}\n' for number, piece in enumerate(pieces)), encoding="utf-8")
    text = "".join(f"{name}: {value}\n" for name, value in _settings("self-attention").items()).encode() + b"\0"
    arrays: dict[str, Any] = _weights("self-attention", len(pieces)) | {"special:model.yml": np.frombuffer(text, np.int8)}
    np.savez(parts / "model.npz", **arrays)
    MarianConverter(str(parts / "model.npz"), [str(parts / "vocab.yml")] * 2).convert(str(folder), force=True)
    for side in ("source", "target"):
        (folder / f"{side}.spm").write_bytes((parts / "both.spm").read_bytes())


def _settings(autoregression: str) -> dict[str, str]:
    return {
        "type": "transformer",
        "enc-depth": "2",
        "dec-depth": "2",
        "dec-cell": "ssru",
        "transformer-heads": str(HEADS),
        "transformer-decoder-autoreg": autoregression,
        "transformer-preprocess": '""',
        "transformer-postprocess": "dan",
        "transformer-postprocess-emb": "d",
        "transformer-postprocess-top": '""',
        "transformer-ffn-activation": "relu",
        "transformer-ffn-depth": "2",
        "transformer-guided-alignment-layer": "last",
        "transformer-no-projection": "false",
        "tied-embeddings-all": "true",
    }


def _weights(autoregression: str, pieces: int) -> dict[str, np.ndarray]:
    """Marian's names -> f32; matrices [in, out]."""
    random = np.random.default_rng(7)
    found: dict[str, np.ndarray] = {}

    def layer(name: str, suffix: str, width: int, out: int, bias: bool = True) -> None:
        found[f"{name}_W{suffix}"] = random.normal(0, width**-0.5, (width, out)).astype(np.float32)
        if bias:
            found[f"{name}_b{suffix}"] = random.normal(0, 0.1, (1, out)).astype(np.float32)

    def norm(name: str) -> None:
        found[f"{name}_ln_scale"] = random.uniform(0.5, 1.5, (1, WIDTH)).astype(np.float32)
        found[f"{name}_ln_bias"] = random.normal(0, 0.1, (1, WIDTH)).astype(np.float32)

    def attention(name: str) -> None:
        for part in "qkvo":
            layer(name, part, WIDTH, WIDTH)
        norm(f"{name}_Wo")

    found["Wemb"] = random.normal(0, 0.3, (pieces, WIDTH)).astype(np.float32)
    for side in ("encoder_l1", "encoder_l2", "decoder_l1", "decoder_l2"):
        layer(f"{side}_ffn", "1", WIDTH, INNER)
        layer(f"{side}_ffn", "2", INNER, WIDTH)
        norm(f"{side}_ffn_ffn")
        if side.startswith("encoder") or autoregression == "self-attention":
            attention(f"{side}_self")
        else:
            layer(f"{side}_rnn", "", WIDTH, WIDTH, bias=False)
            layer(f"{side}_rnn", "f", WIDTH, WIDTH)
            norm(f"{side}_rnn_ffn")
        if side.startswith("decoder"):
            attention(f"{side}_context")
    found["decoder_ff_logit_out_b"] = random.normal(0, 0.5, (1, pieces)).astype(np.float32)
    return found


def _marian_binary(settings: Mapping[str, str], weights: Mapping[str, np.ndarray]) -> bytes:
    """Matrices as 8-bit levels (layers turned to [out, in]), vectors as floats; see export/marian_file.py for the layout."""
    items: list[tuple[str, int, tuple[int, ...], bytes]] = []
    for name, value in weights.items():
        if value.shape[0] == 1:
            items.append((name, 0x404, value.shape, value.tobytes()))
        else:
            per_unit = np.float32(127 / np.abs(value).max())
            stored = value if name == "Wemb" else value.T
            items.append(
                (name, 0x4101, value.shape, np.round(stored * per_unit).astype(np.int8).tobytes() + per_unit.tobytes() + bytes(252))
            )
    text = "".join(f"{name}: {value}\n" for name, value in settings.items()).encode() + b"\0"
    items.append(("special:model.yml", 0x101, (len(text),), text))
    parts = [struct.pack("<2Q", 1, len(items))]
    parts += [struct.pack("<4Q", len(name) + 1, kind, len(shape), len(data)) for name, kind, shape, data in items]
    parts += [name.encode() + b"\0" for name, *_ in items]
    parts += [struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in items]
    parts += [struct.pack("<Q", 24), bytes(24)]
    return b"".join([*parts, *(data for *_, data in items)])


def _pieces_of(path: Path) -> list[str]:
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
