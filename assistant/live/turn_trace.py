"""One record a turn, made of the loop's events: what was asked and said, when each step came, and what was dropped. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_WAITED = {"end_of_speech": "speech_end_s", "text": "text_s", "look": "look_s", "answer": "first_sentence_s", "sound": "first_sound_s"}
"""What the user waited for -> when it came."""
MOST_TEXTS = 32
"""Sentences and drops kept of one turn."""

# Event -> the field that gets its time, of the first such event of the turn.
_FIRST = {"question": "text_s", "look": "look_s", "first_token": "first_token_s", "sentence": "first_sentence_s", "sound": "first_sound_s"}


class TurnTrace:
    """Makes records of turns out of events, which it must be fed in order."""

    def __init__(self) -> None:
        self._record: dict[str, Any] = _empty(0)

    def feed(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the record of the turn that the event ends, if it begins another.

        `event`: as the loop reports it, with "event", "time_s" and, where it belongs to one, "turn".
        """
        turn = event.get("turn", self._record["turn"])
        if turn > self._record["turn"]:
            yield from self.flush()
            self._record = _empty(turn)
        elif turn < self._record["turn"]:
            return  # told too late of a turn that is over
        self._add(event["event"], event)

    def flush(self) -> Iterator[dict[str, Any]]:
        """Yield the record of the last turn, if anything was asked or said in it."""
        record = self._record
        if record["text_s"] is not None or record["sentences"]:
            yield record | {"waits_s": waits_s(record)}

    def _add(self, name: str, event: dict[str, Any]) -> None:
        record, time_s = self._record, event["time_s"]
        field = _FIRST.get(name)
        if field and record[field] is None:
            record[field] = time_s
        match name:
            case "speech_ended":
                record["speech_end_s"] = time_s
                record["silence_s"] = event.get("silence_s")
            case "question":
                record |= {"question": event["text"], "language": event["language"]}
            case "tokens":
                record["tokens"] += event["count"]
            case "sentence" if len(record["sentences"]) < MOST_TEXTS:
                record["sentences"].append(event["text"])
            case "heard":
                record["last_sound_s"] = time_s
                record["heard"].append(event["share"])
            case "dropped" if len(record["dropped"]) < MOST_TEXTS:
                record["dropped"].append({"text": event.get("text", ""), "why": event.get("why", "the user spoke or pressed the key")})
            case "sound_message":
                record["sound_messages"] += 1
            case "trouble":
                record["trouble"] = event["what"]
        record["resident_bytes"] = event.get("resident_bytes", record["resident_bytes"])


def waits_s(record: dict[str, Any]) -> dict[str, float]:
    """Return the seconds from the user's last word to each step of the answer, below 0 for what was done ahead; {} without a question."""
    if record["speech_end_s"] is None or record["silence_s"] is None:
        return {}
    since_s = record["speech_end_s"] - record["silence_s"]
    return {step: round(record[field] - since_s, 3) for step, field in _WAITED.items() if record[field] is not None}


def _empty(turn: int) -> dict[str, Any]:
    times = dict.fromkeys(("speech_end_s", "silence_s", *_FIRST.values(), "last_sound_s"))
    return {
        "turn": turn,
        **times,
        "question": "",
        "language": "",
        "tokens": 0,
        "sound_messages": 0,
        "resident_bytes": 0,
        "sentences": [],
        "heard": [],
        "dropped": [],
    }
