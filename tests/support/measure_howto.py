"""Measures how the steps of instruction videos are told and asked about: python -m tests.support.measure_howto DIR [--only NAME ...].

DIR is what `python -m tests.support.howto_videos DIR` has written. A step counts as right if it says what it should and begins within
START_S of when it does; each step that is told beside those is one too many. Questions go the way of `assistant ask`.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path

from assistant.commands.media import read_through
from assistant.commands.media_reader import MediaReader, Stop
from assistant.commands.steps import answer_from_steps, heard_and_shown
from assistant.settings import AnswerSettings, Settings
from assistant.store.model_store import ModelStore, models_dir
from assistant.videos.step_questions import parse_step_question
from assistant.videos.step_scenes import Said, Scene
from assistant.videos.steps import Step, steps_of
from tests.support.howto_videos import FRESH, HOW_TOS, HowTo

START_S = 1.5
MOST_SCENES = 32


def measure(how_to: HowTo, steps: list[Step], begins_s: list[float]) -> tuple[int, int, int, list[str]]:
    """Return how many steps say the right thing, of these how many in time, how many are too many, and the questions' lines."""
    real, said, timed = [step for step in steps if step.number], 0, 0
    wanted = [(shot.step, begin_s) for shot, begin_s in zip(how_to.shots, begins_s, strict=True) if shot.step]
    for step, (pattern, begin_s) in zip(real, wanted, strict=False):
        is_said = re.search(pattern, step.text) is not None
        said += is_said
        timed += is_said and abs(step.start_s - begin_s) <= START_S
    lines = []
    for question, pattern in how_to.questions:
        asked = parse_step_question(question, how_to.asked_in)
        answer = " ".join(each.text for each in answer_from_steps(steps, asked, how_to.asked_in)) if asked else "(asks the vision model)"
        lines.append(f"{'right' if asked and re.search(pattern, answer) else 'WRONG'}  {question}  ->  {answer}")
    return said, timed, max(0, len(real) - len(wanted)), lines


def main() -> None:
    """Read, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=HOW_TOS | FRESH, default=[*HOW_TOS, *FRESH])
    parser.add_argument("--keep", type=Path, help="write here what was heard and shown, and read it from here where it is there")
    options = parser.parse_args()
    settings, store = Settings(answers=AnswerSettings(threads=1)), ModelStore(models_dir())
    total = [0, 0, 0, 0, 0, 0]
    for name in options.only:
        how_to, begins_s = (HOW_TOS | FRESH)[name], [float(text) for text in (options.folder / f"{name}.begins").read_text().split()]
        kept = options.keep / f"{name}.json" if options.keep else None
        if kept and kept.exists():
            told = json.loads(kept.read_text())
            scenes, said = [Scene(**each) for each in told["scenes"]], [Said(**each) for each in told["said"]]
            end_s = told["end_s"]
        else:
            source = str(options.folder / f"{name}.mp4")
            media = read_through(MediaReader(source, settings, Stop(), quiet=True), MOST_SCENES)
            scenes, said = heard_and_shown(source, media, settings, store, Stop(), quiet=True)
            end_s = media.duration_s
            if kept:
                about = {"scenes": [asdict(each) for each in scenes], "said": [asdict(each) for each in said], "end_s": end_s}
                kept.write_text(json.dumps(about, indent=1, ensure_ascii=False))
        steps = steps_of(scenes, said, end_s)
        right, timed, extra, lines = measure(how_to, steps, begins_s)
        wanted = sum(bool(shot.step) for shot in how_to.shots)
        print(f"{name}: {right} of {wanted} steps right, {timed} in time, {extra} too many", flush=True)
        print("  begin:", [begin_s for shot, begin_s in zip(how_to.shots, begins_s, strict=True) if shot.step])
        for step in steps:
            print(f"  {step.number} {step.start_s:.1f}: {step.text}")
        print("\n".join(f"  {line}" for line in lines), flush=True)
        for place, value in enumerate((wanted, right, timed, extra, len(lines), sum(line.startswith("right") for line in lines))):
            total[place] += value
    print("{} steps: {} right, {} in time, {} too many; {} questions: {} right".format(*total))


if __name__ == "__main__":
    main()
