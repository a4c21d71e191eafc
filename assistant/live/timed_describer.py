"""A describer that tells how long the one inside it takes: what the trace of a turn can't see from outside."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from assistant.interfaces import SceneDescriber
from assistant.live.answer_worker import Report
from assistant.messages import AnswerThresholds, Detail, Keyframe, MomentThresholds, Scores, View


class TimedDescriber:
    """Implements `interfaces.SceneDescriber`; reports "first_token" and, of each answer, "tokens" (pieces of text)."""

    def __init__(self, describer: SceneDescriber, report: Report) -> None:
        self._describer = describer
        self._report = report

    @property
    def max_pictures(self) -> int:
        return self._describer.max_pictures

    @property
    def thresholds(self) -> AnswerThresholds | None:
        return self._describer.thresholds

    @property
    def moment_thresholds(self) -> MomentThresholds:
        return self._describer.moment_thresholds

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        return self._describer.look(keyframes, detail, duration_s=duration_s)

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        count = 0
        for piece in self._describer.answer(view, question, detail, whole_picture=whole_picture):
            if not count:
                self._report("first_token", {})
            count += 1
            yield piece
        self._report("tokens", {"count": count})

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, floor: float = -math.inf) -> list[float]:
        return self._describer.log_likelihoods(view, question, answers, floor=floor)

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> Scores:
        return self._describer.token_log_likelihoods(view, question, answer)

    def unload(self) -> None:
        self._describer.unload()
