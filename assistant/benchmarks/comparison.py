"""Sets the contenders of a bench run beside each other: ratios to the best of the others, equal tokens, and all as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assistant.benchmarks.figures import DECODED_TOKENS, VIDEO_FRAMES, Figures

# What is compared: title, field, whether less is better.
_COLUMNS = (
    ("encode", "encode_s", True),
    ("prefill", "prefill_s", True),
    ("tokens/s", "tokens_per_s", False),
    ("2nd question", "second_question_s", True),
    (f"{VIDEO_FRAMES} frames: encode", "video_encode_s", True),
    ("prefill", "video_prefill_s", True),
    ("tokens/s", "video_tokens_per_s", False),
    ("MB, 1 picture", "picture_peak_mb", True),
    (f"MB, {VIDEO_FRAMES} frames", "peak_mb", True),
    ("load", "load_s", True),
)


def best_of(figures: list[Figures]) -> dict[str, float]:
    """Return the best value of each field that any contender has."""
    best = {}
    for _, field, less in _COLUMNS:
        if values := [value for each in figures if (value := getattr(each, field)) is not None]:
            best[field] = (min if less else max)(values)
    return best


def ratios_to(figures: Figures, best: dict[str, float]) -> dict[str, float]:
    """Return how many times better than the best of others a contender is in each field; below 1 is worse.

    Fields that one of them doesn't have are left out.
    """
    ratios = {}
    for _, field, less in _COLUMNS:
        value = getattr(figures, field)
        if field in best and value is not None:
            ratios[field] = round(best[field] / value if less else value / best[field], 2)
    return ratios


def count_same_tokens(figures: Figures, exact: Figures | None) -> list[int] | None:
    """Return how many greedy tokens are `exact`'s before the first that isn't: after one picture, and after the video."""
    if exact is None:
        return None
    pairs = ((figures.picture_tokens, exact.picture_tokens), (figures.video_tokens, exact.video_tokens))
    return [next((i for i, (a, b) in enumerate(zip(*pair, strict=True)) if a != b), len(pair[0])) for pair in pairs]


def format_same_tokens(data: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each contender whose tokens were compared with those of transformers in float32."""
    for name, each in data.items():
        if each["same_tokens"] and not name.startswith("transformers"):
            picture, video = each["same_tokens"]
            yield f"{name}: the first {picture} tokens after a picture and {video} after the video, of {DECODED_TOKENS}, are transformers'"


def format_table(measured: dict[str, Figures], best: dict[str, dict[str, float]], remarks: Sequence[str]) -> str:
    """Return the figures as a table for people, with ratios to the best of each of the others, and what should be known of those."""
    rows = [["", *(title for title, _, _ in _COLUMNS)]]
    for name, figures in measured.items():
        ratios = [ratios_to(figures, each) for each in best.values()] if name.startswith("ours") else []
        rows.append([name, *(_cell(getattr(figures, field), [each.get(field) for each in ratios]) for _, field, _ in _COLUMNS)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{row[0]:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)) for row in rows
    ]
    if best:
        lines.append(f"(x: times better than the best of {', of '.join(best)} in the same run; seconds, medians)")
        lines += [f"({remark})" for remark in remarks]
    return "\n".join(lines)


def _cell(value: float | None, ratios: list[float | None]) -> str:
    """A dash for what isn't there."""
    if value is None:
        return "-"
    number = f"{value:.3g}" if value < 100 else f"{value:.0f}"
    told = ", ".join("-" if ratio is None else f"{ratio:.1f}x" for ratio in ratios)
    return f"{number} ({told})" if told else number
