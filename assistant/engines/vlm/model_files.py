"""Reads a folder laid out as the SmolVLM2 repositories are, without opening the graphs. Whatever is wrong is named with its file."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args
from zipfile import BadZipFile

from tokenizers import Tokenizer

from assistant.engines.onnx.session import FETCH_AGAIN
from assistant.engines.vlm.beam_search import Beams
from assistant.engines.vlm.image import ImageSettings
from assistant.engines.vlm.prompt import END, FAKE, GLOBAL, IMAGE, MAX_FRAMES
from assistant.engines.vlm.starter.encoder_heads import HEAD_FILES, WORD_HEAD, Head, read_head
from assistant.engines.vlm.starter.extras import StarterExtras
from assistant.engines.vlm.starter.garments import HEAD_FILE, GarmentHead
from assistant.engines.vlm.starter.hedged_names import NameThresholds
from assistant.engines.vlm.starter.thresholds import StarterThresholds
from assistant.messages import AnswerThresholds, Intent, MomentThresholds
from assistant.problems import DamagedModel, MissingModel, shorten
from assistant.translatable import in_english

VARIANTS = ("quantized", "int8", "uint8", "q4", "", "fp16", "q4f16", "bnb4")
"""Kinds of weights, the suffix in the file name, as tried when none is asked for: soonest first word first (SMOLVLM2.md, section 11)."""

_MOST_BEAMS, _MOST_SAMPLES = 16, 64
# Ends an answer whatever generation_config.json says.
_GUARD_STOPS = (END, "<|im_end|>", "<|endoftext|>")
_PICTURE_TOKEN = re.compile(rf"({re.escape(FAKE)}|{re.escape(GLOBAL)}|{re.escape(IMAGE)}|<row_\d_col_\d>)$")
# No byte-level tokenizer has one, and some abort the process within the tokenizers library (0.23), where nothing can catch it.
_OTHER_FOLDER = in_english("give the folder of a SmolVLM2 model")
_SUBWORD_PREFIX = re.compile(r'"continuing_subword_prefix"\s*:\s*(?!\s|null|"")')
_LLAMA_POSITIONS = 2048  # what config.json means when it doesn't say


@dataclass(frozen=True)
class ModelFiles:
    """What the folder says."""

    vision_encoder: Path
    embed_tokens: Path
    decoder: Path
    image: ImageSettings
    image_tokens: int
    """Tokens a tile becomes."""
    image_token_id: int
    stop_ids: frozenset[int]
    special_tokens: frozenset[str]
    suppressed_token_ids: tuple[int, ...]
    """Token ids that stand for pictures, turns and the like, and never belong into an answer."""
    max_pictures: int
    max_tokens: int
    """Of prompt and answer together."""
    thresholds: AnswerThresholds | None
    """How sure it must be for how plain a word; None where nobody measured that."""
    reliability: Mapping[str, float]
    """How often its plain answers to questions of an intent are right; empty where nobody measured that."""
    moment_thresholds: MomentThresholds
    """How its evidence for a moment becomes a probability; the defaults where nobody measured that."""
    beams: Beams
    """How answers are searched for: generation_config.json's num_beams and length_penalty."""
    extras: StarterExtras | None
    """What only the starter's folder brings; None where the folder names no heads on the vision encoder."""
    tokenizer: Tokenizer


def read_folder(folder: Path, variant: str | None = None) -> ModelFiles:
    """Read the json files and find the graphs.

    Args:
        folder: the model's folder.
        variant: one of VARIANTS for all three graphs; None takes for each the first that is there.

    Raises:
        MissingModel: the folder or a file isn't there.
        DamagedModel: a file can't be read or doesn't fit the others.
    """
    if not folder.is_dir():
        raise MissingModel("there is no model folder {folder}", FETCH_AGAIN, folder=shorten(folder))
    config = _Json.read(folder / "config.json")
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    image = read_image_settings(folder)
    image_size = config.whole("vision_config", "image_size")
    if image_size != image.tile_size:
        raise config.wrong(f"has tiles of {image_size} pixels, the preprocessor {image.tile_size}")
    side = image_size // config.whole("vision_config", "patch_size") // config.whole("scale_factor")
    if not side:
        raise config.wrong("leaves no tokens for a picture")
    if config.whole("image_token_id") != tokenizer.token_to_id(IMAGE):
        raise config.wrong("and tokenizer.json number the image token differently")
    generation = _Json.read(folder / "generation_config.json")
    stop_ids, beams = _stop_ids(generation, tokenizer), _beams(generation)
    thresholds = _read_thresholds(folder / "answer_thresholds.json", StarterThresholds)
    heads, samples = _read_heads(folder), _samples(generation, beams)
    added = tokenizer.get_added_tokens_decoder()
    return ModelFiles(
        vision_encoder=_find_graph(folder, "vision_encoder", variant),
        embed_tokens=_find_graph(folder, "embed_tokens", variant),
        decoder=_find_graph(folder, "decoder_model_merged", variant),
        image=image,
        image_tokens=side * side,
        image_token_id=config.whole("image_token_id"),
        stop_ids=stop_ids,
        special_tokens=frozenset(token.content for token in added.values()),
        suppressed_token_ids=tuple(
            i for i, token in added.items() if i not in stop_ids and (token.special or _PICTURE_TOKEN.match(token.content))
        ),
        max_pictures=min(config.whole("max_pictures", default=MAX_FRAMES), MAX_FRAMES),
        max_tokens=config.whole("text_config", "max_position_embeddings", default=_LLAMA_POSITIONS),
        beams=beams,
        extras=_extras(folder, heads, thresholds or StarterThresholds(), samples, tokenizer) if heads else None,
        thresholds=thresholds,
        reliability=_read_reliability(folder / "reliability.json"),
        moment_thresholds=_read_thresholds(folder / "moment_thresholds.json", MomentThresholds) or MomentThresholds(),
        tokenizer=tokenizer,
    )


_Thresholds = TypeVar("_Thresholds", StarterThresholds, MomentThresholds, NameThresholds)


class _Json:
    """One json file, an object."""

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        self.path = path
        self.content = content

    @classmethod
    def read(cls, path: Path, fix: str = FETCH_AGAIN) -> _Json:
        try:
            content = json.loads(_read_text(path, fix))
        except (ValueError, RecursionError) as error:
            raise DamagedModel("the model file {path} {what}", fix, path=shorten(path), what="is not valid JSON") from error
        if not isinstance(content, dict):
            raise DamagedModel("the model file {path} {what}", fix, path=shorten(path), what="holds no JSON object")
        return cls(path, content)

    def whole(self, *keys: str, default: int | None = None) -> int:
        """The whole number above 0 under these nested keys."""
        value: Any = self.content
        for key in keys:
            value = value.get(key, default) if isinstance(value, dict) else None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.wrong(f"needs a whole number above 0 as {'.'.join(keys)}")
        return value

    def wrong(self, what: str) -> DamagedModel:
        return DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=shorten(self.path), what=what)


def _read_text(path: Path, fix: str = FETCH_AGAIN) -> str:
    if not path.is_file():
        raise MissingModel("the model file {path} is missing", fix, path=shorten(path))
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedModel("the model file {path} {what}", fix, path=shorten(path), what="can't be read") from error


def read_tokenizer(path: Path, fix: str = FETCH_AGAIN) -> Tokenizer:
    """Read tokenizer.json, with what a SmolVLM2 needs of it; `fix` is what the user is told to do about a bad one.

    Raises:
        MissingModel: the file isn't there.
        DamagedModel: it can't be read, or isn't a SmolVLM2's.
    """
    text = _read_text(path, fix)
    if _SUBWORD_PREFIX.search(text):
        raise DamagedModel(in_english(f"the tokenizer {shorten(path)} isn't byte-level"), _OTHER_FOLDER)
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # what the Rust library raises has no narrower type
        raise DamagedModel("the model file {path} {what}", fix, path=shorten(path), what="holds no tokenizer") from error
    tokenizer.no_truncation()  # some fine-tunes save what they trained with
    tokenizer.no_padding()
    for token in (IMAGE, FAKE, END):
        if tokenizer.token_to_id(token) is None:
            raise DamagedModel(in_english(f"the tokenizer {shorten(path)} doesn't know {token}"), _OTHER_FOLDER)
    return tokenizer


def read_image_settings(folder: Path, fix: str = FETCH_AGAIN) -> ImageSettings:
    """Read preprocessor_config.json, or what re-saved copies keep of it inside processor_config.json.

    Args:
        folder: the model's.
        fix: what the user is told to do about a bad file.

    Raises:
        MissingModel: the file isn't there.
        DamagedModel: it can't be read, or doesn't say how pictures are prepared.
    """
    source, nested = folder / "preprocessor_config.json", folder / "processor_config.json"
    if not source.is_file() and nested.is_file() and "image_processor" in _Json.read(nested, fix).content:
        source, content = nested, _Json.read(nested, fix).content["image_processor"]
    else:
        content = _Json.read(source, fix).content
    try:
        return ImageSettings.from_dict(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DamagedModel(
            "the model file {path} {what}", fix, path=shorten(source), what=f"doesn't say how pictures are prepared ({error})"
        ) from error


def _stop_ids(generation: _Json, tokenizer: Tokenizer) -> frozenset[int]:
    end = generation.content.get("eos_token_id")
    ends = end if isinstance(end, list) else [end]
    if not ends or not all(isinstance(token, int) and not isinstance(token, bool) for token in ends):
        raise generation.wrong("needs eos_token_id, a number or a list of them")
    guards = (tokenizer.token_to_id(token) for token in _GUARD_STOPS)
    return frozenset(ends) | {token for token in guards if token is not None}


def _beams(generation: _Json) -> Beams:
    count = generation.whole("num_beams", default=1)
    penalty = generation.content.get("length_penalty", 1.0)
    if count > _MOST_BEAMS or not isinstance(penalty, (int, float)) or not -10 <= penalty <= 10:
        raise generation.wrong(f"must have a num_beams of 1 to {_MOST_BEAMS} and a length_penalty of -10 to 10")
    return Beams(count, float(penalty))


def _samples(generation: _Json, beams: Beams) -> int:
    """Answers to be sampled for reranking: `rescored_draws`, which is this project's own key."""
    samples = generation.whole("rescored_draws") if "rescored_draws" in generation.content else 0
    if samples > _MOST_SAMPLES or (samples and beams.count == 1):
        raise generation.wrong(f"must have at most {_MOST_SAMPLES} rescored_draws, and none with a single beam")
    return samples


def _read_thresholds(path: Path, kind: type[_Thresholds]) -> _Thresholds | None:
    if not path.is_file():
        return None
    found = _Json.read(path)
    content = found.content
    names = {field.name for field in dataclasses.fields(kind)}
    are_numbers = all(isinstance(value, (int, float)) and math.isfinite(value) for value in content.values())
    if not content or not set(content) <= names or not are_numbers:
        raise found.wrong(f"must hold some of the numbers {', '.join(sorted(names))}, and nothing else")
    return kind(**{name: float(value) for name, value in content.items()})


def _read_reliability(path: Path) -> Mapping[str, float]:
    if not path.is_file():
        return {}
    found = _Json.read(path)
    shares = found.content.items()
    if not all(intent in get_args(Intent) and isinstance(share, (int, float)) and 0 <= share <= 1 for intent, share in shares):
        raise found.wrong(f"must hold shares of 0 to 1 by some of {', '.join(get_args(Intent))}, and nothing else")
    return {intent: float(share) for intent, share in shares}


def _extras(folder: Path, heads: dict[str, Head], thresholds: StarterThresholds, samples: int, tokenizer: Tokenizer) -> StarterExtras:
    name_thresholds = _read_thresholds(folder / "name_thresholds.json", NameThresholds) or NameThresholds()
    return StarterExtras(heads, thresholds, name_thresholds, samples, tokenizer, _read_garments(folder / HEAD_FILE))


def _read_garments(path: Path) -> GarmentHead | None:
    try:
        return GarmentHead.read(path) if path.is_file() else None
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=shorten(path), what=f"can't be read ({error})") from error


def _read_heads(folder: Path) -> dict[str, Head]:
    return {head: _read_head(folder / name, head) for head, name in HEAD_FILES.items() if (folder / name).is_file()}


def _read_head(path: Path, head: str) -> Head:
    try:
        return read_head(_read_text(path), shares=head == WORD_HEAD)
    except ValueError as error:
        raise DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=shorten(path), what=f"can't be read ({error})") from error


def _find_graph(folder: Path, name: str, variant: str | None) -> Path:
    tried = VARIANTS if variant is None else (variant,)
    paths = [folder / "onnx" / (f"{name}_{suffix}.onnx" if suffix else f"{name}.onnx") for suffix in tried]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        file = paths[0] if variant is not None else folder / "onnx" / f"{name}.onnx"
        raise MissingModel("the model file {path} is missing", FETCH_AGAIN, path=shorten(file))
    return found
