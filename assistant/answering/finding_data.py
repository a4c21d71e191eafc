"""Findings as plain data, for `--json` and for programs that ask the service: what DESIGN.md section 3 promises of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.languages import FALLBACK
from assistant.languages.nouns import name, nouns
from assistant.messages import Finding, Keyframe, Sentence, SingleObject


def finding_data(sentence: Sentence, rests_on: Sequence[Keyframe]) -> dict[str, Any]:
    """Return what a sentence with a finding tells, as JSON can hold it. `rests_on`: the keyframes that it is told of."""
    finding = sentence.finding
    assert finding is not None
    return {
        "kind": finding.kind,
        "value": _value(finding),
        "text": sentence.text,
        "probability": round(finding.probability, 3),
        "source": finding.source,
        "region": vars(finding.region) if finding.region else None,
        "keyframe_s": round(rests_on[-1].frame.time_s, 3) if rests_on else None,
    }


def _value(finding: Finding) -> Any:
    if isinstance(finding.value, SingleObject):
        return _named(finding.value)
    if finding.kind in ("reading", "translation") and isinstance(finding.value, tuple):
        return [vars(piece) for piece in finding.value]
    return finding.value


def _named(found: SingleObject) -> dict[str, Any]:
    """What one thing is called, in English."""
    names = {
        key: name(nouns()[synset], FALLBACK, article=False)
        for key, synset in (("noun", found.noun), ("specific", found.specific))
        if synset
    }
    probabilities = {"probability": found.probability, "specific_probability": found.specific_probability}
    return names | {key: round(value, 3) for key, value in probabilities.items() if value}
