"""SmolVLM2-shaped models on onnxruntime, numpy and tokenizers: pictures are looked at once, then any number of questions answered.

    look    pictures -> tiles -> visual tokens, merged into the embedded prompt, read into a key/value cache
    answer  question -> tokens, read on from that cache, then one token at a time

Knows nothing of cameras, languages or how a question should be worded. What is kept between questions is prefix_cache.py's business, and
what only the starter model has that of starter/extras.py.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.engines.onnx.session import SessionSettings
from assistant.engines.vlm.decoder import Cache
from assistant.engines.vlm.decoding import Decoding, answer_likelihoods, answer_scores, continue_prompt
from assistant.engines.vlm.image import ONE_TILE, TILE_BUDGETS
from assistant.engines.vlm.model_files import read_folder
from assistant.engines.vlm.picture_keys import PictureKey
from assistant.engines.vlm.prefix_cache import PICTURE_BYTES, VIEW_BYTES, PrefixCache, Prompt
from assistant.engines.vlm.prompt import (
    IMAGE,
    IMAGE_PROMPTS,
    MAX_FRAMES,
    VIDEO_PROMPTS,
    Exchange,
    closing,
    image_opening,
    neutralise,
    video_opening,
)
from assistant.engines.vlm.token_decoding import TOKEN_CAPS, Sampling, TextStream
from assistant.engines.vlm.tokenizing import encode
from assistant.engines.vlm.view import SmolView
from assistant.interfaces import AnswerScorer, PictureClassifier
from assistant.messages import (
    AnswerThresholds,
    Detail,
    Frame,
    Keyframe,
    MomentThresholds,
    Picture,
    Prompts,
    Scores,
    SeenPicture,
    SelfCalibration,
    View,
)
from assistant.problems import BadInput
from assistant.store.fingerprint import fingerprint

RAW_TOKENS = 64
"""Most tokens of a raw answer, as on SmolVLM2's model cards."""


@dataclass(frozen=True)
class RawAnswer:
    """What the model itself says to exactly this prompt."""

    prompt: str
    token_ids: list[int]
    """Of the answer, with the stop token if it came to one."""
    text: str
    """The answer without special tokens."""


class Smolvlm2Describer:
    """A SceneDescriber, AnswerScorer and PictureMemory. Threads may share it; a running ONNX call can't be cut."""

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
        calibration: SelfCalibration | None = None,
    ) -> None:
        """Load a model.

        Args:
            folder: laid out as the Hugging Face SmolVLM2 repositories are.
            threads: 0 = one per core.
            variant: which kind of weights, one of model_files.VARIANTS; None = the first that is there.
            session: in place of `threads`, all that can be set of the sessions.
            lazy: read the json files only, and load the graphs when they are first needed.
            view_bytes: see VIEW_BYTES; 0 = the prompt is read anew for each answer.
            picture_bytes: see PICTURE_BYTES; 0 = a picture is encoded anew each time it is looked at.
            calibration: what set-up found out of it; used where nobody measured it, that is, where its folder says nothing.

        Raises:
            MissingModel: a file isn't there.
            DamagedModel: a file can't be read or doesn't fit the others; the message names it.
        """
        self._files = read_folder(folder, variant)
        self._tokenizer = self._files.tokenizer
        self._calibration = None if self._files.thresholds else calibration
        self._prefixes = PrefixCache(self._files, session or SessionSettings(threads), view_bytes, picture_bytes)
        if not lazy:
            self.load()

    @property
    def max_pictures(self) -> int:
        """Return how many pictures one View can hold."""
        return self._files.max_pictures

    @property
    def scorer(self) -> AnswerScorer:
        """Return this very object, which also tells how likely given answers are."""
        return self

    @property
    def reliability(self) -> Mapping[str, float]:
        """Return how often its plain answers to questions of an intent are right; empty where its folder doesn't say."""
        return self._files.reliability or (self._calibration.reliability if self._calibration else {})

    @property
    def thresholds(self) -> AnswerThresholds | None:
        """Return how sure the model must be for how plain a word; None where its folder doesn't say."""
        return self._calibration.thresholds if self._calibration else self._files.thresholds

    @property
    def moment_thresholds(self) -> MomentThresholds:
        """Return how the model's evidence for a moment becomes a probability; neutral ones where its folder doesn't say."""
        return self._files.moment_thresholds

    @property
    def classifier(self) -> PictureClassifier | None:
        """Return what the heads on the starter's vision encoder know; None where the model has none."""
        return self._files.extras.classifier(self.log_likelihoods) if self._files.extras else None

    def load(self) -> None:
        """Load the graphs unless they are already. Raises DamagedModel or MissingModel as on creation."""
        self._prefixes.graphs()

    def unload(self) -> None:
        """Free the graphs and all that was kept. The next look or answer loads them again; answers being given come to their end first."""
        self._prefixes.unload()

    def forget(self) -> None:
        """Drop all that was kept of pictures and questions; the graphs stay loaded."""
        self._prefixes.forget()

    @property
    def encoder_id(self) -> str:
        """Name the vision encoder by its file, by how pictures are prepared, and by what its heads' classes and words are called."""
        heads = dict(self._files.extras.heads) if self._files.extras else {}
        settings = repr((fingerprint(self._files.vision_encoder), self._files.image, self._files.image_tokens, heads))
        return hashlib.blake2b(settings.encode(), digest_size=16).hexdigest()

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> SmolView:
        """Encode the last `max_pictures` pictures, and read the prompt up to them into a cache.

        The prompt shows several pictures as a video that begins with the first of them, or as what they are of a recording of
        `duration_s`. A single one is cut into as many tiles as TILE_BUDGETS allows the detail (slower by their number, reads
        finer print) where the model's preprocessor allows it. Raises BadInput without any picture.
        """
        kept = keyframes[-self.max_pictures :]
        start_s = kept[0].frame.time_s if kept and duration_s is None else 0.0
        times_s = [keyframe.frame.time_s - start_s for keyframe in kept]
        if len(kept) <= 1:
            return self._look(kept, TILE_BUDGETS[detail], None, 0.0)
        return self._look(kept, ONE_TILE, times_s, times_s[-1] if duration_s is None else duration_s)

    def see(self, picture: Picture) -> SeenPicture:
        """Encode one picture, uint8 [H, W, 3], in one tile."""
        return self._prefixes.see(picture, self._prefixes.key(Frame(picture, 0.0), ONE_TILE))

    def look_again(self, seen: SeenPicture) -> SmolView:
        """Return the View that `look` gives of that picture alone, without the vision encoder.

        Raises BadInput if another model encoded it.
        """
        tokens = seen.block.count(IMAGE)
        if not tokens or seen.features.shape != (tokens, self._prefixes.graphs().embedder.hidden):
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
        loops and tokens that stand for pictures. The starter's word classifier makes its words likelier or less likely, and chooses
        among descriptions of the `whole_picture` where the model asks for samples.
        """
        own, extras, beams = self._own(view), self._files.extras, self._files.beams
        classes, stream, begun = own.classes, TextStream(self._tokenizer), False
        reranked = extras.search(beams, classes) if extras and classes and whole_picture else None
        how = Decoding(
            sampling=sampling,
            suppressed=self._files.suppressed_token_ids,
            processor=extras.word_bias(classes) if extras and classes else None,
            search=None if sampling or beams.count == 1 else reranked or beams,
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
        """Return the model's own greedy answer: no repetition guard, no suppressed tokens.

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
        """Return the sum of the log-probabilities (natural) of the answer's tokens, its end not among them.

        Raises BadInput for an empty answer.
        """
        return self.log_likelihoods(view, question, [answer_text])[0]

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = -math.inf) -> list[float]:
        """Return `log_likelihood` of each of several answers. The question is read only once.

        Answers that are less likely than `prune_below` all together are read only as far as it takes to know that. Raises BadInput for
        an empty answer.
        """
        prompt, answers_ids = self._read_to_score(view, question, answers)
        return answer_likelihoods(self._prefixes.graphs(), prompt, answers_ids, prune_below)

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> Scores:
        """Return the log-probability of each of an answer's tokens, after those before it: float64 [tokens].

        Raises BadInput for an empty answer.
        """
        prompt, answers_ids = self._read_to_score(view, question, [answer])
        return answer_scores(self._prefixes.graphs(), prompt, answers_ids)[0]

    def _read_to_score(self, view: View, question: str, answers: Sequence[str]) -> tuple[Prompt, list[list[int]]]:
        """The prompt, and the answers' tokens."""
        if not all(answer.strip() for answer in answers):
            raise BadInput("the answer to score is empty", "give some text")
        own = self._own(view)
        answers_ids = [encode(self._tokenizer, f" {self._clean(answer.strip())}") for answer in answers]
        prompt, _ = self._read(own, self._closing(own, question), "the question and answer are", max(map(len, answers_ids), default=0))
        return prompt, answers_ids

    def _look(self, keyframes: Sequence[Keyframe], budget: int | None, times_s: Sequence[float] | None, duration_s: float) -> SmolView:
        """With `times_s` the prompt shows the pictures as a video; None as pictures."""
        if not keyframes:
            raise BadInput("there is no picture to look at", "give at least one")
        if len(keyframes) > MAX_FRAMES:
            raise BadInput(f"{len(keyframes)} pictures are too many for one prompt", f"give at most {MAX_FRAMES}")
        keys = tuple(self._prefixes.key(keyframe.frame, budget) for keyframe in keyframes)
        seen = tuple(self._prefixes.see(keyframe.frame.picture, key) for keyframe, key in zip(keyframes, keys, strict=True))
        return self._view(tuple(keyframes), keys, seen, times_s, duration_s)

    def _view(
        self,
        keyframes: tuple[Keyframe, ...],
        keys: tuple[PictureKey, ...],
        seen: tuple[SeenPicture, ...],
        times_s: Sequence[float] | None,
        duration_s: float,
    ) -> SmolView:
        blocks, classes_text = [picture.block for picture in seen], seen[-1].seen
        if times_s is None:
            opening, before_question = image_opening(blocks) + classes_text, ""
        else:
            opening, before_question = video_opening(blocks, times_s, duration_s), f"\n\n{classes_text}"
        takes_hints = self._calibration is not None and self._calibration.takes_hints
        card_prompts = replace(IMAGE_PROMPTS if times_s is None else VIDEO_PROMPTS, takes_hints=takes_hints)
        view = SmolView(
            keyframes,
            prompts=Prompts() if self._files.extras else card_prompts,  # the starter is asked as it was taught
            classes=self._files.extras.classes(seen) if self._files.extras else None,
            opening=opening,
            before_question=before_question,
            opening_ids=tuple(encode(self._tokenizer, opening)),
            pictures=keys,
            seen=None if keyframes else seen,
            maker=self,
        )
        self._room(len(view.opening_ids), "the pictures are")
        if keyframes:  # pictures that are looked at again may be one of a thousand, of which few are asked about
            self._prefixes.read_opening(view.opening_ids, keys, lambda: seen)
        return view

    def _opening_cache(self, view: SmolView) -> Cache:
        """Kept since `look`, or read again."""

        def see_again() -> Sequence[SeenPicture]:
            return view.seen or [self._prefixes.see(k.frame.picture, key) for k, key in zip(view.keyframes, view.pictures, strict=True)]

        return self._prefixes.read_opening(view.opening_ids, view.pictures, see_again)

    def _tokens(self, view: SmolView, end: str, cap: int, how: Decoding) -> Iterator[int]:
        """Read the rest of the prompt, then decode."""
        prompt, room = self._read(view, end, "the question is")
        yield from continue_prompt(self._prefixes.graphs(), prompt, self._files.stop_ids, min(cap, room), how)

    def _read(self, view: SmolView, end: str, what_is: str, answer_tokens: int = 0) -> tuple[Prompt, int]:
        """The view's prompt with its end, and how many tokens have room behind it; BadInput if not so many as the answer has."""
        ids, opening = encode(self._tokenizer, end), self._opening_cache(view)
        room = self._room(opening.length + len(ids) + answer_tokens, what_is)
        return self._prefixes.read_question((view.opening_ids, view.pictures), opening, tuple(ids)), room

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

    def _own(self, view: View) -> SmolView:
        if not isinstance(view, SmolView) or view.maker is not self:
            raise TypeError("a view is answered by the describer that made it")
        return view
