"""`assistant describe`: a picture in one description, a video scene by scene with times."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.assembly import open_describer, open_synthesizers, open_wav_file
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
from assistant.conversation import ENGLISH, Conversation
from assistant.languages import phrase
from assistant.messages import Ask, Detail, Keyframe, Question, Sentence, View
from assistant.problems import BadInput
from assistant.settings import Settings
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
    parser.add_argument("--srt", type=Path, metavar="FILE", help="also write a video's description as subtitles")
    parser.add_argument("--out", type=Path, metavar="WAV", help="also speak the description into this file")
    add_model_argument(parser)
    add_settings_argument(parser)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Describe a picture, or a video scene by scene; yield one result."""
    check_sound_place(options)
    if options.srt:
        check_place(options.srt, SUBTITLES, options.force)
    settings, watch = settings_of(options), Stopwatch()
    with stoppable() as stop:
        reader = MediaReader(options.media, settings, stop, quiet=options.json)
        media = read_through(reader, MOST_SCENES)
        if options.srt and not media.is_video:
            raise BadInput("a picture has no subtitles", "leave out --srt, or give a video")
        stop.next_part()
        watch.lap("open")
        if options.steps:
            yield _steps(options, settings, media, stop, watch)
            return
        conversation = Conversation(None, open_describer(settings.answers, store_of(options)), settings.ears)
        watch.lap("load")
        scenes = scenes_of(media.keyframes, media.duration_s)
        described = _describe(conversation, scenes, options.detail, stop, options.json)
        watch.lap("describe")
    segments, warnings = described.segments, [*media.warnings, *described.warnings, *([STOPPED] if stop.was_asked else [])]
    told = [warning for warning in warnings if described.clear or warning not in described.warnings]  # the rest is the description
    if options.srt:
        write_file(options.srt, srt(segments).encode(), SUBTITLES, options.force)
    sentences = spoken_segments(segments)
    if options.out:
        say(
            [Sentence(text, ENGLISH) for text in sentences],
            open_synthesizers(settings.voice, store_of(options)),
            open_wav_file(options.out, options.force),
        )
        watch.lap("speak")
    yield (
        "\n".join([*sentences, *told]),
        {
            "description": " ".join(sentences),
            "keyframes_s": [round(k.frame.time_s, 3) for k in described.clear],
            "segments": [{"start_s": round(s.start_s, 3), "end_s": round(s.end_s, 3), "text": s.text} for s in segments],
            "picture_problem": None if described.clear else media.keyframes[-1].problem,
            "times_s": watch.total(),
            "warnings": warnings,
        },
    )
    if stop.was_asked:
        raise KeyboardInterrupt


def _steps(options: argparse.Namespace, settings: Settings, media: Media, stop: Stop, watch: Stopwatch) -> Result:
    """The steps of an instruction video, a line each."""
    store = store_of(options)
    steps = read_steps(options.media, media, settings, store, stop, quiet=options.json)
    watch.lap("steps")
    said = [told_step(step, settings.language) for step in steps]
    if options.srt:
        segments = [Segment(step.start_s, step.end_s, sentence.text) for step, sentence in zip(steps, said, strict=True)]
        write_file(options.srt, srt(segments).encode(), SUBTITLES, options.force)
    if options.out:
        say(said, open_synthesizers(settings.voice, store), open_wav_file(options.out, options.force))
        watch.lap("speak")
    warnings = [*media.warnings, *([STOPPED] if stop.was_asked else [])]
    text = "\n".join([*(sentence.text for sentence in said), *warnings])
    return text, {"steps": [as_json(step) for step in steps], "times_s": watch.total(), "warnings": warnings}


@dataclass
class _Described:
    segments: list[Segment] = field(default_factory=list)
    clear: list[Keyframe] = field(default_factory=list)
    """Keyframes that the segments rest on."""
    warnings: list[str] = field(default_factory=list)


def _describe(conversation: Conversation, scenes: list[SceneSpan], detail: Detail, stop: Stop, quiet: bool) -> _Described:
    """One look a scene, until the user has had enough; in one tile where there are several scenes."""
    described = _Described()
    for scene in with_progress(scenes, len(scenes), "Describing", stop, quiet):
        seen = conversation.look([scene.keyframe], detail if len(scenes) == 1 else "brief")
        text = " ".join(s.text for s in conversation.answer(seen, SCENE, detail))
        start_s, problem = scene.keyframe.frame.time_s, scene.keyframe.problem
        add_segment(described.segments, Segment(start_s, scene.end_s, text))
        if isinstance(seen, View):
            described.clear.append(scene.keyframe)
        elif problem:
            described.warnings.append(f"at {format_clock(start_s)}: {phrase(problem, ENGLISH)[0]}")
    return described
