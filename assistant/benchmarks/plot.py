"""Draws what a bench run measured as one picture (extra [bench])."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from assistant.problems import BadInput
from assistant.written_files import PNG, write_file


def draw_ratios(ratios: Mapping[str, Mapping[str, float]], other: str, path: Path) -> None:
    """Draw each contender's ratios to the best of `other` as bars on a logarithmic scale; no bar for what it doesn't have.

    BadInput if it can't be drawn.
    """
    plt = _pyplot()
    fields = list(dict.fromkeys(field for values in ratios.values() for field in values))
    figure, axis = plt.subplots(figsize=(12, 5))
    width = 0.8 / max(len(ratios), 1)
    for number, (name, values) in enumerate(ratios.items()):
        places = [i + number * width for i, field in enumerate(fields) if field in values]
        axis.bar(places, [values[field] for field in fields if field in values], width, label=name)
    axis.axhline(1, color="grey", linestyle="--")
    axis.set_yscale("log")
    axis.set_xticks([i + 0.4 for i in range(len(fields))], [f.replace("_", " ") for f in fields], rotation=20, ha="right")
    axis.set_ylabel(f"times better than the best of {other}")
    axis.legend()
    _save(figure, path)


def draw_response_times(times_s: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Draw when each step of each order of work came: order -> step -> median seconds from the end of speech.

    BadInput if it can't be drawn.
    """
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(12, 1 + len(times_s)))
    for row, (order, steps) in enumerate(times_s.items()):
        began = min(0.0, *steps.values())
        for step, time_s in sorted(steps.items(), key=lambda item: item[1]):
            axis.barh(row, time_s - began, left=began, height=0.5, alpha=0.3, color=f"C{row}")
            axis.annotate(step, (time_s, row), rotation=30, fontsize=8, ha="left", va="bottom")
            began = time_s
        axis.text(0, row - 0.4, order)
    axis.axvline(0, color="grey", linestyle="--")
    axis.set_yticks([])
    axis.set_xlabel("seconds from the end of speech (medians)")
    _save(figure, path)


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise BadInput("matplotlib isn't installed, so there is no plot", "run: pip install '.[bench]'") from error
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _save(figure: Any, path: Path) -> None:
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=120, bbox_inches="tight")
    write_file(path, drawn.getvalue(), PNG, force=True)  # the command has looked what is there
