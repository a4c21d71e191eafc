"""`assistant ask`: a question about a picture or video, written or spoken, answered in text and, with --out, in sound."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.answering.finding_data import finding_data
from assistant.assembly import (
    is_sound_file,
    open_describer,
    open_instruments,
    open_smolvlm2,
    open_sound_file,
    open_synthesizers,
    open_transcriber,
    open_translators,
    open_voice_detector,
    open_wav_file,
)
from assistant.commands.media import Media, read_through
from assistant.commands.media_reader import READABLE_EDGE, STOPPED, MediaReader, stoppable
from assistant.commands.options import (
    add_force_argument,
    add_model_argument,
    add_settings_argument,
    check_sound_place,
    settings_of,
    store_of,
)
from assistant.commands.output import Result, Stopwatch
from assistant.commands.say import say
from assistant.commands.steps import answer_from_steps, read_steps
from assistant.conversation import Conversation
from assistant.hearing.listen import whole_utterance
from assistant.hearing.two_languages import parts_if_dropped
from assistant.interfaces import SceneDescriber, Transcriber
from assistant.languages import listed, phrase
from assistant.languages.codes import language_code
from assistant.languages.times import time_words
from assistant.messages import Keyframe, PictureProblem, Question, Sentence, View
from assistant.problems import BadInput
from assistant.settings import AnswerSettings, EarSettings, Settings
from assistant.store.model_store import ModelStore
from assistant.translatable import Translatable, joined
from assistant.understanding import ENGLISH
from assistant.videos.answer_about import ChosenKeyframes, choose_keyframes
from assistant.videos.step_questions import parse_step_question

CANDIDATES = 16
"""Keyframes of a video among which a question chooses what it is answered from."""
LEAST_TIMED_S = 2.0
"""Seconds of a video from which it is worth telling when something was seen."""
MOST_TIMES_TOLD = 4
"""Times named after an answer about a video; of more only the first and the last."""
LONGEST_QUESTION = 1000
"""Characters; a longer one is a mistake such as a whole file given as the question."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant ask` takes."""
    parser.add_argument("media", metavar="MEDIA", help="a picture or video file")
    parser.add_argument("question", metavar="QUESTION", help="text, or a sound file with the spoken question")
    add_model_argument(parser)
    parser.add_argument("--language", metavar="xx", help="the question's language; default: your own for text, detected for speech")
    parser.add_argument("--out", type=Path, metavar="WAV", help="also speak the answer into this file")
    parser.add_argument("--raw", action="store_true", help="the question exactly as given, nothing added, checked or translated")
    parser.add_argument("--tiles", choices=("one", "split"), default="one", help="with --raw: one tile, or the picture cut into many")
    add_settings_argument(parser)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Answer the question; yield one result, as the contract has it."""
    check_sound_place(options)
    settings, store, watch = settings_of(options), store_of(options), Stopwatch()
    _check_question(options)
    with stoppable() as stop:
        reader = MediaReader(options.media, settings, stop, quiet=options.json, largest_edge=READABLE_EDGE)
        media = read_through(reader, settings.answers.max_keyframes if options.raw else max(settings.answers.max_keyframes, CANDIDATES))
    watch.lap("open")
    if stop.was_asked:
        media.warnings.append(STOPPED)
    yield _raw(options, settings, store, media, watch) if options.raw else _asked(options, settings, store, media, watch)
    if stop.was_asked:
        raise KeyboardInterrupt


def _asked(options: argparse.Namespace, settings: Settings, store: ModelStore, media: Media, watch: Stopwatch) -> Result:
    spoken, language = is_sound_file(options.question), options.language or settings.language
    translators = open_translators(store, settings.answers.threads)
    transcriber = open_transcriber(settings.ears, store, language=language, translators=translators) if spoken else None
    describer = open_describer(settings.answers, store)
    watch.lap("load")
    instruments = open_instruments(store, settings.answers.threads, opening_degrees=settings.camera.opening_degrees, describer=describer)
    conversation = Conversation(transcriber, describer, settings.ears, language, translators, instruments)
    understood: list[Question | Sentence]
    if spoken:
        understood = _heard(options, conversation, transcriber, settings.ears)
        watch.lap("hear")
    else:
        understood = [conversation.written(options.question, language)]
    answers = [
        _from_steps(options, settings, store, media, asked, watch)
        or _answer(conversation, describer, media, asked, settings.answers, watch)
        for asked in understood
    ]
    asked, seen, said, rests_on = answers[-1].asked, answers[-1].seen, [each for one in answers for each in one.said], answers[-1].rests_on
    warnings = [*media.warnings, *([Translatable("no question was understood")] if not any(one.asked.text for one in answers) else [])]
    problem = None if isinstance(seen, View) else seen
    if not spoken and asked.language != ENGLISH and asked.english_text == asked.text and _reaches_the_model(asked):
        warnings.append(
            Translatable(
                "the question was given to the model as it is, for nothing here translates {language}: ask in English",
                language=asked.language,
            )
        )
    if options.out:
        say(said, open_synthesizers(settings.voice, store), open_wav_file(options.out, options.force))
        watch.lap("speak")
    answer = " ".join(sentence.text for sentence in said)
    lines = [answer + (_seen_at(rests_on, answers[0].asked.language) if media.duration_s >= LEAST_TIMED_S else ""), *warnings]
    return joined(lines, "\n"), {
        "question": " ".join(one.asked.text for one in answers),
        "language": answers[0].asked.language,
        "english_question": " ".join(one.asked.english_text for one in answers),
        "answer": answer,
        "english_answer": " ".join(sentence.english or sentence.text for sentence in said),
        "findings": [finding_data(sentence, rests_on) for sentence in said if sentence.finding],
        "keyframes_s": [round(k.frame.time_s, 3) for k in rests_on],
        "times_s": watch.total(),
        "picture_problem": problem,
        "warnings": warnings + ([phrase(problem, ENGLISH)[0]] if problem else []),  # which people are told by the answer
    }


def _heard(
    options: argparse.Namespace, conversation: Conversation, transcriber: Transcriber | None, ears: EarSettings
) -> list[Question | Sentence]:
    """The question of a recording, or several where the speaker changes the language."""
    microphone = open_sound_file(options.question)
    if options.language or transcriber is None:
        return [conversation.understand(whole_utterance(microphone), options.language)]
    whole = whole_utterance(microphone)
    text = transcriber.transcribe(whole.samples, whole.sample_rate_hz).text
    parts = parts_if_dropped(whole, text, transcriber, ears, open_voice_detector())
    if not parts:
        return [conversation.understand(whole)]
    return [conversation.understand(part, heard.language) for part, heard in parts]


@dataclass(frozen=True)
class _Answered:
    asked: Question
    """Without text if none was understood."""
    seen: View | PictureProblem | None
    said: list[Sentence]
    rests_on: tuple[Keyframe, ...]


def _answer(
    conversation: Conversation,
    describer: SceneDescriber,
    media: Media,
    asked: Question | Sentence,
    settings: AnswerSettings,
    watch: Stopwatch,
) -> _Answered:
    """`asked`: the question, or the sentence that says why there is none."""
    if isinstance(asked, Sentence):
        return _Answered(Question("", asked.language, ""), None, [asked], ())
    seen, choice = _look(conversation, describer, media, asked, settings)
    watch.lap("look")
    if choice.finding:
        return _Answered(asked, seen, list(conversation.told([choice.finding], asked)), tuple(choice.rests_on))
    said = _collect(conversation.answer(seen, asked, settings.detail), watch)
    return _Answered(asked, seen, said, seen.keyframes if isinstance(seen, View) else ())


def _from_steps(
    options: argparse.Namespace, settings: Settings, store: ModelStore, media: Media, asked: Question | Sentence, watch: Stopwatch
) -> _Answered | None:
    """The answer to a question about the steps of an instruction video; None for other questions."""
    question = parse_step_question(asked.text, asked.language) if isinstance(asked, Question) and media.is_video else None
    if question is None or not isinstance(asked, Question):
        return None
    with stoppable() as stop:
        steps = read_steps(options.media, media, settings, store, stop, quiet=options.json)
    watch.lap("steps")
    return _Answered(asked, None, answer_from_steps(steps, question, asked.language), ())


def _look(
    conversation: Conversation, describer: SceneDescriber, media: Media, question: Question, settings: AnswerSettings
) -> tuple[View | PictureProblem | None, ChosenKeyframes]:
    """At a picture, or at those keyframes of a video that the question is about."""
    clear = [keyframe for keyframe in media.keyframes if keyframe.problem is None]
    if not media.is_video or not clear or len(question.asks) != 1 or question.asks[0].intent == "safety":
        return conversation.glance(media.keyframes, settings.detail, question), ChosenKeyframes([])
    choice = choose_keyframes(describer, clear, question.asks[0], settings.max_keyframes, media.duration_s)
    return describer.look(choice.keyframes, settings.detail, duration_s=media.duration_s), choice


def _seen_at(keyframes: Sequence[Keyframe], language: str) -> str:
    """Told after the answer: " (Seen at 5 seconds, 12 seconds.)", in other languages the times alone."""
    times = [time_words(keyframe.frame.time_s, language) for keyframe in keyframes]
    if language != ENGLISH and times:
        return f" ({listed(times, language) if len(times) <= MOST_TIMES_TOLD else f'{times[0]} – {times[-1]}'})"
    if len(times) > MOST_TIMES_TOLD:
        return f" (From {len(times)} scenes between {times[0]} and {times[-1]}.)"
    return f" (Seen at {', '.join(times)}.)" if times else ""


def _raw(options: argparse.Namespace, settings: Settings, store: ModelStore, media: Media, watch: Stopwatch) -> Result:
    describer = open_smolvlm2(settings.answers, store)
    watch.lap("load")
    keyframes = media.keyframes[-describer.max_pictures :]
    duration_s = media.duration_s if media.is_video else None
    raw = describer.raw(keyframes, options.question, options.tiles == "split", duration_s=duration_s)
    watch.lap("answer")
    return raw.text, {
        "question": options.question,
        "language": ENGLISH,
        "english_question": options.question,
        "answer": raw.text,
        "english_answer": raw.text,
        "keyframes_s": [round(k.frame.time_s, 3) for k in keyframes],
        "times_s": watch.total(),
        "picture_problem": keyframes[-1].problem,
        "warnings": media.warnings,
        "prompt": raw.prompt,
        "token_ids": raw.token_ids,
    }


def _collect(sentences: Iterator[Sentence], watch: Stopwatch) -> list[Sentence]:
    said = list[Sentence]()
    for sentence in sentences:
        if not said:
            watch.lap("first_sentence")
        said.append(sentence)
    watch.lap("answer")
    return said


def _reaches_the_model(question: Question) -> bool:
    return any(ask.intent in ("free", "doing") for ask in question.asks)


def _check_question(options: argparse.Namespace) -> None:
    if not options.question.strip():
        raise BadInput("the question is empty", "write a question after the file's name, or name a sound file")
    if len(options.question) > LONGEST_QUESTION and not is_sound_file(options.question):
        raise BadInput(
            "the question has {count} characters", "ask in at most {longest}", count=len(options.question), longest=LONGEST_QUESTION
        )
    options.language = language_code(options.language) if options.language else None
