"""Fits a SmolVLM2 model to a place of your own (a museum, a shop, a clinic). Resumable: run the same command again.

    python -m models.training.finetune --model DIR --pictures DIR --out DIR2 [--steps N]

The pictures' folder also holds captions.tsv: file, caption and, if you like, question on each line, with tabs between; a picture
may have several lines. DIR2 becomes a whole model, for `assistant models export DIR2 --out DIR3`; DIR2/adapter holds what was
learnt alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.problems import BadInput, shorten
from models.training.captions import Caption, read_captions, readable, uncaptioned
from models.training.commands import add_training_arguments, check_training_arguments, digest, prepare_out, run_command
from models.training.smolvlm_prompts import Sample, SmolVlmPrompts

if TYPE_CHECKING:
    from torch import Tensor

    from models.training.picture_features import PictureFeatures

STEPS, RATE = 300, 2e-4
DESCRIBE = ("Describe the picture.", "What is in front of me?", "What is this?", "What do you see?")
"""How a caption without a question is asked for."""
MOST_TOKENS = 256
"""Of a caption with its question."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="a SmolVLM2 model as transformers saves it")
    parser.add_argument("--pictures", type=Path, required=True, metavar="DIR", help="pictures and captions.tsv")
    add_training_arguments(parser, STEPS)
    options = parser.parse_args(arguments)
    return run_command("finetune", lambda: finetune(options, lambda line: print(line, flush=True)))


def finetune(options: argparse.Namespace, report: Callable[[str], None]) -> None:
    """The whole command; raises a Problem for whatever the user can mend."""
    check_training_arguments(options)
    captions = read_captions(options.pictures)
    prompts = SmolVlmPrompts(options.model)
    work = prepare_out(options.out, options.model, options.pictures)
    captions, skipped = readable(captions)
    for line in [*skipped, *_told(options.pictures, captions)]:
        report(line)
    _check_lengths(prompts, captions)

    from torch.nn import functional as F

    from models.training import smolvlm_torch as on_torch  # ten seconds, and not needed to find a mistake
    from models.training.picture_features import PictureFeatures

    device = on_torch.choose_device(options.device)
    trained = on_torch.Trained(options.rank)
    network = on_torch.trainable_network(options.model, trained, on_torch.compute_type(device), device)

    features = PictureFeatures(prompts, network, work / "features", split=options.split, limit_gb=options.keep_gb)

    def loss_of(numbers: list[int]) -> Tensor:
        samples = [_sample(prompts, features, captions, number) for number in numbers]
        batch = on_torch.collate(samples, prompts.image_id).to(device)
        with on_torch.autocast(device):
            logits = on_torch.answer_logits(network, batch)
        return F.cross_entropy(logits, batch.targets)

    plan = on_torch.Plan(options.steps, options.rate or RATE, options.batch, options.save_every)
    settings = {
        "model": str(options.model.resolve()),
        "captions": digest((c.picture.name, c.text, c.question) for c in captions),
        "rate": plan.rate,
    }
    settings |= {name: getattr(options, name) for name in ("rank", "batch", "split")}
    samples = len(captions) * len(DESCRIBE)
    on_torch.train(network, loss_of, samples, plan, work / "checkpoint.pt", settings, report)
    on_torch.save_merged(options.model, options.out, trained, on_torch.trained_weights(network))
    report(f"{options.out} is ready. Next: assistant models export {options.out} --out NEW_FOLDER")


def _sample(prompts: SmolVlmPrompts, features: PictureFeatures, captions: Sequence[Caption], number: int) -> Sample:
    """Each caption comes once for every way to ask for it."""
    caption = captions[number // len(DESCRIBE)]
    question = caption.question or DESCRIBE[number % len(DESCRIBE)]
    return prompts.sample(features.look(caption.picture), question, prompts.answer(caption.text))


def _told(folder: Path, captions: Sequence[Caption]) -> list[str]:
    pictures = len({caption.picture for caption in captions})
    told = [f"learning from {len(captions)} captions of {pictures} pictures"]
    without = uncaptioned(folder, captions)
    return [*told, f"{without} pictures in {shorten(folder)} have no caption and are not used"] if without else told


def _check_lengths(prompts: SmolVlmPrompts, captions: Sequence[Caption]) -> None:
    for caption in captions:
        tokens = len(prompts.answer(f"{caption.question or ''} {caption.text}"))
        if tokens > MOST_TOKENS:
            what = f"line {caption.line} of captions.tsv has {tokens} tokens, more than {MOST_TOKENS}"
            raise BadInput(what, "shorten it, or make several captions of it")


if __name__ == "__main__":
    sys.exit(main())
