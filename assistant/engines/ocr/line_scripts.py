"""Tells the script of a line from what a recogniser's network makes of it, also of letters that it never learned.

The recogniser's last layer is linear, so that the log-probabilities of a few of its characters hold all that it has seen at a step.
Their mean and spread along the line go through a network of one hidden layer, trained by `models/training/line_scripts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.messages import Probabilities

WEIGHTS = "line_scripts.npz"
SURE = 0.9
"""Probability from which a line is taken for one in a script that the recogniser doesn't read."""
READ = frozenset(("latin", "han", "none"))
"""Classes that aren't a script of which the recogniser lacks letters: what it reads (Chinese and Japanese are "han"), and no text."""
_LEAST = 1e-30
"""Of a probability, so that it has a logarithm."""

Features = npt.NDArray[np.float32]


class LineScripts:
    """Looks at outputs of one recogniser. Safe from several threads."""

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], characters: Sequence[str]) -> None:
        """Take the file's weights, and the characters of the recogniser's classes."""
        self._weights = weights
        self._scripts: list[str] = weights["scripts"].tolist()
        places = {character: place for place, character in enumerate(characters)}
        self._classes = np.array([places[character] for character in weights["characters"].tolist()])

    def foreign_script(self, outputs: Probabilities) -> str:
        """Return the script of float32 [steps, classes], where it is surely one that the recogniser doesn't read; else ""."""
        return self.decide(line_features(outputs, self._classes))

    def decide(self, features: Features) -> str:
        """Return likewise what `line_features` are of."""
        probabilities = zip(self._scripts, self.probabilities(features).tolist(), strict=True)
        foreign = {script: p for script, p in probabilities if script not in READ}
        return max(foreign, key=lambda script: foreign[script]) if sum(foreign.values()) >= SURE else ""

    def probabilities(self, features: Features) -> npt.NDArray[np.float32]:
        """Return the probability of each class, float32 [classes], from `line_features`."""
        weights = self._weights
        hidden = np.maximum((features - weights["mean"]) / weights["spread"] @ weights["into_hidden"] + weights["hidden_bias"], 0)
        scores = hidden @ weights["into_scripts"] + weights["scripts_bias"]
        shares = np.exp(scores - scores.max())
        return np.asarray(shares / shares.sum(), np.float32)


def scripts_of(characters: Sequence[str]) -> LineScripts | None:
    """Load what tells scripts by the recogniser of these characters; None where it wasn't fitted to that one."""
    with resources.files(__package__).joinpath(WEIGHTS).open("rb") as file, np.load(file) as weights:
        return LineScripts(dict(weights), characters) if len(characters) == int(weights["classes"]) else None


def line_features(outputs: Probabilities, classes: npt.NDArray[np.int64]) -> Features:
    """Return float32 [2 n]: mean and spread along the line of the log-probabilities of n classes, each less their mean at its step."""
    logs = np.log(np.maximum(outputs[:, classes], _LEAST))
    logs -= logs.mean(axis=1, keepdims=True)  # what the softmax divides by isn't of the line
    return np.concatenate([logs.mean(axis=0), logs.std(axis=0)])
