"""SmolVLM2-shaped models on onnxruntime, numpy and tokenizers: pictures are looked at once, then any number of questions answered.

    look    pictures -> tiles -> visual tokens, merged into the embedded prompt, read into a key/value cache
    answer  question -> tokens, read on from that cache, then one token at a time

Knows nothing of cameras, languages or how a question should be worded. What is kept between questions is smolvlm2_reader.py's business.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.engines.onnx.session import FETCH_AGAIN, SessionSettings
from assistant.engines.vlm.beam_search import ONE_BEAM
from assistant.engines.vlm.decoder import Cache
from assistant.engines.vlm.decoding import Decoding, answer_likelihoods, answer_scores, continue_prompt
from assistant.engines.vlm.image import ONE_TILE, TILE_BUDGETS
from assistant.engines.vlm.model_files import read_folder
from assistant.engines.vlm.picture_encoder import PictureKey
from assistant.engines.vlm.prefill import PICTURE_BYTES, VIEW_BYTES, Prompt, Reader
from assistant.engines.vlm.prompt import IMAGE, MAX_FRAMES, Exchange, closing, image_opening, neutralise, video_opening
from assistant.engines.vlm.starter.encoder_heads import WORD_HEAD, Head
from assistant.engines.vlm.starter.reranking import Judge
from assistant.engines.vlm.starter.word_bias import WordBias
from assistant.engines.vlm.token_decoding import TOKEN_CAPS, Sampling, TextStream
from assistant.engines.vlm.view import SmolView
from assistant.messages import AnswerThresholds, Detail, Keyframe, MomentThresholds, Picture, Scores, SeenPicture, View
from assistant.problems import BadInput, DamagedModel
from assistant.store.fingerprint import fingerprint

RAW_TOKENS = 64
"""Most tokens of a raw answer, as on SmolVLM2's model cards."""


@dataclass(frozen=True)
class RawAnswer:
    """What the model itself says to exactly this prompt."""

    prompt: str
    token_ids: list[int]
    """With the stop token, if it came to one."""
    text: str


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
        self._words = self._files.heads.get(WORD_HEAD, Head([]))
        self._reader = Reader(self._files, session or SessionSettings(threads), view_bytes, picture_bytes)
        if not lazy:
            self.load()

    @property
    def max_pictures(self) -> int:
        return self._files.max_pictures

    @property
    def thresholds(self) -> AnswerThresholds | None:
        return self._files.thresholds

    @property
    def moment_thresholds(self) -> MomentThresholds:
        return self._files.moment_thresholds

    @functools.cached_property
    def _spelled(self) -> list[tuple[str, list[int]]]:
        """Each word that the encoder's head knows with its tokens, within a sentence and at its beginning."""
        return [
            (word, self._encode(f" {form}"))
            for word in self._words.names[: self._words.words]
            for form in (word, word[:1].upper() + word[1:])
        ]

    def load(self) -> None:
        """Load the graphs unless they are; DamagedModel or MissingModel as on creation."""
        self._reader.graphs()

    def unload(self) -> None:
        """Free the graphs and all that was kept. The next look or answer loads them again; answers being given come to their end first."""
        self._reader.unload()

    @property
    def encoder_id(self) -> str:
        """Of the vision encoder's file, of how pictures are prepared, and of what its heads' classes and words are called."""
        settings = repr((fingerprint(self._files.vision_encoder), self._files.image, self._files.image_tokens, self._files.heads))
        return hashlib.blake2b(settings.encode(), digest_size=16).hexdigest()

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> SmolView:
        """Encode the last `max_pictures` pictures, and read the prompt up to them into a cache.

        Several pictures are told as a video that begins with the first of them, or as what they are of a recording of
        `duration_s`. A single one is cut into as many tiles as TILE_BUDGETS allows the detail (slower by their number, reads
        finer print) where the model's preprocessor allows it.
        """
        kept = keyframes[-self.max_pictures :]
        start_s = kept[0].frame.time_s if kept and duration_s is None else 0.0
        times_s = [keyframe.frame.time_s - start_s for keyframe in kept]
        if len(kept) <= 1:
            return self._look(kept, TILE_BUDGETS[detail], None, 0.0)
        return self._look(kept, ONE_TILE, times_s, times_s[-1] if duration_s is None else duration_s)

    def see(self, picture: Picture) -> SeenPicture:
        """One picture, in one tile."""
        return self._reader.see(picture, self._reader.key(picture, ONE_TILE))

    def look_again(self, seen: SeenPicture) -> SmolView:
        """As `look` at the picture alone, without the vision encoder; BadInput if another model encoded it."""
        tokens = seen.block.count(IMAGE)
        if not tokens or seen.features.shape != (tokens, self._reader.graphs().embedder.hidden):
            raise BadInput(
                f"the picture was encoded by another model (as {seen.features.shape})", "let this model look at the pictures anew"
            )
        key = PictureKey(
            hashlib.blake2b(seen.features.tobytes() + repr((seen.block, seen.seen)).encode(), digest_size=16).digest(), ONE_TILE
        )
        return self._view((), (key,), (seen,), None, 0.0)

    def answer(
        self,
        view: View,
        question: str,
        detail: Detail = "brief",
        *,
        whole_picture: bool = False,
        history: Sequence[Exchange] = (),
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield pieces of text as they are decoded; **work starts when the first is asked for**. The view stays as it is.

        `sampling` draws the tokens at random; else they are the likeliest (of the whole answer where the model asks for beams), but for
        loops and tokens that stand for pictures. What the encoder's head of words sees, if it has one, makes its words likelier or less
        likely, and chooses among descriptions of the `whole_picture` where the model asks for draws.
        """
        own = self._own(view)
        stream, begun = TextStream(self._tokenizer), False
        how = Decoding(
            sampling=sampling,
            forbidden=self._files.unspoken_ids,
            bias=WordBias((tokens, own.words[word]) for word, tokens in self._spelled if word in own.words) if own.words else None,
            beams=ONE_BEAM if sampling else self._files.beams,
            judge=self._judge(own) if whole_picture and own.words else None,
        )
        for token in self._tokens(own, self._closing(own, question, history), TOKEN_CAPS[detail], how):
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
        tokens = list(self._tokens(view, end, max_tokens, Decoding(guard=False)))
        text = self._tokenizer.decode(tokens, skip_special_tokens=True).strip()
        return RawAnswer(view.opening + end, tokens, text)

    def log_likelihood(self, view: View, question: str, answer_text: str) -> float:
        """Sum of the log-probabilities (natural) of the answer's tokens, its end not among them; BadInput for an empty answer."""
        return self.log_likelihoods(view, question, [answer_text])[0]

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, floor: float = -math.inf) -> list[float]:
        """The same of several answers; the question is read only once, and of answers less likely than `floor` all together only as
        much as it takes to know that.
        """
        prompt, answers_ids = self._read_to_score(view, question, answers)
        return answer_likelihoods(self._reader.graphs(), prompt, answers_ids, floor)

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> Scores:
        """The log-probability of each of an answer's tokens: float64 [tokens]."""
        prompt, answers_ids = self._read_to_score(view, question, [answer])
        return answer_scores(self._reader.graphs(), prompt, answers_ids)[0]

    def _read_to_score(self, view: View, question: str, answers: Sequence[str]) -> tuple[Prompt, list[list[int]]]:
        """The prompt, and the answers' tokens."""
        if not all(answer.strip() for answer in answers):
            raise BadInput("the answer to score is empty", "give some text")
        own = self._own(view)
        answers_ids = [self._encode(f" {self._clean(answer.strip())}") for answer in answers]
        prompt, _ = self._read(own, self._closing(own, question), "the question and answer are", max(map(len, answers_ids), default=0))
        return prompt, answers_ids

    def _look(self, keyframes: Sequence[Keyframe], budget: int | None, times_s: Sequence[float] | None, duration_s: float) -> SmolView:
        """`times_s` tells the pictures as a video; None as pictures."""
        if not keyframes:
            raise BadInput("there is no picture to look at", "give at least one")
        if len(keyframes) > MAX_FRAMES:
            raise BadInput(f"{len(keyframes)} pictures are too many for one prompt", f"give at most {MAX_FRAMES}")
        keys = tuple(self._reader.key(keyframe.frame.picture, budget) for keyframe in keyframes)
        seen = tuple(self._reader.see(keyframe.frame.picture, key) for keyframe, key in zip(keyframes, keys, strict=True))
        return self._view(tuple(keyframes), keys, seen, times_s, duration_s)

    def _view(
        self,
        keyframes: tuple[Keyframe, ...],
        keys: tuple[PictureKey, ...],
        seen: tuple[SeenPicture, ...],
        times_s: Sequence[float] | None,
        duration_s: float,
    ) -> SmolView:
        blocks, told = [picture.block for picture in seen], seen[-1].seen
        if times_s is None:
            opening, before_question = image_opening(blocks) + told, ""
        else:
            opening, before_question = video_opening(blocks, times_s, duration_s), f"\n\n{told}"
        view = SmolView(
            keyframes,
            labels=seen[0].labels if len(seen) == 1 else (),
            words=dict(zip(self._words.names, seen[0].words.tolist(), strict=False)) if len(seen) == 1 else {},
            expected_words=seen[0].expected_words if len(seen) == 1 else 1.0,
            head=self._words,
            opening=opening,
            before_question=before_question,
            opening_ids=tuple(self._encode(opening)),
            pictures=keys,
            seen=None if keyframes else seen,
            maker=self,
        )
        self._room(len(view.opening_ids), "the pictures are")
        self._reader.read_opening(view.opening_ids, keys, lambda: seen)
        return view

    def _opening_cache(self, view: SmolView) -> Cache:
        """Kept since `look`, or read again."""

        def see_again() -> Sequence[SeenPicture]:
            return view.seen or [self._reader.see(k.frame.picture, key) for k, key in zip(view.keyframes, view.pictures, strict=True)]

        return self._reader.read_opening(view.opening_ids, view.pictures, see_again)

    def _tokens(self, view: SmolView, end: str, cap: int, how: Decoding) -> Iterator[int]:
        """Read the rest of the prompt, then decode."""
        prompt, room = self._read(view, end, "the question is")
        yield from continue_prompt(self._reader.graphs(), prompt, self._files.stop_ids, min(cap, room), how)

    def _read(self, view: SmolView, end: str, what_is: str, answer_tokens: int = 0) -> tuple[Prompt, int]:
        """The view's prompt with its end, and how many tokens have room behind it; BadInput if not so many as the answer has."""
        ids, opening = self._encode(end), self._opening_cache(view)
        room = self._room(opening.length + len(ids) + answer_tokens, what_is)
        return self._reader.read_question((view.opening_ids, view.pictures), opening, tuple(ids)), room

    def _judge(self, view: SmolView) -> Judge:
        return lambda tokens: view.agreement(self._tokenizer.decode(tokens)) or 0.0

    def _room(self, tokens: int, what_is: str) -> int:
        """How many more tokens may follow these; BadInput if none."""
        room = self._files.max_tokens - tokens
        if room <= 0:
            raise BadInput(f"{what_is} too long for the model's {self._files.max_tokens} tokens", "give fewer or shorter ones")
        return room

    def _closing(self, view: SmolView, question: str, history: Sequence[Exchange] = ()) -> str:
        past = [Exchange(self._clean(exchange.question), self._clean(exchange.answer)) for exchange in history]
        return closing(self._clean(question), past, before=view.before_question)

    def _clean(self, text: str) -> str:
        return neutralise(text, self._files.special_tokens)

    def _encode(self, text: str) -> list[int]:
        try:
            return list(self._tokenizer.encode(text, add_special_tokens=False).ids)
        except Exception as error:  # what the Rust library raises has no narrower type
            raise DamagedModel("the model's tokenizer.json can't read this text", FETCH_AGAIN) from error

    def _own(self, view: View) -> SmolView:
        if not isinstance(view, SmolView) or view.maker is not self:
            raise TypeError("a view is answered by the describer that made it")
        return view
