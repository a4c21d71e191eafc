"""What `describe --steps` and `ask` do with an instruction video: read it, hear it, and put its steps together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant import assembly
from assistant.commands.media import Media
from assistant.commands.media_reader import READABLE_EDGE, MediaReader, Stop, with_progress
from assistant.conversation import Conversation
from assistant.hearing.two_languages import hear_file
from assistant.languages import FALLBACK, counted_phrase, phrase
from assistant.languages.times import time_words
from assistant.messages import Ask, Keyframe, Question, Sentence, View
from assistant.problems import BadInput, MissingModel
from assistant.seeing.frame_quality import picture_problem
from assistant.settings import Settings
from assistant.store.model_store import ModelStore
from assistant.translatable import Translatable
from assistant.videos.step_questions import StepQuestion, asked_step
from assistant.videos.steps import Said, Scene, Step, sentences_of, steps_of

SURE, LEAST_LETTERS = 0.85, 3
"""Of a line that is shown, its probability and letters from which it counts."""
_SCENE = Ask("scene", text="Describe the picture.")


def read_steps(source: str, media: Media, settings: Settings, store: ModelStore, stop: Stop, *, quiet: bool) -> list[Step]:
    """Return the steps of a video, in order; what is neither spoken nor shown is looked at. BadInput for a picture."""
    if not media.is_video:
        raise BadInput("a picture has no steps", "leave out --steps, or give a video")
    said = _said(source, settings, store)
    sentences = [sentence for part in said for sentence in sentences_of(part)]
    moments = _moments(source, settings, media, sentences, stop, quiet=quiet)
    texts = _shown(moments, store, stop, quiet=quiet)
    looks = not said and not any(texts)
    told = _seen(moments, settings, store, stop, quiet=quiet) if looks else texts
    ends_s = [*(moment.start_s for moment in moments[1:]), max(media.duration_s, moments[-1].start_s)]
    scenes = [
        Scene(moment.start_s, end_s, *(("", text) if looks else (text, "")))
        for moment, end_s, text in zip(moments, ends_s, told, strict=True)
    ]
    return steps_of(scenes, said, media.duration_s)


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
    if step := asked_step(real, question, language):
        return [told_step(step, language)]
    known = asked_step(real, StepQuestion("when", question.thing, question.number), language)
    at_end = {"after": "last_step", "before": "first_step"}.get(question.intent, "no_step") if known else "no_step"
    text, code = phrase(at_end, language)
    return [Sentence(text, code)]


def as_json(step: Step) -> dict[str, Any]:
    """Return a step for other programs."""
    times = {"start_s": round(step.start_s, 3), "end_s": round(step.end_s, 3)}
    return {"number": step.number} | times | {"text": step.text, "shown": step.title, "spoken": step.spoken, "seen": step.seen}


def _said(source: str, settings: Settings, store: ModelStore) -> list[Said]:
    """What the sound track says; nothing where there is none."""
    try:
        sound = assembly.open_sound_file(source)
        transcriber = assembly.open_transcriber(settings.ears, store, settings.answers.threads, settings.language)
        heard = hear_file(sound, assembly.open_voice_detector(), transcriber, settings.ears)
        return [Said(part.start_s, part.end_s, transcript.text, transcript.language) for part, transcript in heard]
    except BadInput:
        return []


@dataclass(frozen=True, eq=False)
class _Moment:
    """A picture of the video, and from when on it stands for what is shown."""

    start_s: float
    keyframe: Keyframe


def _moments(source: str, settings: Settings, media: Media, sentences: Sequence[Said], stop: Stop, *, quiet: bool) -> list[_Moment]:
    """The keyframes, and a picture of the middle of each sentence: of slides only some letters change, which is no new scene."""
    moments = [_Moment(keyframe.frame.time_s, keyframe) for keyframe in media.keyframes]
    wanted = [((sentence.start_s + sentence.end_s) / 2, sentence.start_s) for sentence in sentences]
    for frame in MediaReader(source, settings, stop, quiet=quiet, largest_edge=READABLE_EDGE).frames() if wanted else ():
        while wanted and frame.time_s >= wanted[0][0]:
            moments.append(_Moment(wanted.pop(0)[1], Keyframe(frame, "only", problem=picture_problem(frame.picture))))
    return sorted(moments, key=lambda moment: moment.start_s)


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
