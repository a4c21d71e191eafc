"""Descriptions rewarded for agreeing with people (needs the extra [train]; not run where torch is absent)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("pycocoevalcap", reason="the extra [train] is not installed")

from tokenizers import decoders  # noqa: E402

from models.training import sampling  # noqa: E402
from models.training.batches import answer_ids, collate  # noqa: E402
from models.training.caption_scores import CaptionReward, cider_d  # noqa: E402
from models.training.reward import advantages  # noqa: E402
from tests.test_training_model import row, tiny_model, tiny_tokenizer  # noqa: E402

CAPTIONS = {
    "dog": ["A dog runs on the grass.", "A brown dog is running."],
    "boy": ["A boy jumps into the water.", "A child is in a pool."],
    "bike": ["A man rides a bike.", "Somebody on a bicycle."],
}


def test_a_caption_that_agrees_with_people_is_rewarded_more() -> None:
    right, wrong, broken_off = CaptionReward(CAPTIONS).score(
        "dog", ["A dog runs on the grass.", "A man rides a bike.", "A dog runs on the grass"]
    )
    assert right > broken_off > wrong


def test_the_reward_of_one_caption_is_its_share_of_the_score_of_all() -> None:
    """Every caption of a whole set rewarded alone: their mean is the set's CIDEr-D (with the end as one more word in both)."""
    said = {"dog": "A dog is running.", "boy": "A boy in the water.", "bike": "A man on a bike."}
    reward = CaptionReward(CAPTIONS)
    alone = [reward.score(picture, [text])[0] for picture, text in said.items()]
    whole = cider_d([[f"{t[:-1]} eos" for t in CAPTIONS[p]] for p in said], [f"{t[:-1]} eos" for t in said.values()])
    assert np.mean(alone) == pytest.approx(whole)


def test_each_score_is_held_against_the_other_captions_of_its_picture() -> None:
    assert advantages(np.array([[1.0, 0.0, 0.5], [2.0, 2.0, 2.0]])) == pytest.approx(np.array([[0.75, -0.75, 0.0], [0, 0, 0]]))


def test_drawing_reads_on_from_the_kept_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts of different lengths side by side: each next token is as likely as when prompt and answer are read at once."""
    tokenizer = tiny_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    model = tiny_model(tokenizer)
    spoken = torch.arange(tokenizer.get_vocab_size())
    questions = ("What is this?", "What is in front of me?")
    answer = answer_ids(tokenizer, "A cat.")
    seen_probabilities = []

    def scripted(probabilities: Any, _count: int) -> Any:
        seen_probabilities.append(probabilities.clone())
        return torch.full((4, 1), answer[len(seen_probabilities) - 1])

    monkeypatch.setattr(torch, "multinomial", scripted)
    monkeypatch.setattr(sampling, "LONGEST_ANSWER", len(answer))
    drawn = sampling.sample_answers(model, [row("", seed=i, question=q) for i, q in enumerate(questions)], tokenizer, spoken, 2)
    assert drawn == [["A cat."] * 2] * 2
    for number, question in enumerate(questions):
        batch = collate([row("A cat.", seed=number, question=question)], tokenizer)
        with torch.no_grad():
            expected = model(batch).softmax(-1)[: len(answer)]
        for step, probabilities in enumerate(seen_probabilities):
            assert probabilities[2 * number : 2 * number + 2].numpy() == pytest.approx(expected[step].expand(2, -1).numpy(), abs=1e-4)
