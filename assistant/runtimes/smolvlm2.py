"""SmolVLM2-shaped models on onnxruntime, numpy and tokenizers: pictures are looked at once, then any number of questions answered.

    look    pictures -> tiles -> visual tokens, merged into the embedded prompt, read into a key/value cache
    answer  question -> tokens, read on from that cache, then one token at a time

Both what pictures became and what prompts were read into is kept while there is room, so that to look again at a picture, alone or in
a window that has moved on, costs no run of the vision encoder. Knows nothing of cameras, languages or how a question should be worded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.messages import Detail, Keyframe, View
from assistant.problems import BadInput
from assistant.runtimes.onnx_session import OnnxGraph, SessionSettings
from assistant.runtimes.recently_used import RecentlyUsed
from assistant.runtimes.smolvlm2_decoder import Cache, Decoder
from assistant.runtimes.smolvlm2_files import ModelFiles, read_folder
from assistant.runtimes.smolvlm2_graphs import TokenEmbedder, VisionEncoder
from assistant.runtimes.smolvlm2_image import TILE_BUDGETS
from assistant.runtimes.smolvlm2_pictures import ONE_TILE, PictureEncoder, PictureKey, SeenPicture
from assistant.runtimes.smolvlm2_prompt import MAX_FRAMES, Exchange, closing, image_opening, neutralise, video_opening
from assistant.runtimes.token_decoding import TOKEN_CAPS, Sampling, TextStream, decode_tokens

RAW_TOKENS = 64
"""Most tokens of a raw answer, as on SmolVLM2's model cards."""
VIEW_BYTES = 128 << 20
"""Caches of Views kept at most; the least recently used goes first and is read again when it is asked about. SmolVLM2-256M takes 4 MB
for a picture in one tile, 30 MB for eight frames or a photo in 13 tiles, 229 MB (then kept alone) for a video of 64 frames."""
PICTURE_BYTES = 16 << 20
"""Visual tokens kept at most, apart from those within Views: some hundred tiles of SmolVLM2-256M."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SmolView(View):
    """Pictures that were looked at. Holds no cache itself, so it may be held for long; serves only the describer that made it."""

    opening: str
    """The prompt up to and including the last picture."""
    before_question: str
    """What the prompt has between the last picture and the question."""
    pictures: tuple[PictureKey, ...]
    maker: Smolvlm2Describer


@dataclass(frozen=True)
class RawAnswer:
    """What the model itself says to exactly this prompt."""

    prompt: str
    token_ids: list[int]
    """With the stop token, if it came to one."""
    text: str


@dataclass(frozen=True, eq=False)
class _Graphs:
    """What `unload` frees."""

    pictures: PictureEncoder
    embedder: TokenEmbedder
    decoder: Decoder


class Smolvlm2Describer:
    """A SceneDescriber. Threads may share it; a running ONNX call can't be cut."""

    def __init__(
        self,
        folder: Path,
        threads: int = 0,
        variant: str | None = None,
        *,
        session: SessionSettings | None = None,
        lazy: bool = False,
        view_bytes: int = VIEW_BYTES,
        picture_bytes: int = PICTURE_BYTES,
    ) -> None:
        """Load a model.

        Args:
            folder: laid out as the Hugging Face SmolVLM2 repositories are.
            threads: 0 = one per core.
            variant: which kind of weights, one of smolvlm2_files.VARIANTS; None = the first that is there.
            session: in place of `threads`, all that can be set of the sessions.
            lazy: read the json files only, and load the graphs when they are first needed.
            view_bytes: see VIEW_BYTES; 0 = the prompt is read anew for each answer.
            picture_bytes: see PICTURE_BYTES; 0 = a picture is encoded anew each time it is looked at.

        Raises:
            MissingModel: a file isn't there.
            DamagedModel: a file can't be read or doesn't fit the others; the message names it.
        """
        self._files = read_folder(folder, variant)
        self._tokenizer = self._files.tokenizer
        self._session = session or SessionSettings(threads)
        self._views: RecentlyUsed[object, Cache] = RecentlyUsed(view_bytes, lambda cache: cache.size_bytes)
        self._seen: RecentlyUsed[PictureKey, SeenPicture] = RecentlyUsed(picture_bytes, lambda picture: int(picture.features.nbytes))
        self._loaded: _Graphs | None = None
        self._loading = threading.Lock()
        if not lazy:
            self.load()

    @property
    def max_pictures(self) -> int:
        return self._files.max_pictures

    def load(self) -> None:
        """Load the graphs unless they are; DamagedModel or MissingModel as on creation."""
        self._graphs()

    def unload(self) -> None:
        """Free the graphs and all that was kept. The next look or answer loads them again; answers being given come to their end first."""
        with self._loading:
            self._loaded = None
        self._views.clear()
        self._seen.clear()

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief") -> SmolView:
        """Encode the last `max_pictures` pictures, and read the prompt up to them into a cache.

        Several pictures are told as a video that begins with the first of them. A single one is cut into as many tiles as
        TILE_BUDGETS allows the detail (slower by their number, reads finer print) where the model's preprocessor allows it.
        """
        kept = keyframes[-self.max_pictures :]
        start_s = kept[0].frame.time_s if kept else 0.0
        times_s = [keyframe.frame.time_s - start_s for keyframe in kept]
        as_video = len(kept) > 1
        return self._look(kept, ONE_TILE if as_video else TILE_BUDGETS[detail], times_s if as_video else None, times_s[-1] if kept else 0.0)

    def answer(
        self,
        view: View,
        question: str,
        detail: Detail = "brief",
        *,
        history: Sequence[Exchange] = (),
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield pieces of text as they are decoded; **work starts when the first is asked for**. The view stays as it is.

        `sampling` draws the tokens at random; else they are the likeliest, but for loops and tokens that stand for pictures.
        """
        own = self._own(view)
        stream, begun = TextStream(self._tokenizer), False
        forbidden = self._files.unspoken_ids
        for token in self._tokens(own, self._closing(own, question, history), TOKEN_CAPS[detail], sampling=sampling, forbidden=forbidden):
            piece = stream.feed(token)
            piece = piece if begun else piece.lstrip()  # the prompt ends without a blank, so the answer begins with one
            if piece:
                begun = True
                yield piece

    def raw(
        self,
        keyframes: Sequence[Keyframe],
        question: str,
        split: bool,
        *,
        duration_s: float | None = None,
        max_tokens: int = RAW_TOKENS,
        as_video: bool | None = None,
        history: Sequence[Exchange] = (),
    ) -> RawAnswer:
        """The model's own greedy answer: no repetition guard, no forbidden tokens.

        Args:
            keyframes: the pictures.
            question: taken as it is (but special tokens in it are broken).
            split: cut pictures into tiles as the reference does; frames of a video never are.
            duration_s: of the video; the last keyframe's time if not known.
            max_tokens: of the answer.
            as_video: tell the pictures with their times as they are; None = when there are several.
            history: earlier questions about these pictures, and their answers.
        """
        as_video = len(keyframes) > 1 if as_video is None else as_video
        times_s = [keyframe.frame.time_s for keyframe in keyframes]
        duration_s = max(times_s, default=0.0) if duration_s is None else duration_s
        view = self._look(keyframes, None if split and not as_video else ONE_TILE, times_s if as_video else None, duration_s)
        end = self._closing(view, question, history)
        tokens = list(self._tokens(view, end, max_tokens, guard=False))
        text = self._tokenizer.decode(tokens, skip_special_tokens=True).strip()
        return RawAnswer(view.opening + end, tokens, text)

    def log_likelihood(self, view: View, question: str, answer_text: str) -> float:
        """Sum of the log-probabilities (natural) of the answer's tokens, its end not among them; BadInput for an empty answer."""
        return self.log_likelihoods(view, question, [answer_text])[0]

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str]) -> list[float]:
        """The same of several answers; the question is read only once."""
        if not all(answer.strip() for answer in answers):
            raise BadInput("the answer to score is empty", "give some text")
        own, graphs = self._own(view), self._graphs()
        prompt = self._encode(self._closing(own, question))
        answers_ids = [self._encode(f" {self._clean(answer.strip())}") for answer in answers]
        cache = self._cache(own, graphs)
        self._room(cache.length + len(prompt) + max(map(len, answers_ids), default=0), "the question and answer are")
        first, cache = graphs.decoder.read(graphs.embedder.embed(prompt), cache)
        scores = []
        for ids in answers_ids:
            logits = first
            if len(ids) > 1:
                more, _ = graphs.decoder.read(graphs.embedder.embed(ids[:-1]), cache, every_logit=True)
                logits = np.concatenate([first, more])  # [answer, V]
            scores.append(float(_log_softmax(logits)[np.arange(len(ids)), ids].sum()))
        return scores

    def _look(self, keyframes: Sequence[Keyframe], budget: int | None, times_s: Sequence[float] | None, duration_s: float) -> SmolView:
        """`times_s` tells the pictures as a video; None as pictures."""
        if not keyframes:
            raise BadInput("there is no picture to look at", "give at least one")
        if len(keyframes) > MAX_FRAMES:
            raise BadInput(f"{len(keyframes)} pictures are too many for one prompt", f"give at most {MAX_FRAMES}")
        graphs = self._graphs()
        keys = tuple(graphs.pictures.key(keyframe.frame.picture, budget) for keyframe in keyframes)
        seen = [self._see(keyframe, key, graphs) for keyframe, key in zip(keyframes, keys, strict=True)]
        blocks = [picture.block for picture in seen]
        view = SmolView(
            tuple(keyframes),
            opening=image_opening(blocks) if times_s is None else video_opening(blocks, times_s, duration_s),
            before_question=("" if times_s is None else "\n\n") + seen[-1].seen,
            pictures=keys,
            maker=self,
        )
        self._cache(view, graphs)
        return view

    def _see(self, keyframe: Keyframe, key: PictureKey, graphs: _Graphs) -> SeenPicture:
        seen = self._seen.get(key)
        if seen is None:
            seen = graphs.pictures.encode(keyframe.frame.picture, key.budget)
            self._seen.put(key, seen)
        return seen

    def _cache(self, view: SmolView, graphs: _Graphs) -> Cache:
        """The view's opening, read: kept from before, or anew."""
        key = (view.opening, view.pictures)
        cache = self._views.get(key)
        if cache is None:
            ids = self._encode(view.opening)
            self._room(len(ids), "the pictures are")
            embeds = graphs.embedder.embed(ids)  # [n, D]
            seen = [self._see(keyframe, key, graphs) for keyframe, key in zip(view.keyframes, view.pictures, strict=True)]
            embeds[np.array(ids) == self._files.image_token_id] = np.concatenate([picture.features for picture in seen])
            _, cache = graphs.decoder.read(embeds, graphs.decoder.empty_cache)
            self._views.put(key, cache)
        return cache

    def _tokens(
        self,
        view: SmolView,
        end: str,
        cap: int,
        *,
        guard: bool = True,
        sampling: Sampling | None = None,
        forbidden: Sequence[int] = (),
    ) -> Iterator[int]:
        """Read the rest of the prompt, then decode."""
        graphs = self._graphs()
        ids = self._encode(end)
        cache = self._cache(view, graphs)
        cap = min(cap, self._room(cache.length + len(ids), "the question is"))
        logits, cache = graphs.decoder.read(graphs.embedder.embed(ids), cache)
        next_logits = graphs.decoder.continue_from(cache, cap - 1)

        def advance(token: int) -> np.ndarray:
            return next_logits(graphs.embedder.embed([token])[0])

        yield from decode_tokens(logits[0], advance, self._files.stop_ids, cap, guard=guard, sampling=sampling, forbidden=forbidden)

    def _room(self, tokens: int, what_is: str) -> int:
        """How many more tokens may follow these; BadInput if none."""
        room = self._files.max_tokens - tokens
        if room <= 0:
            raise BadInput(f"{what_is} too long for the model's {self._files.max_tokens} tokens", "give fewer or shorter ones")
        return room

    def _graphs(self) -> _Graphs:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._files, self._session)
            return self._loaded

    def _closing(self, view: SmolView, question: str, history: Sequence[Exchange] = ()) -> str:
        past = [Exchange(self._clean(exchange.question), self._clean(exchange.answer)) for exchange in history]
        return closing(self._clean(question), past, before=view.before_question)

    def _clean(self, text: str) -> str:
        return neutralise(text, self._files.special_tokens)

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _own(self, view: View) -> SmolView:
        if not isinstance(view, SmolView) or view.maker is not self:
            raise TypeError("a view is answered by the describer that made it")
        return view


def _load(files: ModelFiles, session: SessionSettings) -> _Graphs:
    embedder = TokenEmbedder(OnnxGraph(files.embed_tokens, session))
    decoder = Decoder(
        OnnxGraph(files.decoder, session),
        hidden=embedder.hidden,
        vocabulary=files.tokenizer.get_vocab_size(with_added_tokens=True),
    )
    vision = VisionEncoder(
        OnnxGraph(files.vision_encoder, session, keep_arena=False),
        tile_size=files.image.tile_size,
        tokens=files.image_tokens,
        hidden=embedder.hidden,
        classes=len(files.class_names) if files.class_names is not None else None,
    )
    return _Graphs(PictureEncoder(vision, files.image, files.image_tokens, files.class_names), embedder, decoder)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float64."""
    logits = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
