"""What `describe --steps` and `ask` do with an instruction video: read it, hear it, and put its steps together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2

from assistant import assembly
from assistant.commands.media import Media
from assistant.commands.media_reader import READABLE_EDGE, MediaReader, Stop, with_progress
from assistant.conversation import Conversation
from assistant.hearing.two_languages import hear_file, heard_in_main_language
from assistant.languages import FALLBACK, counted_phrase, phrase
from assistant.languages.times import time_words
from assistant.messages import Ask, Keyframe, Picture, Question, Sentence, View
from assistant.problems import BadInput, MissingModel
from assistant.seeing.frame_quality import picture_problem
from assistant.settings import Settings
from assistant.store.model_store import ModelStore
from assistant.translatable import Translatable
from assistant.videos.describe import told_at
from assistant.videos.step_questions import StepQuestion, asked_step, lasting_step, tells_needs
from assistant.videos.step_scenes import Said, Scene, sentences_of
from assistant.videos.steps import Step, steps_of

SURE, LEAST_LETTERS = 0.85, 3
"""Of a line that is shown, its probability and letters from which it counts."""
SILENT_EVERY_S, MOST_SILENT = 2.0, 120
"""Seconds between two pictures that are read where nobody speaks, and how many these are at most."""
_COMPARED, _SAME = (320, 180), 40
"""Pixels that such a picture is shrunk to, and levels of 255 by which none of these differs from the picture before if nothing was
written anew."""
_NEW = ("first", "change", "return")
"""Reasons for a keyframe that something else is seen."""
_SCENE = Ask("scene", text="Describe the picture.")


def read_steps(source: str, media: Media, settings: Settings, store: ModelStore, stop: Stop, *, quiet: bool) -> list[Step]:
    """Return the steps of a video, in order; what is neither spoken nor shown is looked at. BadInput for a picture."""
    if not media.is_video:
        raise BadInput("a picture has no steps", "leave out --steps, or give a video")
    return steps_of(*heard_and_shown(source, media, settings, store, stop, quiet=quiet), media.duration_s)


def heard_and_shown(
    source: str, media: Media, settings: Settings, store: ModelStore, stop: Stop, *, quiet: bool
) -> tuple[list[Scene], list[Said]]:
    """Return what steps are put together from: the scenes of a video, and what is said."""
    said = _said(source, settings, store)
    sentences = [sentence for part in said for sentence in sentences_of(part)]
    moments = _moments(source, settings, media, sentences, stop, quiet=quiet)
    texts = _shown(moments, store, stop, quiet=quiet)
    if looks := not said and not any(texts):
        moments = [moment for moment in moments if moment.keyframe in media.keyframes]
    told = _seen(moments, settings, store, stop, quiet=quiet) if looks else texts
    ends_s = [*(moment.start_s for moment in moments[1:]), max(media.duration_s, moments[-1].start_s)]
    scenes = [
        Scene(moment.start_s, end_s, *(("", text) if looks else (text, "")), is_new=moment.keyframe.reason in _NEW)
        for moment, end_s, text in zip(moments, ends_s, told, strict=True)
    ]
    return scenes, said


def told_step(step: Step, language: str) -> Sentence:
    """Return a step with its number and when it comes, in the words of a language; what it says stays as it is."""
    if not step.number:
        return Sentence(step.text, step.language or language)
    text, code = phrase("step_is", language, n=step.number, time=time_words(step.start_s, language), text=step.text)
    return Sentence(text, code)


def answer_from_steps(steps: list[Step], question: StepQuestion, language: str) -> list[Sentence]:
    """Return what is said to a question about the steps: the step that it asks for, with its moment."""
    real = [step for step in steps if step.number]
    if question.intent == "count":
        text, code = counted_phrase("steps", language, len(real))
        return [Sentence(text, code)]
    if question.intent == "need":
        return _needed(steps, language) or [_phrase("not_told", language)]
    if question.intent == "how_long":
        lasting = lasting_step(real, question, language)
        return [told_step(lasting, language) if lasting else _phrase("not_told", language)]
    if step := asked_step(real, question, language):
        return [told_step(step, language)]
    known = asked_step(real, StepQuestion("when", question.thing, question.number), language)
    at_end = {"after": "last_step", "before": "first_step"}.get(question.intent, "no_step") if known else "no_step"
    return [_phrase(at_end, language)]


def _needed(steps: list[Step], language: str) -> list[Sentence]:
    """What the video says is needed, and when: the sentences in its own words, and the lists that are shown."""
    told = list[Sentence]()
    for step in steps:
        spoken = [each.text for each in sentences_of(Said(0.0, 0.0, step.spoken, step.language)) if tells_needs(each.text, step.language)]
        # A list that stands there while somebody says so needs no title.
        cards = [card.splitlines() for card in step.cards if tells_needs(card.partition("\n")[0]) or (spoken and "\n" in card)]
        shown = [f"{card[0].rstrip(':.')}: {', '.join(card[1:])}." for card in cards if len(card) > 1]
        if words := " ".join([*shown, *spoken]):
            told.append(Sentence(told_at(step.start_s, words, language), step.language or language))
    return told


def _phrase(key: str, language: str) -> Sentence:
    text, code = phrase(key, language)
    return Sentence(text, code)


def as_json(step: Step) -> dict[str, Any]:
    """Return a step for other programs."""
    times = {"start_s": round(step.start_s, 3), "end_s": round(step.end_s, 3)}
    return {"number": step.number} | times | {"text": step.text, "shown": step.title, "spoken": step.spoken, "seen": step.seen}


def _said(source: str, settings: Settings, store: ModelStore) -> list[Said]:
    """What the sound track says; nothing where there is none."""
    try:
        sound = assembly.open_sound_file(source)
        transcriber = assembly.open_transcriber(settings.ears, store, settings.answers.threads, settings.language)
        heard = list(hear_file(sound, assembly.open_voice_detector(), transcriber, settings.ears))
        parts = heard_in_main_language(heard, transcriber)
        return [Said(part.start_s, part.end_s, transcript.text, transcript.language) for part, transcript in parts if transcript.text]
    except BadInput:
        return []


@dataclass(frozen=True, eq=False)
class _Moment:
    """A picture of the video, and from when on it stands for what is shown."""

    start_s: float
    keyframe: Keyframe


def _moments(source: str, settings: Settings, media: Media, sentences: Sequence[Said], stop: Stop, *, quiet: bool) -> list[_Moment]:
    """The keyframes, a picture of the middle of each sentence, and some where nobody speaks: of slides only some letters change, which is
    no new scene."""
    keyframes_s = [keyframe.frame.time_s for keyframe in media.keyframes]
    moments = [_Moment(time_s, keyframe) for time_s, keyframe in zip(keyframes_s, media.keyframes, strict=True)]
    wanted = sorted([*(((each.start_s + each.end_s) / 2, each.start_s) for each in sentences), *_silent(sentences, media.duration_s)])
    last: Picture | None = None
    for frame in MediaReader(source, settings, stop, quiet=quiet, largest_edge=READABLE_EDGE).frames() if wanted else ():
        while wanted and frame.time_s >= wanted[0][0]:
            middle_s, start_s = wanted.pop(0)
            small = cv2.cvtColor(cv2.resize(frame.picture, _COMPARED, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
            if start_s == middle_s and last is not None and int(cv2.absdiff(small, last).max()) < _SAME:
                continue
            last = small
            before_s = max((time_s for time_s in keyframes_s if time_s <= middle_s), default=0.0)
            moments.append(_Moment(max(start_s, before_s), Keyframe(frame, "only", problem=picture_problem(frame.picture))))
    return sorted(moments, key=lambda moment: moment.start_s)


def _silent(sentences: Sequence[Said], end_s: float) -> list[tuple[float, float]]:
    """Times at which nobody speaks, some seconds apart, each as (its picture's, from when on that stands)."""
    every_s = max(SILENT_EVERY_S, end_s / MOST_SILENT)
    bounds_s = [0.0, *(time_s for each in sentences for time_s in (each.start_s, each.end_s)), end_s]
    gaps = [(from_s, until_s) for from_s, until_s in zip(bounds_s[::2], bounds_s[1::2], strict=True)]
    times_s = (from_s + every_s * number for from_s, until_s in gaps for number in range(1, int((until_s - from_s) / every_s) + 1))
    return [(time_s, time_s) for time_s in times_s]


def _shown(moments: Sequence[_Moment], store: ModelStore, stop: Stop, *, quiet: bool) -> list[str]:
    """The text that surely stands in each picture, a line of it a line."""
    try:
        reader = assembly.open_text_reader(store)
    except MissingModel:
        return [""] * len(moments)
    shown = list[str]()
    for moment in with_progress(moments, len(moments), Translatable("Reading"), stop, quiet):
        # Each by a page reader of its own, which would take two slides or screens of one layout for the same page.
        page = assembly.open_page_reader(store, reader=reader).read([moment.keyframe.frame.picture])
        lines = [line.text for line in page.lines if line.probability >= SURE and len(line.text.strip()) >= LEAST_LETTERS]
        shown.append("\n".join(lines))
    return shown + [""] * (len(moments) - len(shown))


def _seen(moments: Sequence[_Moment], settings: Settings, store: ModelStore, stop: Stop, *, quiet: bool) -> list[str]:
    """What a model sees in each picture."""
    conversation = Conversation(None, assembly.open_describer(settings.answers, store), settings.ears)
    asked = Question(_SCENE.text, FALLBACK, _SCENE.text, asks=(_SCENE,))
    seen = list[str]()
    for moment in with_progress(moments, len(moments), Translatable("Describing"), stop, quiet):
        view = conversation.look([moment.keyframe])
        seen.append(" ".join(each.text for each in conversation.answer(view, asked, "brief")) if isinstance(view, View) else "")
    return seen + [""] * (len(moments) - len(seen))
