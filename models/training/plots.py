"""Two pictures of the yes/no scores: how far they part true from false, and whether a probability means what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.training.judging import fit_platt, halves

if TYPE_CHECKING:
    from models.training.measures import PresenceScore


def draw_plots(scores: list[PresenceScore], folder: Path) -> None:
    """Write scores.png and reliability.png; nothing without scores."""
    if not scores:
        return
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    values, labels = np.array([s.score for s in scores]), np.array([s.present for s in scores])
    figure, axis = plt.subplots(figsize=(6, 4))
    bins = np.linspace(values.min(), values.max(), 40).tolist()
    axis.hist(values[labels], bins, alpha=0.6, label="there")
    axis.hist(values[~labels], bins, alpha=0.6, label="not there")
    axis.set_xlabel("log-odds of presence, both polarities")
    axis.set_ylabel("questions")
    axis.legend()
    figure.savefig(folder / "scores.png", dpi=120, bbox_inches="tight")
    fitted, shown = halves(scores)
    slope, offset = fit_platt(np.array([s.score for s in fitted]), np.array([s.present for s in fitted]))
    probabilities = 1 / (1 + np.exp(-(slope * np.array([s.score for s in shown]) + offset)))
    there = np.array([s.present for s in shown])
    place = np.minimum((probabilities * 10).astype(int), 9)
    said = [probabilities[place == b].mean() for b in np.unique(place)]
    true = [there[place == b].mean() for b in np.unique(place)]
    figure, axis = plt.subplots(figsize=(4.5, 4.5))
    axis.plot([0, 1], [0, 1], "--", color="grey")
    axis.plot(said, true, "o-")
    axis.set_xlabel("probability said")
    axis.set_ylabel("share that is there")
    figure.savefig(folder / "reliability.png", dpi=120, bbox_inches="tight")
