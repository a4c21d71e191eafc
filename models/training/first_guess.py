"""A first connector by ridge regression: picture features to the mean embedding of the rarer words of its captions.

It puts the visual tokens among the words the language model knows, which saves the first hundreds of training steps.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from tokenizers import Tokenizer

from models.training.batches import encode
from models.training.lessons import Lessons

_RIDGE = 0.3
"""Share of the features' mean power."""
_BLOCK = 128


def connector_guess(lessons: Lessons, embedding: np.ndarray, tokenizer: Tokenizer) -> np.ndarray:
    """f32 [hidden, features]: every visual token of a picture is asked to be the same mean of word embeddings."""
    examples = lessons.examples["flickr8k"]
    captions = [sorted({t for answer in e.answers for t in encode(tokenizer, f" {answer}")}) for e in examples]
    pictures_with = Counter(token for tokens in captions for token in tokens)
    targets = np.stack([_mean_word(tokens, pictures_with, len(examples), embedding) for tokens in captions])  # [N, D]
    width = lessons.features(examples[0]).tokens.shape[1]
    power, cross = np.zeros((width, width), np.float32), np.zeros((width, targets.shape[1]), np.float32)
    for first in range(0, len(examples), _BLOCK):
        block = np.stack([lessons.features(example).tokens for example in examples[first : first + _BLOCK]])  # [n, 16, width]
        flat = block.reshape(-1, width)
        power += flat.T @ flat
        cross += block.sum(1).T @ targets[first : first + _BLOCK]
    power[np.diag_indices(width)] += _RIDGE * np.trace(power) / width
    guess = np.linalg.solve(power, cross)  # [width, D]
    usual = np.linalg.norm(flat @ guess, axis=1).mean()
    return np.asarray(guess.T * (np.linalg.norm(embedding, axis=1).mean() / usual), np.float32)


def _mean_word(tokens: list[int], pictures_with: Counter[int], pictures: int, embedding: np.ndarray) -> np.ndarray:
    weights = np.array([np.log(pictures / pictures_with[token]) for token in tokens], np.float32)
    return np.asarray(weights @ embedding[tokens] / weights.sum())
