"""A larger SmolVLM2 model teaches a smaller one on pictures or videos without captions. Resumable: run the same command again.

    python -m models.training.distil --teacher DIR --student DIR --media DIR --out DIR2 [--steps N]

The teacher answers QUESTIONS about every picture (of videos: keyframes), and the student learns to expect the same tokens, as
probable as the teacher finds them. DIR2 becomes a whole model, for `assistant models export DIR2 --out DIR3`. Frames and answers
are kept in DIR2/training.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.problems import BadInput
from models.training.commands import add_training_arguments, check_training_arguments, digest, prepare_out, run_command
from models.training.media_pictures import file_key, gather_pictures
from models.training.smolvlm_prompts import SmolVlmPrompts

STEPS, RATE, FULL_RATE = 1000, 2e-4, 2e-5
QUESTIONS = (
    "Describe the picture.",
    "What is in front of me?",
    "What is the main thing in the picture?",
    "Where was this picture taken?",
    "Is there a person in the picture?",
    "How many people are there?",
    "What is happening?",
    "What colours are the largest things?",
    "Is there any text, and what does it say?",
    "Is there anything in my way?",
    "What is on the left, and what is on the right?",
)
"""A caption alone teaches no answering: what, where, who, how many, which colour, what it says, yes or no."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, metavar="DIR", help="the larger model, as transformers saves it")
    parser.add_argument("--student", type=Path, required=True, metavar="DIR", help="the smaller model")
    parser.add_argument("--media", type=Path, required=True, metavar="DIR", help="pictures and videos; also a single file")
    add_training_arguments(parser, STEPS)
    parser.add_argument("--every", type=float, metavar="S", help="take a frame every S seconds of a video (default: its keyframes)")
    parser.add_argument("--teacher-split", action="store_true", help="the teacher sees pictures cut into tiles")
    parser.add_argument("--temperature", type=float, default=1.0, metavar="T", help="above 1: the improbable tokens teach more (default 1)")
    parser.add_argument("--top", type=int, default=64, metavar="K", help="tokens kept of the teacher's choice at each place (default 64)")
    parser.add_argument("--max-tokens", type=int, default=64, metavar="N", help="of an answer (default 64)")
    parser.add_argument("--full", action="store_true", help="train every weight, not the connector and LoRA pairs alone")
    options = parser.parse_args(arguments)
    return run_command("distil", lambda: distil(options, lambda line: print(line, flush=True)))


def distil(options: argparse.Namespace, report: Callable[[str], None]) -> None:
    """The whole command; raises a Problem for whatever the user can mend."""
    _check_arguments(options)
    teacher, student = SmolVlmPrompts(options.teacher), SmolVlmPrompts(options.student)
    check_same_vocabulary(teacher, student)
    work = prepare_out(options.out, options.teacher, options.student)
    pictures = gather_pictures(options.media, work / "frames", options.every, report, beside=options.out)

    from models.training import smolvlm_torch as on_torch  # ten seconds, and not needed to find a mistake
    from models.training.picture_features import PictureFeatures
    from models.training.student import Lesson
    from models.training.teacher import AnswerCache, Asking, answer_all

    device = on_torch.choose_device(options.device)
    asking = Asking(QUESTIONS, options.max_tokens, options.top, options.temperature, options.teacher_split)
    cache = AnswerCache(work / "answers", options.teacher, asking)
    answer_all(teacher, pictures, asking, cache, device, report)

    trained = on_torch.Trained(options.rank, connector="whole", everything=options.full)
    network = on_torch.trainable_network(options.student, trained, on_torch.compute_type(device), device)
    encoder = None if options.full else network
    features = PictureFeatures(student, encoder, work / "features", split=options.split, limit_gb=options.keep_gb)
    lesson = Lesson(student, features, pictures, asking, cache)
    plan = on_torch.Plan(options.steps, options.rate or (FULL_RATE if options.full else RATE), options.batch, options.save_every)
    settings: dict[str, Any] = {
        "student": str(options.student.resolve()),
        "answers": cache.key,
        "pictures": digest(map(file_key, pictures)),
    }
    settings |= {"rate": plan.rate, **{name: getattr(options, name) for name in ("rank", "batch", "split", "full")}}
    checkpoint = work / "checkpoint.pt"
    on_torch.train(network, lambda numbers: lesson.loss(network, numbers, device), len(lesson), plan, checkpoint, settings, report)
    on_torch.save_merged(options.student, options.out, trained, on_torch.trained_weights(network))
    report(f"{options.out} is ready. Next: assistant models export {options.out} --out NEW_FOLDER")


def check_same_vocabulary(teacher: SmolVlmPrompts, student: SmolVlmPrompts) -> None:
    """BadInput if a token has different numbers, so that the teacher's tokens mean nothing to the student."""
    different = sorted(set(teacher.vocabulary.items()) ^ set(student.vocabulary.items()))
    if different or teacher.shape.vocabulary != student.shape.vocabulary:
        example = f", such as {different[0][0]!r}" if different else ""
        what = f"teacher and student don't share a vocabulary ({len({token for token, _ in different})} tokens differ{example})"
        raise BadInput(what, "take two models of the SmolVLM2 family")


def _check_arguments(options: argparse.Namespace) -> None:
    check_training_arguments(options)
    for name, value, low, high in (
        ("--temperature", options.temperature, 0.1, 100.0),
        ("--top", options.top, 1, 10**6),
        ("--max-tokens", options.max_tokens, 1, 1024),
        ("--every", options.every if options.every is not None else 1.0, 0.01, 86400.0),
    ):
        if not low <= value <= high:
            raise BadInput(f"{name} {value} is out of range", f"use {low} to {high}")


if __name__ == "__main__":
    sys.exit(main())
