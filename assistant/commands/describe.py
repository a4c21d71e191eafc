"""`assistant describe`: a picture in one description, a video scene by scene with times."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from assistant.assembly import open_describer
from assistant.commands.media import read_media
from assistant.commands.options import add_model_argument, add_settings_argument, settings_of, store_of
from assistant.commands.output import Stopwatch, clock
from assistant.conversation import ENGLISH, Conversation
from assistant.languages import phrase
from assistant.messages import Keyframe, Question, View

QUESTION = "Describe the picture."
MOST_SCENES = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("media", metavar="MEDIA", help="a picture or video file")
    parser.add_argument("--detail", choices=("brief", "normal", "full"), default="normal")
    add_model_argument(parser)
    add_settings_argument(parser)


def run(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    settings, watch = settings_of(options), Stopwatch()
    media = read_media(options.media, settings, MOST_SCENES)
    watch.lap("open")
    conversation = Conversation(None, open_describer(settings.answers, store_of(options)), settings.ears)
    watch.lap("load")
    segments: list[dict[str, Any]] = []
    clear, warnings = list[Keyframe](), list(media.warnings)
    for keyframe, end_s in _scenes(media.keyframes):
        seen = conversation.look([keyframe], options.detail if len(media.keyframes) == 1 else "brief")  # one tile a scene of a video
        text = " ".join(s.text for s in conversation.answer(seen, Question(QUESTION, ENGLISH, QUESTION), options.detail))
        segments.append({"start_s": round(keyframe.frame.time_s, 3), "end_s": round(end_s, 3), "text": text})
        if isinstance(seen, View):
            clear.append(keyframe)
        elif keyframe.problem:
            warnings.append(f"at {clock(keyframe.frame.time_s)}: {phrase(keyframe.problem, ENGLISH)[0]}")
    watch.lap("describe")
    single = len(segments) == 1
    description = segments[0]["text"] if single else " ".join(f"At {clock(s['start_s'])}: {s['text']}" for s in segments)
    yield (
        (description if single else "\n".join(f"{clock(s['start_s'])}  {s['text']}" for s in segments)),
        {
            "description": description,
            "keyframes_s": [round(k.frame.time_s, 3) for k in clear],
            "segments": segments,
            "picture_problem": None if clear else media.keyframes[-1].problem,
            "times_s": watch.total(),
            "warnings": warnings,
        },
    )


def _scenes(keyframes: list[Keyframe]) -> Iterator[tuple[Keyframe, float]]:
    """Each keyframe with the time at which the next one takes over (its own time for the last: nothing is known beyond)."""
    for keyframe, following in zip(keyframes, [*keyframes[1:], keyframes[-1]], strict=True):
        yield keyframe, following.frame.time_s
