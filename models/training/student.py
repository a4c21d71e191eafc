"""What the student of `distil` learns from: the teacher's answers behind the student's own prompts, and how far apart the two are.

In the shapes: n tokens of an answer, k most probable tokens at each place, M answer tokens of a batch, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from assistant.problems import BadInput
from models.training.picture_features import PictureFeatures
from models.training.smolvlm_prompts import Sample, SmolVlmPrompts
from models.training.smolvlm_torch import answer_logits, autocast, collate
from models.training.teacher import AnswerCache, Asking, Taught

LEAST_MASS = 1e-6
"""Of all tokens beyond the k most probable together; below it their share doesn't count."""


@dataclass(frozen=True)
class Lesson:
    """Every question about every picture, as numbered samples."""

    prompts: SmolVlmPrompts
    """The student's."""
    features: PictureFeatures
    """The student's."""
    pictures: Sequence[Path]
    asking: Asking
    cache: AnswerCache

    def __len__(self) -> int:
        return len(self.pictures) * len(self.asking.questions)

    def loss(self, network: nn.Module, numbers: Sequence[int], device: torch.device) -> Tensor:
        """The divergence of the student from the teacher over these samples."""
        taught = [self._taught(number) for number in numbers]
        samples = [self._sample(number, answer.ids) for number, answer in zip(numbers, taught, strict=True)]
        batch = collate(samples, self.prompts.image_id).to(device)
        top = torch.from_numpy(np.concatenate([answer.top for answer in taught]).astype(np.int64)).to(device)  # [M, k]
        logs = torch.from_numpy(np.concatenate([answer.log_probabilities for answer in taught])).to(device)  # [M, k]
        with autocast(device):
            logits = answer_logits(network, batch)
        return divergence(logits, top, logs, self.asking.temperature)

    def _place(self, number: int) -> tuple[Path, int]:
        picture, question = divmod(number, len(self.asking.questions))
        return self.pictures[picture], question

    def _taught(self, number: int) -> Taught:
        picture, question = self._place(number)
        answers = self.cache.read(picture)
        if answers is None:
            raise BadInput(f"the picture {picture.name} or the teacher's answers about it have changed", "run the same command again")
        return answers[question]

    def _sample(self, number: int, answer: list[int]) -> Sample:
        picture, question = self._place(number)
        return self.prompts.sample(self.features.look(picture), self.asking.questions[question], answer)


def divergence(logits: Tensor, top: Tensor, log_probabilities: Tensor, temperature: float) -> Tensor:
    """Mean over tokens of KL(teacher || student), times temperature squared (Hinton, Vinyals, Dean 2015), which keeps the gradient's scale.

    All tokens beyond the teacher's k most probable count as one, so this is a lower bound of the whole KL and equal to it for k = V.

    Args:
        logits: the student's, f32 [M, V].
        top: i64 [M, k], different from each other in a row.
        log_probabilities: the teacher's, f32 [M, k], at the temperature.
        temperature: above 0.
    """
    student = torch.log_softmax(logits / temperature, -1).gather(1, top)  # [M, k]
    shares = log_probabilities.exp()
    rest, student_rest = ((1 - share.sum(-1)).clamp_min(LEAST_MASS) for share in (shares, student.exp()))  # [M]
    kl = (shares * (log_probabilities - student)).sum(-1) + rest * (rest / student_rest).log()
    return kl.mean() * temperature**2
