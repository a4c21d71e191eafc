"""`assistant demo`: the main job on real input without hardware.

A film plays the camera; at set times a recorded question is heard, one of them in Spanish and one in German, answered from what was seen
until then, and the answer spoken into a WAV file. The last question comes when a hand covers the lens.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from assistant.assembly import (
    open_camera,
    open_describer,
    open_instruments,
    open_sound_file,
    open_synthesizers,
    open_transcriber,
    open_translators,
    open_wav_file,
)
from assistant.commands.contact_sheet import write_sheet
from assistant.commands.options import add_force_argument, store_of
from assistant.commands.output import Result, Stopwatch, format_clock
from assistant.commands.say import say
from assistant.conversation import Conversation
from assistant.hearing.listen import whole_utterance
from assistant.messages import Picture, Question, Sentence, View
from assistant.problems import BadInput, shorten
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.seeing.scene_memory import SceneMemory
from assistant.settings import Settings
from assistant.translatable import Translatable
from assistant.written_files import TRANSCRIPT, write_file

QUESTIONS = (
    *((2.5, "question1_en.wav"), (5.5, "question4_en.wav"), (8.5, "question3_es.wav"), (11.5, "question5_en.wav")),
    *((14.5, "question6_de.wav"), (17.5, "question7_en.wav"), (20.5, "question8_en.wav"), (23.0, "question1_en.wav")),
)
"""(seconds into the film, the recording of the question)"""


@dataclass(frozen=True)
class _Asked:
    """One question of the demo and what came of it."""

    picture: Picture
    data: dict[str, Any]

    @property
    def caption(self) -> str:
        return f"{format_clock(self.data['time_s'])} {self.data['question']} - {self.data['answer']}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant demo` takes."""
    parser.add_argument(
        "--out", type=Path, default=Path("assistant-demo"), metavar="DIR", help="where the results go (default: assistant-demo)"
    )
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Play the film; yield one result a question and one for the files that sum them up."""
    folder = _make_folder(options.out)
    settings, store = Settings(), store_of(options)
    translators = open_translators(store)
    transcriber, describer = open_transcriber(settings.ears, store, translators=translators), open_describer(settings.answers, store)
    conversation = Conversation(transcriber, describer, settings.ears, translators=translators, instruments=open_instruments(store))
    synthesizers = open_synthesizers(settings.voice, store)
    asked = []
    for number, (time_s, recording, picture, memory) in enumerate(_moments(settings), 1):
        data, said = _ask(conversation, recording, memory, settings)
        wav = folder / f"answer{number}.wav"
        say(said, synthesizers, open_wav_file(wav, options.force))
        data |= {"time_s": time_s, "recording": recording, "wav": str(wav)}
        asked.append(_Asked(picture, data))
        english = f"  ({data['english_question']})" if data["english_question"] != data["question"] else ""
        question = data["question"] + english
        yield (
            Translatable(
                "{time}  heard [{language}]: {question}\n      said: {answer}\n      {file}",
                **{"time": format_clock(time_s), "language": data["language"], "question": question, "answer": data["answer"], "file": wav},
            ),
            data,
        )
    transcript, sheet = folder / "transcript.jsonl", folder / "timeline.png"
    lines = "".join(json.dumps(a.data, ensure_ascii=False) + "\n" for a in asked)
    write_file(transcript, lines.encode(errors="backslashreplace"), TRANSCRIPT, options.force)
    write_sheet(sheet, [(a.picture, a.caption) for a in asked], force=options.force)
    files = {"transcript": str(transcript), "timeline": str(sheet)}
    yield (
        Translatable(
            "The spoken answers, {transcript} and {sheet} are in {folder}", transcript=transcript.name, sheet=sheet.name, folder=folder
        ),
        files,
    )


def _moments(settings: Settings) -> Iterator[tuple[float, str, Picture, SceneMemory]]:
    """Play the film; at each question's time yield what the camera shows and what is remembered by then."""
    selector, memory, waiting = KeyframeSelector(settings.keyframes), SceneMemory(), list(QUESTIONS)
    camera = open_camera(str(demo_file("demo.mp4")), settings.camera)
    for frame in camera.frames():
        keyframe = selector.process(frame)
        if keyframe is not None:
            memory.add(keyframe)
        if waiting and frame.time_s >= waiting[0][0]:
            time_s, recording = waiting.pop(0)
            yield time_s, recording, frame.picture, memory
    camera.close()


def _ask(conversation: Conversation, recording: str, memory: SceneMemory, settings: Settings) -> tuple[dict[str, Any], list[Sentence]]:
    watch = Stopwatch()
    asked = conversation.understand(whole_utterance(open_sound_file(str(demo_file(recording)))))
    watch.lap("hear")
    if isinstance(asked, Sentence):
        question, seen, said = Question("", asked.language, ""), None, [asked]
    else:
        question, seen = asked, conversation.look(memory.in_view(settings.answers.max_keyframes))
        watch.lap("look")
        said = list(conversation.answer(seen, question, settings.answers.detail))
        watch.lap("answer")
    return {
        "question": question.text,
        "language": question.language,
        "english_question": question.english_text,
        "answer": " ".join(sentence.text for sentence in said),
        "english_answer": " ".join(sentence.english or sentence.text for sentence in said),
        "keyframes_s": [round(k.frame.time_s, 3) for k in seen.keyframes] if isinstance(seen, View) else [],
        "picture_problem": None if isinstance(seen, View) else seen,
        "times_s": watch.total(),
    }, said


def demo_file(name: str) -> Path:
    """Return the path of a file that the demo brings with it."""
    return Path(str(resources.files("assistant.commands") / "demo_files" / name))


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "the folder {folder} can't be made ({reason})", "choose another with --out", folder=shorten(folder), reason=error.strerror
        ) from error
    return folder
