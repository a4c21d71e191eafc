"""Fits a model's thresholds for `assistant find` and `watch` on clips of training photographs, and writes them for its folder.

    python -m models.training.fit_moments --model DIR --out models/starter/moment_thresholds.json [--data ../shared/data] [--clips N]

Half of the queries are captions of a clip's scenes, half of photographs that aren't in it. A logistic line leads from the evidence
of the likeliest keyframe to whether it shows the query.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.benchmarks.video_clips import Clip, Photograph, read_photographs
from assistant.benchmarks.videos import SCENES, THINGS, ClipSearch, make_clips, scenes_with
from assistant.messages import MomentThresholds, Scores, View
from assistant.runtimes.smolvlm2 import Smolvlm2Describer
from assistant.videos.find_moments import CANDIDATES
from assistant.videos.queries import Background, Query
from models.training.judging import fit_logistic

SEED = 7
REFUSED = 0.70
"""Share of the absent queries that `found` refuses."""
PENALTY = 1.0
"""On the squares of the standardised weights."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a clip says to one query."""

    scene: int | None
    """That shows it; None if none does."""
    empty: Scores
    scores: list[Scores]
    """Of each keyframe."""
    scenes: list[int]
    """That each keyframe shows."""
    peaks: list[int]
    """The keyframes at which it is likeliest, best first."""
    thing_log_odds: list[float]
    """Of each peak."""

    @property
    def right(self) -> bool:
        return self.scenes[self.peaks[0]] == self.scene

    def unrelated_nats(self) -> list[float]:
        """By which each picture that doesn't show the query makes it likelier than the empty one does."""
        return [float(s.sum() - self.empty.sum()) for s, scene in zip(self.scores, self.scenes, strict=True) if scene != self.scene]

    def clues(self, thresholds: MomentThresholds) -> list[tuple[float, float]]:
        """Of each peak: the evidence, and the log-odds of its things."""
        background = Background(thresholds, self.empty)
        for each in self.scores:
            background.add(each)
        evidence = [background.evidence(self.scores[peak], [self.scores[peak]]) for peak in self.peaks]
        return list(zip(evidence, self.thing_log_odds, strict=True))

    def score(self, thresholds: MomentThresholds) -> float:
        """As `find` judges the best moment."""
        background = Background(thresholds, self.empty)
        return max(background.probability(*clues) for clues in self.clues(thresholds))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a folder in the SmolVLM2 layout")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", type=int, default=8, help=f"of {SCENES} scenes each")
    parser.add_argument("--threads", type=int, default=0, help="0 = one per core")
    parser.add_argument("--out", type=Path, required=True, help="write the thresholds here")
    options = parser.parse_args(arguments)
    describer = Smolvlm2Describer(options.model, options.threads)
    asked: list[Asked] = []
    things: list[tuple[float, bool]] = []
    for clip, absent in _clips(options.data, options.clips):
        search = ClipSearch(describer, clip)
        views, scenes = search.views(), [_scene_at(clip, time_s) for time_s in search.times_s]
        captions = [*((p.one_caption, scene) for scene, p in enumerate(clip.photographs)), *((p.one_caption, None) for p in absent)]
        queries = [(Query(describer, caption, search.empty_view()), scene) for caption, scene in captions]
        asked += [_ask(query, search.empty_view(), views, scenes, scene) for query, scene in queries if not query.thing]
        for thing in THINGS:
            log_odds = [float(Query(describer, thing, search.empty_view()).scores(view).sum()) for view in views]
            things.append((max(log_odds), scenes[int(np.argmax(log_odds))] in scenes_with(thing, clip)))
        right = float(np.mean([each.right for each in asked if each.scene is not None]))
        print(f"{len(asked)} captions; of those of a scene, {right:.2f} are likeliest there", flush=True)
    thresholds = fit(asked, things)
    options.out.write_text(json.dumps(dataclasses.asdict(thresholds), indent=2) + "\n", encoding="utf-8")
    print(thresholds)


def fit(asked: Sequence[Asked], things: Sequence[tuple[float, bool]]) -> MomentThresholds:
    """`things`: for each that was asked for, the highest log-odds in its clip and whether it was right."""
    empty_nats = float(np.mean([nats for each in asked for nats in each.unrelated_nats()]))
    known = dataclasses.replace(MomentThresholds(), empty_nats=empty_nats)
    clues = np.array([each.clues(known)[0] for each in asked])
    (slope, per_thing), offset = _logistic(clues, np.array([each.right for each in asked]))
    (thing_slope,), thing_offset = _logistic(np.array([[log_odds] for log_odds, _ in things]), np.array([right for _, right in things]))
    fitted = MomentThresholds(*(round(float(n), 3) for n in (offset, slope, per_thing, thing_offset, thing_slope, empty_nats)))
    absent = [each.score(fitted) for each in asked if each.scene is None]
    return dataclasses.replace(fitted, found=round(float(np.quantile(absent, REFUSED)), 3))


def _logistic(clues: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights [clues] and offset of a logistic regression."""
    spread = clues.std(0) + 1e-9
    design = np.column_stack([clues / spread, np.ones(len(clues))])
    weights = fit_logistic(design, right, PENALTY * np.append(np.ones(clues.shape[1]), 0.0))
    return weights[:-1] / spread, float(weights[-1])


def _clips(data: Path, count: int) -> Iterator[tuple[Clip, list[Photograph]]]:
    """Of training photographs."""
    with tempfile.TemporaryDirectory() as folder:
        yield from make_clips(read_photographs(data, "train"), data, count, Path(folder), SEED)


def _ask(query: Query, empty: View, views: list[View], scenes: list[int], scene: int | None) -> Asked:
    scores = [query.scores(view) for view in views]
    peaks = [int(i) for i in np.argsort([-each.sum() for each in scores])[:CANDIDATES]]
    return Asked(scene, query.scores(empty), scores, scenes, peaks, [query.thing_log_odds(views[peak]) for peak in peaks])


def _scene_at(clip: Clip, time_s: float) -> int:
    return int(np.searchsorted(clip.starts_s, time_s, side="right")) - 1


if __name__ == "__main__":
    main()
