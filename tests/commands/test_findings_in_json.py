"""Other programs get every finding of text as JSON."""

from __future__ import annotations

import json

import pytest

from assistant.answering.finding_data import finding_data
from assistant.messages import Finding, FindingKind, Region, Sentence, TextPiece


@pytest.mark.parametrize("kind", ["reading", "translation"])
def test_what_was_read_is_told_piece_by_piece(kind: FindingKind) -> None:
    pieces = (TextPiece("sure", "Total"), TextPiece("unreadable_number", ""))
    finding = Finding(kind, pieces, 0.9, "text", region=Region(0.1, 0.2, 0.3, 0.4), language="en")
    told = json.loads(json.dumps(finding_data(Sentence("Total a number", "en", finding=finding), ())))
    assert told["value"] == [{"kind": "sure", "text": "Total"}, {"kind": "unreadable_number", "text": ""}]
    assert told["region"] == {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}
