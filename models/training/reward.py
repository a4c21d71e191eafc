"""After `train`: descriptions rewarded by how well they agree with what five people said of the same picture.

    python -m models.training.reward --data ../shared/data --sources MODELS_DIR --work DIR [--steps N]

Self-critical sequence training: captions are drawn from the model, scored by CIDEr-D, and made likelier or less likely by as
much as each scores above or below the mean of the picture's other captions (Rennie et al. 2017; the mean as in Luo 2020).
Everything else goes on being taught beside it. Starts from checkpoint.pt, keeps its own state in reward.pt and is resumable.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from assistant.building.sources import LANGUAGE_MODEL_FILE, find_source
from assistant.building.starter_form import extended_language_model
from assistant.runtimes.seen_labels import seen_text
from models.training.batches import Row, answer_ids, collate
from models.training.caption_scores import CaptionReward, typical
from models.training.data import CAPTION_QUESTIONS, Example, class_names, flickr_examples
from models.training.features import WIDTH
from models.training.lessons import Lessons
from models.training.model import StarterModel
from models.training.questions import Exchange
from models.training.sampling import sample_answers
from models.training.train import CLIP_NORM, RANK, SAVE_EVERY_STEPS, SEED, WARM_UP_STEPS, learn, rate_share, save, spoken_tokens

RATE = 1.5e-4
PICTURES_A_STEP, SAMPLES = 12, 5
TAUGHT_ROWS = {"flickr8k": 2, "grocery": 2, "imagenet_samples": 2, "labels": 1}
REWARD_WEIGHT = 1.0
"""Of the rewarded loss beside the taught one."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with flickr8k, grocery, imagenet_samples")
    parser.add_argument("--sources", type=Path, required=True, help="folder with the GGUF and the .pth that `assistant setup` fetched")
    parser.add_argument("--work", type=Path, required=True, help="folder with features and checkpoint.pt")
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args(arguments)
    reward(options.data, options.sources, options.work, options.steps)


def reward(data: Path, sources: Path, work: Path, steps: int) -> None:
    torch.manual_seed(SEED)
    weights, tokenizer = extended_language_model(find_source(sources, LANGUAGE_MODEL_FILE))
    captions = {e.picture: list(e.answers) for e in flickr_examples(data, "train")}
    lessons, scorer = Lessons(data, sources, work, class_names(data), typical(captions)), CaptionReward(captions)
    model = StarterModel(weights, RANK, WIDTH)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
    checkpoint, first = work / "reward.pt", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["step"]
    else:
        saved = torch.load(work / "checkpoint.pt", weights_only=True)
    model.load_state_dict(saved["model"])
    model.freeze_in(torch.bfloat16)
    spoken = spoken_tokens(lessons, tokenizer)
    began, mean_score = time.monotonic(), math.nan
    for step, rows in enumerate(lessons.steps(first, TAUGHT_ROWS), first):
        if step >= steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * rate_share(step, steps)
        learn(model, collate(rows, tokenizer), spoken)
        score = _learn_from_reward(model, lessons, scorer, tokenizer, spoken, step)
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        mean_score = score if math.isnan(mean_score) else 0.95 * mean_score + 0.05 * score
        if step % 10 == 0:
            pace = (time.monotonic() - began) / (step - first + 1)
            print(f"step {step} of {steps}: CIDEr-D of drawn captions {mean_score:.3f}, {pace:.2f} s a step", flush=True)
        if (step + 1) % SAVE_EVERY_STEPS == 0 or step + 1 == steps:
            save(checkpoint, {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1})


def _learn_from_reward(
    model: StarterModel, lessons: Lessons, scorer: CaptionReward, tokenizer: Tokenizer, spoken: Tensor, step: int
) -> float:
    """Adds to the gradients; the mean CIDEr-D of what was drawn."""
    rng = random.Random(f"{SEED} reward {step}")
    examples = rng.sample(lessons.examples["flickr8k"], PICTURES_A_STEP)
    rows = [_asked(lessons, example, rng) for example in examples]
    with torch.autocast("cpu", torch.bfloat16):
        answers = sample_answers(model, rows, tokenizer, spoken, SAMPLES)
    scores = np.array([scorer.score(example.picture, texts) for example, texts in zip(examples, answers, strict=True)])
    drawn = [
        Row(row.seen, (Exchange(row.exchanges[0].question, tuple(texts)),), row.features) for row, texts in zip(rows, answers, strict=True)
    ]
    batch = collate(drawn, tokenizer)
    lengths = [len(answer_ids(tokenizer, text)) + 1 for texts in answers for text in texts]
    worth = torch.from_numpy(advantages(scores).ravel().astype(np.float32)).repeat_interleave(torch.tensor(lengths))
    learn(model, dataclasses.replace(batch, weights=REWARD_WEIGHT * worth), spoken, total_weight=len(worth))
    return float(scores.mean())


def advantages(scores: np.ndarray) -> np.ndarray:
    """[B, S] scores -> how far each is above the mean of the picture's other ones."""
    count = scores.shape[1]
    return np.asarray((scores - scores.mean(1, keepdims=True)) * count / (count - 1))


def _asked(lessons: Lessons, example: Example, rng: random.Random) -> Row:
    tokens, logits = lessons.features(example)
    return Row(seen_text(logits, lessons.class_names), (Exchange(rng.choice(CAPTION_QUESTIONS), ("",)),), tokens)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
