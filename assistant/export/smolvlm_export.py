"""Turns a transformers SmolVLM folder into the published layout: the same json files, and three ONNX graphs for each kind of weights.

Needs no torch: the graphs are built straight from the weights. What is written is checked before it gets its name.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.export.gguf_file import LlamaWeights
from assistant.export.graph import FileGraph
from assistant.export.linear_layers import Linear, block_linear, dynamic_linear, float_linear, half_linear
from assistant.export.llama_graph import decoder, embed_tokens
from assistant.export.safetensors_file import INDEX_FILE, Safetensors
from assistant.export.siglip_graph import CONNECTOR, vision_encoder
from assistant.export.smolvlm_check import VariantCheck, check_export, transformers_installed
from assistant.export.smolvlm_config import SmolVlmShape, connector_shape, language_shapes, read_shape, vision_shapes
from assistant.problems import BadInput, DamagedModel, DiskFull, MissingModel, shorten


@dataclass(frozen=True)
class Variant:
    """A kind of weights: how each graph keeps them."""

    suffix: str
    """What the files' names end in, as on the hub."""
    vision: Linear
    embedding: str
    decoder: Linear
    decoder_bytes: float
    """Bytes of a weight in the decoder, about."""
    half_cache: bool = False


# Pictures are read in rows of very different size (a few patches gather what no other has room for), and so is what goes
# into a decoder layer's down_proj (the first token's is a thousand times the others').
_PICTURES_INT8 = dynamic_linear(by_row=("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2", CONNECTOR))
_TEXT_INT8 = dynamic_linear(by_row=("down_proj",))

VARIANTS = {
    "fp32": Variant("", float_linear, "float32", float_linear, 4),
    "fp16": Variant("_fp16", half_linear, "float16", half_linear, 2, half_cache=True),
    # Eight bits in blocks: a quarter of the starter's captions change, where int8 changes two thirds; half as fast at a prompt.
    "quantized": Variant("_quantized", _PICTURES_INT8, "float16", block_linear(8), 1.1),
    "int8": Variant("_int8", _PICTURES_INT8, "int8", _TEXT_INT8, 1),
    # Four bits are no faster than eight on a picture's thousand patches: these take the int8 vision encoder.
    "q4f16": Variant("_q4f16", _PICTURES_INT8, "float16", block_linear(4, half_scales=True), 0.6, half_cache=True),
    "q4": Variant("_q4", _PICTURES_INT8, "float16", block_linear(4), 0.7),
}
"""Kinds of weights by name, the widest first."""
DEFAULT_VARIANTS = ("fp32", "quantized", "int8", "q4")

_LARGEST_FILE = 1.9e9
"""Bytes; protobuf can't read 2 GB."""
_NEEDED = ("tokenizer.json", "generation_config.json")
_PREPROCESSORS = ("preprocessor_config.json", "processor_config.json")
_COPIED = (".json", ".jinja", ".txt", ".md", ".model")


def export_smolvlm(
    source: Path, destination: Path, variants: Sequence[str], report: Callable[[str], None], *, compare: bool = True
) -> list[VariantCheck]:
    """Write `destination`, which must be new or empty; nothing is left there if anything fails.

    Args:
        source: config.json, model.safetensors (or several with their index), tokenizer.json and the other json files,
            as transformers' save_pretrained writes them.
        destination: the folder to make.
        variants: names from VARIANTS.
        report: told what is being done, a line at a time.
        compare: with transformers, if it is installed; needs memory for the whole model in float32.

    Returns:
        How each variant did when it was checked, widest first.

    Raises:
        MissingModel: a file of the source isn't there.
        DamagedModel: a file is cut off, weights don't fit config.json, or the finished graphs don't do as transformers does.
        BadInput: the source is another kind of model, or the destination can't be used.
        DiskFull: what it says.
    """
    if strange := set(variants) - set(VARIANTS):
        raise BadInput(f"there is no variant {shorten(min(strange), 40)!r}", f"choose among {', '.join(VARIANTS)}")
    chosen = {name: variant for name, variant in VARIANTS.items() if name in variants}
    report(f"reading {source}")
    shape = read_shape(source)
    language, vision = find_weights(Safetensors(source), shape)
    _require_files(source)
    with _new_folder(destination) as folder:
        if compare and not transformers_installed():
            report("torch and transformers are not installed: the graphs won't be compared with them")
        _copy_texts(source, folder)
        (folder / "onnx").mkdir()
        for name, variant in chosen.items():
            report(f"writing {name}")
            _write_graphs(folder / "onnx", shape, language, vision, variant)
        report("trying the new graphs")
        return check_export(source, folder, shape, {name: variant.suffix for name, variant in chosen.items()}, compare)


class _Named(Mapping[str, np.ndarray]):
    """Some tensors of a file under other names; read when asked for."""

    def __init__(self, tensors: Safetensors, names: Mapping[str, str]) -> None:
        self._tensors, self._names = tensors, names

    def __getitem__(self, name: str) -> np.ndarray:
        return self._tensors[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def find_weights(tensors: Safetensors, shape: SmolVlmShape) -> tuple[LlamaWeights, Mapping[str, np.ndarray]]:
    """Return the language model's weights and the vision encoder's, under the names the graphs' builders use.

    Everything before "text_model." may differ: models with a head are saved with "model." there, those without with nothing.

    Raises:
        DamagedModel: a tensor is missing, is of another shape than config.json says, or there are more layers.
    """
    known = "text_model.embed_tokens.weight"
    prefix = next((name.removesuffix(known) for name in tensors if name.endswith(known)), None)
    if prefix is None:
        raise DamagedModel(f"the weights in {shorten(tensors.folder)} are not SmolVLM's", "give a SmolVLM2 model as transformers saves it")
    texts, pictures = language_shapes(shape), vision_shapes(shape.vision)
    language = {name: f"{prefix}text_model.{name}.weight" for name in texts}
    vision = {name: f"{prefix}vision_model.{name}" for name in pictures}
    vision[CONNECTOR] = f"{prefix}connector.modality_projection.proj.weight"
    head = f"{prefix.removesuffix('model.')}lm_head.weight"
    language["lm_head"] = language["embed_tokens"] if shape.tied and head not in tensors else head
    texts["lm_head"], pictures[CONNECTOR] = texts["embed_tokens"], connector_shape(shape.vision)
    for names, shapes in ((language, texts), (vision, pictures)):
        for name, size in shapes.items():
            _check_tensor(tensors, names[name], size)
    _refuse_more_layers(tensors, f"{prefix}text_model.layers.", shape.text.layers)
    _refuse_more_layers(tensors, f"{prefix}vision_model.encoder.layers.", shape.vision.layers)
    return LlamaWeights(shape.text, _Named(tensors, language)), _Named(tensors, vision)


def _check_tensor(tensors: Safetensors, name: str, shape: tuple[int, ...]) -> None:
    where, fix = f"the weights in {shorten(tensors.folder)}", "give the config.json and the weights of one model"
    if name not in tensors:
        raise DamagedModel(f"{where} have no {name}", fix)
    if tensors.shape(name) != shape:
        raise DamagedModel(f"{where} have {name} of shape {list(tensors.shape(name))} where config.json says {list(shape)}", fix)


def _refuse_more_layers(tensors: Safetensors, start: str, layers: int) -> None:
    if any(name.startswith(f"{start}{layers}.") for name in tensors):
        what = f"the weights in {shorten(tensors.folder)} have more than the {layers} layers that config.json says ({start})"
        raise DamagedModel(what, "give the config.json and the weights of one model")


def _write_graphs(folder: Path, shape: SmolVlmShape, language: LlamaWeights, vision: Mapping[str, np.ndarray], variant: Variant) -> None:
    def path(name: str) -> Path:
        return folder / f"{name}{variant.suffix}.onnx"

    weights = sum(int(np.prod(size)) for size in language_shapes(shape).values())  # the head counts for the embedding
    name = "decoder_model_merged"
    with FileGraph(name, path(name), beside=weights * variant.decoder_bytes > _LARGEST_FILE) as graph:
        decoder(language, variant.decoder, half_cache=variant.half_cache, graph=graph)
    with FileGraph("embed_tokens", path("embed_tokens")) as graph:
        embed_tokens(language.arrays["embed_tokens"], variant.embedding, graph=graph)
    with FileGraph("vision_encoder", path("vision_encoder")) as graph:
        vision_encoder(vision, shape.vision, variant.vision, graph=graph)


def _require_files(source: Path) -> None:
    fix = "save the model's tokenizer, processor and generation config there too (save_pretrained)"
    for name in _NEEDED:
        if not (source / name).is_file():
            raise MissingModel(f"the file {shorten(source / name)} is missing", fix)
    if not any((source / name).is_file() for name in _PREPROCESSORS):
        raise MissingModel(f"the file {shorten(source / _PREPROCESSORS[0])} is missing", fix)


def _copy_texts(source: Path, folder: Path) -> None:
    """Everything that isn't weights."""
    for path in source.iterdir():
        if path.is_file() and path.name != INDEX_FILE and (path.suffix in _COPIED or path.stem == "LICENSE"):
            shutil.copyfile(path, folder / path.name)


@contextlib.contextmanager
def _new_folder(destination: Path) -> Iterator[Path]:
    """A folder beside `destination` that takes its name when all went well, and goes away when not."""
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise BadInput(f"{shorten(destination)} is already there", "give --out a new folder")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{destination.name}.", dir=destination.parent) as name:
            folder = Path(name) / "new"
            folder.mkdir()
            yield folder
            folder.rename(destination)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {shorten(destination)} is full", "free some space or give --out a folder elsewhere") from error
        raise BadInput(f"{shorten(destination)} can't be written ({error.strerror or error})", "give --out another folder") from error
