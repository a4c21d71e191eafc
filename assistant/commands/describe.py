"""`assistant describe`: a picture in one description, a video scene by scene with times."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.assembly import open_describer, open_synthesizers, open_translators, open_wav_file
from assistant.commands.media import Media, read_through
from assistant.commands.media_reader import STOPPED, MediaReader, Stop, stoppable, with_progress
from assistant.commands.options import (
    add_force_argument,
    add_model_argument,
    add_settings_argument,
    check_sound_place,
    settings_of,
    store_of,
)
from assistant.commands.output import Result, Stopwatch, format_clock
from assistant.commands.say import say
from assistant.commands.steps import as_json, read_steps, told_step
from assistant.conversation import Conversation
from assistant.languages import phrase
from assistant.languages.codes import language_code
from assistant.messages import Ask, Detail, Keyframe, Question, Sentence, View
from assistant.problems import BadInput
from assistant.settings import Settings
from assistant.translatable import Translatable, as_message, joined
from assistant.understanding import ENGLISH
from assistant.videos.describe import SceneSpan, Segment, add_segment, scenes_of, spoken_segments
from assistant.videos.subtitles import srt
from assistant.written_files import SUBTITLES, check_place, write_file

QUESTION = "Describe the picture."
SCENE = Question(QUESTION, ENGLISH, QUESTION, asks=(Ask("scene", text=QUESTION),))
"""What each scene is asked."""
MOST_SCENES = 32
"""Scenes of a video that are described, at most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant describe` takes."""
    parser.add_argument("media", metavar="MEDIA", help="a picture or video file")
    parser.add_argument("--detail", choices=("brief", "normal", "full"), default="normal")
    parser.add_argument("--steps", action="store_true", help="tell an instruction video's steps: what is spoken and shown, with times")
    languages_help = "tell it in these languages as far as it can be translated; the first is spoken (default: your own)"
    parser.add_argument("--language", dest="languages", metavar="xx", nargs="+", default=[], help=languages_help)
    parser.add_argument(
        "--srt", type=Path, metavar="FILE", help="also write a video's description as subtitles; of several languages into FILE.xx.srt"
    )
    parser.add_argument("--out", type=Path, metavar="WAV", help="also speak the description into this file")
    add_model_argument(parser)
    add_settings_argument(parser)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Describe a picture, or a video scene by scene; yield one result."""
    check_sound_place(options)
    settings, watch = settings_of(options), Stopwatch()
    languages = list(dict.fromkeys(language_code(text) for text in options.languages or [settings.language]))
    languages = languages[:1] if options.steps else languages
    subtitles = _places(options.srt, languages)
    for place in subtitles.values():
        check_place(place, SUBTITLES, options.force)
    with stoppable() as stop:
        reader = MediaReader(options.media, settings, stop, quiet=options.json)
        media = read_through(reader, MOST_SCENES)
        if options.srt and not media.is_video:
            raise BadInput("a picture has no subtitles", "leave out --srt, or give a video")
        stop.next_part()
        watch.lap("open")
        if options.steps:
            yield _steps(options, settings, languages[0], media, stop, watch)
            return
        store = store_of(options)
        translators = open_translators(store, settings.answers.threads) if languages != [ENGLISH] else []
        conversation = Conversation(None, open_describer(settings.answers, store), settings.ears, translators=translators)
        watch.lap("load")
        scenes = scenes_of(media.keyframes, media.duration_s)
        described = _describe(conversation, scenes, languages, options.detail, stop, options.json)
        watch.lap("describe")
    segments, warnings = described.segments[languages[0]], [*media.warnings, *described.warnings, *([STOPPED] if stop.was_asked else [])]
    told = [warning for warning in warnings if described.clear or warning not in described.warnings]  # the rest is the description
    for language, place in subtitles.items():
        write_file(place, srt(described.segments[language]).encode(), SUBTITLES, options.force)
    sentences = spoken_segments(segments, languages[0])
    if options.out:
        say(
            [Sentence(text, languages[0]) for text in sentences],
            open_synthesizers(settings.voice, store),
            open_wav_file(options.out, options.force),
        )
        watch.lap("speak")
    yield (
        joined([*sentences, *told], "\n"),
        {
            "description": " ".join(sentences),
            "keyframes_s": [round(k.frame.time_s, 3) for k in described.clear],
            "segments": [_as_json(segment) for segment in segments],
            "languages": {language: [_as_json(segment) for segment in told] for language, told in described.segments.items()},
            "picture_problem": None if described.clear else media.keyframes[-1].problem,
            "times_s": watch.total(),
            "warnings": warnings,
        },
    )
    if stop.was_asked:
        raise KeyboardInterrupt


def _steps(options: argparse.Namespace, settings: Settings, language: str, media: Media, stop: Stop, watch: Stopwatch) -> Result:
    """The steps of an instruction video, a line each."""
    store = store_of(options)
    steps = read_steps(options.media, media, settings, store, stop, quiet=options.json)
    watch.lap("steps")
    said = [told_step(step, language) for step in steps]
    if options.srt:
        segments = [Segment(step.start_s, step.end_s, sentence.text) for step, sentence in zip(steps, said, strict=True)]
        write_file(options.srt, srt(segments).encode(), SUBTITLES, options.force)
    if options.out:
        say(said, open_synthesizers(settings.voice, store), open_wav_file(options.out, options.force))
        watch.lap("speak")
    warnings = [*media.warnings, *([STOPPED] if stop.was_asked else [])]
    text = joined([*(sentence.text for sentence in said), *warnings], "\n")
    return text, {"steps": [as_json(step) for step in steps], "times_s": watch.total(), "warnings": warnings}


@dataclass
class _Described:
    segments: dict[str, list[Segment]]
    """By language."""
    clear: list[Keyframe] = field(default_factory=list)
    """Keyframes that the segments rest on."""
    warnings: list[str] = field(default_factory=list)


def _places(srt_file: Path | None, languages: list[str]) -> dict[str, Path]:
    """Where each language's subtitles go; nowhere without --srt."""
    if srt_file is None:
        return {}
    if len(languages) == 1:
        return {languages[0]: srt_file}
    return {language: srt_file.with_suffix(f".{language}{srt_file.suffix}") for language in languages}


def _as_json(segment: Segment) -> dict[str, Any]:
    return {"start_s": round(segment.start_s, 3), "end_s": round(segment.end_s, 3), "text": segment.text}


def _describe(
    conversation: Conversation, scenes: list[SceneSpan], languages: list[str], detail: Detail, stop: Stop, quiet: bool
) -> _Described:
    """One look a scene, until the user has had enough; in one tile where there are several scenes."""
    described = _Described({language: [] for language in languages})
    for scene in with_progress(scenes, len(scenes), Translatable("Describing"), stop, quiet):
        seen = conversation.look([scene.keyframe], detail if len(scenes) == 1 else "brief")
        start_s, problem = scene.keyframe.frame.time_s, scene.keyframe.problem
        findings = list(conversation.findings(seen, SCENE, detail)) if isinstance(seen, View) else []
        for language, segments in described.segments.items():
            question = replace(SCENE, language=language)
            told = list(conversation.told(findings, question) if isinstance(seen, View) else conversation.answer(seen, question))
            # That something is in English needn't be said before each subtitle.
            text = " ".join(s.text for s in told if s.finding or len(told) == 1)
            add_segment(segments, Segment(start_s, scene.end_s, text))
        if isinstance(seen, View):
            described.clear.append(scene.keyframe)
        elif problem:
            at, what = format_clock(start_s), as_message(phrase(problem, ENGLISH)[0])
            described.warnings.append(Translatable("at {time}: {what}", time=at, what=what))
    return described
