"""SmolVLM2-shaped models on onnxruntime, numpy and tokenizers: pictures are looked at once, then any number of questions answered.

    look    pictures -> tiles -> visual tokens, merged into the embedded prompt, read into a key/value cache
    answer  question -> tokens, read on from that cache, then one token at a time

Knows nothing of cameras, languages or how a question should be worded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.messages import Detail, Keyframe, View
from assistant.problems import BadInput
from assistant.runtimes.onnx_session import OnnxGraph
from assistant.runtimes.seen_labels import seen_text
from assistant.runtimes.smolvlm2_files import read_folder
from assistant.runtimes.smolvlm2_graphs import Cache, Decoder, TokenEmbedder, VisionEncoder
from assistant.runtimes.smolvlm2_image import make_tiles
from assistant.runtimes.smolvlm2_prompt import MAX_FRAMES, Exchange, closing, image_opening, neutralise, picture_block, video_opening
from assistant.runtimes.token_decoding import TOKEN_CAPS, TextStream, greedy_tokens

RAW_TOKENS = 64
"""Most tokens of a raw answer, as on SmolVLM2's model cards."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SmolView(View):
    """Pictures read into a cache. Holds its cache's memory until it is dropped; serves only the describer that made it."""

    opening: str
    """The prompt up to and including the last picture."""
    before_question: str
    """What the prompt has between the last picture and the question."""
    cache: Cache


@dataclass(frozen=True)
class RawAnswer:
    """What the model itself says to exactly this prompt."""

    prompt: str
    token_ids: list[int]
    """With the stop token, if it came to one."""
    text: str


@dataclass(frozen=True, eq=False)
class _SeenPicture:
    """A picture after the vision encoder."""

    block: str
    features: np.ndarray
    """f32 [tokens, hidden]"""
    seen: str
    """What the encoder's own head sees, as text; "" without a head."""


class Smolvlm2Describer:
    """A SceneDescriber. Nothing in it changes after construction, so threads may share it; a running ONNX call can't be cut."""

    def __init__(self, folder: Path, threads: int = 0, variant: str | None = None) -> None:
        """Load a model.

        Args:
            folder: laid out as the Hugging Face SmolVLM2 repositories are.
            threads: 0 = one per core.
            variant: which kind of weights, one of smolvlm2_files.VARIANTS; None = the first that is there.

        Raises:
            MissingModel: a file isn't there.
            DamagedModel: a file can't be read or doesn't fit the others; the message names it.
        """
        files = read_folder(folder, variant)
        self._files = files
        self._tokenizer = files.tokenizer
        self._embedder = TokenEmbedder(OnnxGraph(files.embed_tokens, threads))
        self._decoder = Decoder(
            OnnxGraph(files.decoder, threads),
            hidden=self._embedder.hidden,
            vocabulary=files.tokenizer.get_vocab_size(with_added_tokens=True),
        )
        self._vision = VisionEncoder(
            OnnxGraph(files.vision_encoder, threads, keep_arena=False),
            tile_size=files.image.tile_size,
            tokens=files.image_tokens,
            hidden=self._embedder.hidden,
            classes=len(files.class_names) if files.class_names is not None else None,
        )

    @property
    def max_pictures(self) -> int:
        return self._files.max_pictures

    def look(self, keyframes: Sequence[Keyframe], *, split: bool = False) -> SmolView:
        """Encode the last `max_pictures` pictures, and read the prompt up to them into a cache.

        Several pictures are told as a video that begins with the first of them. `split` cuts a single picture into
        tiles (slower by their number, reads finer print) where the model's preprocessor allows it.
        """
        kept = keyframes[-self.max_pictures :]
        start_s = kept[0].frame.time_s if kept else 0.0
        times_s = [keyframe.frame.time_s - start_s for keyframe in kept]
        return self._look(kept, times_s, times_s[-1] if kept else 0.0, split)

    def answer(self, view: View, question: str, detail: Detail = "brief", *, history: Sequence[Exchange] = ()) -> Iterator[str]:
        """Yield pieces of text as they are decoded; **work starts when the first is asked for**. The view stays as it is."""
        text = ""
        stream = TextStream(self._tokenizer)
        for token in self._tokens(_own(view), self._closing(view, question, history), TOKEN_CAPS[detail]):
            piece = stream.feed(token)
            piece = piece if text else piece.lstrip()  # the prompt ends without a blank, so the answer begins with one
            text += piece
            if piece:
                yield piece

    def raw(
        self, keyframes: Sequence[Keyframe], question: str, split: bool, *, duration_s: float | None = None, max_tokens: int = RAW_TOKENS
    ) -> RawAnswer:
        """The model's own greedy answer, without repetition guard.

        Args:
            keyframes: one gives the image prompt, several the video prompt with their times as they are.
            question: taken as it is (but special tokens in it are broken).
            split: cut a single picture into tiles.
            duration_s: of the video; the last keyframe's time if not known.
            max_tokens: of the answer.
        """
        times_s = [keyframe.frame.time_s for keyframe in keyframes]
        view = self._look(keyframes, times_s, duration_s if duration_s is not None else max(times_s, default=0.0), split)
        end = self._closing(view, question)
        tokens = list(self._tokens(view, end, max_tokens, guard=False))
        text = self._tokenizer.decode(tokens, skip_special_tokens=True).strip()
        return RawAnswer(view.opening + end, tokens, text)

    def log_likelihood(self, view: View, question: str, answer_text: str) -> float:
        """Sum of the log-probabilities (natural) of the answer's tokens, its end not among them; BadInput for an empty answer."""
        if not answer_text.strip():
            raise BadInput("the answer to score is empty", "give some text")
        own = _own(view)
        prompt = self._encode(self._closing(own, question))
        answer = self._encode(f" {self._clean(answer_text.strip())}")
        self._room(own.cache, len(prompt) + len(answer), "the question and answer are")
        logits, _ = self._decoder.read(self._embedder.embed([*prompt, *answer[:-1]]), own.cache, every_logit=True)
        logits = logits[-len(answer) :].astype(np.float64)  # [answer, V]
        logits -= logits.max(axis=-1, keepdims=True)
        log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return float(log_probabilities[np.arange(len(answer)), answer].sum())

    def _look(self, keyframes: Sequence[Keyframe], times_s: Sequence[float], duration_s: float, split: bool) -> SmolView:
        if not keyframes:
            raise BadInput("there is no picture to look at", "give at least one")
        if len(keyframes) > MAX_FRAMES:
            raise BadInput(f"{len(keyframes)} pictures are too many for one prompt", f"give at most {MAX_FRAMES}")
        video = len(keyframes) > 1
        pictures = [self._encode_picture(keyframe, split and not video) for keyframe in keyframes]
        blocks = [picture.block for picture in pictures]
        opening = video_opening(blocks, times_s, duration_s) if video else image_opening(blocks)
        ids = self._encode(opening)
        self._room(self._decoder.empty_cache, len(ids), "the pictures are")
        embeds = self._embedder.embed(ids)  # [n, D]
        embeds[np.array(ids) == self._files.image_token_id] = np.concatenate([picture.features for picture in pictures])
        _, cache = self._decoder.read(embeds, self._decoder.empty_cache)
        before_question = ("\n\n" if video else "") + pictures[-1].seen
        return SmolView(tuple(keyframes), opening=opening, before_question=before_question, cache=cache)

    def _encode_picture(self, keyframe: Keyframe, split: bool) -> _SeenPicture:
        tiles = make_tiles(keyframe.frame.picture, self._files.image, split=split)
        features, class_logits = self._vision.encode(tiles.pixels)
        names = self._files.class_names
        seen = seen_text(class_logits, names) if class_logits is not None and names is not None else ""
        return _SeenPicture(picture_block(tiles.rows, tiles.cols, self._files.image_tokens), features, seen)

    def _tokens(self, view: SmolView, end: str, cap: int, *, guard: bool = True) -> Iterator[int]:
        """Read the rest of the prompt, then decode greedily."""
        ids = self._encode(end)
        room = self._room(view.cache, len(ids), "the question is")
        cache = view.cache

        def read_on(ids: list[int]) -> np.ndarray:
            nonlocal cache
            logits, cache = self._decoder.read(self._embedder.embed(ids), cache)
            return np.asarray(logits[0])

        yield from greedy_tokens(read_on(ids), lambda token: read_on([token]), self._files.stop_ids, min(cap, room), guard=guard)

    def _room(self, cache: Cache, new_tokens: int, what_is: str) -> int:
        """How many tokens may follow; BadInput if none."""
        room = self._files.max_tokens - cache.length - new_tokens
        if room <= 0:
            raise BadInput(f"{what_is} too long for the model's {self._files.max_tokens} tokens", "give fewer or shorter ones")
        return room

    def _closing(self, view: View, question: str, history: Sequence[Exchange] = ()) -> str:
        past = [Exchange(self._clean(exchange.question), self._clean(exchange.answer)) for exchange in history]
        return closing(self._clean(question), past, before=_own(view).before_question)

    def _clean(self, text: str) -> str:
        return neutralise(text, self._files.special_tokens)

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _own(view: View) -> SmolView:
    if not isinstance(view, SmolView):
        raise TypeError("a view is answered by the describer that made it")
    return view
