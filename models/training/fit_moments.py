"""Fits a model's thresholds for `assistant find` and `watch` on clips of development photographs, and writes them for its folder.

    python -m models.training.fit_moments --model DIR --out models/starter/moment_thresholds.json [--data ../shared/data] [--clips N]

Half of the queries are captions of a clip's scenes, half of photographs that aren't in it. A logistic line leads from the evidence
of the likeliest keyframe to whether it shows the query. Training photographs would mislead it, for the model knows them better than
any other; `python -m assistant.benchmarks.video_accuracy` measures on the rest of the development photographs.
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

from assistant.benchmarks.clip_search import SCENES, THINGS, ClipSearch, make_clips, scenes_with
from assistant.benchmarks.video_accuracy import FIRST
from assistant.benchmarks.video_clips import Clip, Photograph, read_photographs
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import MomentThresholds, Scores, View
from assistant.videos.find_moments import CANDIDATES
from assistant.videos.queries import Background, Query, QueryMatch
from models.training.judging import fit_logistic

SEED = 7
REFUSED = 0.78
"""Share of the absent queries that `found` refuses: more than the 0.70 that is promised, for on other clips it refuses some 0.07 fewer."""
PENALTY = 1.0
"""On the squares of the standardised weights."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a clip says to one query."""

    scene: int | None
    """That shows it; None if none does."""
    empty: Scores
    looks: list[QueryMatch]
    """At each keyframe."""
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
        sums = [float(look.scores.sum()) for look, scene in zip(self.looks, self.scenes, strict=True) if scene != self.scene]
        return [nats - float(self.empty.sum()) for nats in sums]

    def clues(self, thresholds: MomentThresholds) -> list[tuple[float, float, float]]:
        """Of each peak: the evidence, that of its words, and the log-odds of its things."""
        background = Background(thresholds, self.empty)
        for look in self.looks:
            background.add(look)
        peaks = [self.looks[peak] for peak in self.peaks]
        evidence = [(background.evidence(look, [look]), look.word_evidence) for look in peaks]
        return [(*each, things) for each, things in zip(evidence, self.thing_log_odds, strict=True)]

    def score(self, thresholds: MomentThresholds) -> float:
        """As `find` judges the best moment."""
        background = Background(thresholds, self.empty)
        return max(background.probability(*clues) for clues in self.clues(thresholds))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a folder in the SmolVLM2 layout")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", type=int, default=10, help=f"of {SCENES} scenes each")
    parser.add_argument("--threads", type=int, default=0, help="0 = one per core")
    parser.add_argument("--out", type=Path, required=True, help="write the thresholds here")
    options = parser.parse_args(arguments)
    describer = Smolvlm2Describer(options.model, options.threads)
    asked: list[Asked] = []
    things: list[tuple[float, float, bool]] = []
    for clip, absent in _clips(options.data, options.clips):
        search = ClipSearch(describer, clip)
        views, scenes = search.views(), [_scene_at(clip, time_s) for time_s in search.times_s]
        captions = [*((p.one_caption, scene) for scene, p in enumerate(clip.photographs)), *((p.one_caption, None) for p in absent)]
        queries = [(Query(describer, caption, search.empty_view()), scene) for caption, scene in captions]
        asked += [_ask(query, search.empty_view(), views, scenes, scene) for query, scene in queries if not query.thing]
        for thing in THINGS:
            query = Query(describer, thing, search.empty_view())
            looks, background = [query.match(view) for view in views], query.background()
            best = int(np.argmax([background.likeliness(look) for look in looks]))
            things.append((background.evidence(looks[best]), looks[best].word_evidence, scenes[best] in scenes_with(thing, clip)))
        right = float(np.mean([each.right for each in asked if each.scene is not None]))
        print(f"{len(asked)} captions; of those of a scene, {right:.2f} are likeliest there", flush=True)
    thresholds = fit(asked, things)
    options.out.write_text(json.dumps(dataclasses.asdict(thresholds), indent=2) + "\n", encoding="utf-8")
    print(thresholds)


def fit(asked: Sequence[Asked], things: Sequence[tuple[float, float, bool]]) -> MomentThresholds:
    """`things`: for each that was asked for, the log-odds and the words' evidence where its clip shows it best, and whether it does."""
    empty_nats = float(np.mean([nats for each in asked for nats in each.unrelated_nats()]))
    known = dataclasses.replace(MomentThresholds(), empty_nats=empty_nats)
    clues = np.array([each.clues(known)[0] for each in asked])
    (slope, per_word, per_thing), offset = _logistic(clues, np.array([each.right for each in asked]))
    bare = np.array([clues for *clues, _ in things])
    (thing_slope, thing_per_word), thing_offset = _logistic(bare, np.array([right for *_, right in things]))
    numbers = {
        "offset": offset,
        "slope": slope,
        "per_word": per_word,
        "per_thing": per_thing,
        "thing_offset": thing_offset,
        "thing_slope": thing_slope,
        "thing_per_word": thing_per_word,
        "empty_nats": empty_nats,
    }
    fitted = MomentThresholds(**{name: round(float(number), 3) for name, number in numbers.items()})
    absent = [each.score(fitted) for each in asked if each.scene is None]
    return dataclasses.replace(fitted, found=round(float(np.quantile(absent, REFUSED)), 5))


def _logistic(clues: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights [clues] and offset of a logistic regression."""
    spread = clues.std(0) + 1e-9
    design = np.column_stack([clues / spread, np.ones(len(clues))])
    weights = fit_logistic(design, right, PENALTY * np.append(np.ones(clues.shape[1]), 0.0))
    return weights[:-1] / spread, float(weights[-1])


def _clips(data: Path, count: int) -> Iterator[tuple[Clip, list[Photograph]]]:
    with tempfile.TemporaryDirectory() as folder:
        yield from make_clips(read_photographs(data)[:FIRST], data, count, Path(folder), SEED)


def _ask(query: Query, empty: View, views: list[View], scenes: list[int], scene: int | None) -> Asked:
    looks, background = [query.match(view) for view in views], query.background()
    peaks = [int(i) for i in np.argsort([-background.likeliness(look) for look in looks])[:CANDIDATES]]
    return Asked(scene, query.scores(empty), looks, scenes, peaks, [query.thing_log_odds(views[peak]) for peak in peaks])


def _scene_at(clip: Clip, time_s: float) -> int:
    return int(np.searchsorted(clip.starts_s, time_s, side="right")) - 1


if __name__ == "__main__":
    main()
