"""Times as each language says them to somebody who listens: "1 minute 5 seconds", "1 Minute 5 Sekunden", not "1:05"."""

from __future__ import annotations

from assistant.languages import FALLBACK

_KANA = {"hour": "じかん", "minute": "ふん", "second": "びょう"}
"""In Japanese, of which voices know no kanji."""


def time_words(time_s: float, language: str = FALLBACK) -> str:
    """Return a time of a recording in the words of a language: "5 seconds", "2 hours", "1 hour 3 minutes" (no seconds after an hour)."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (0 if hours else seconds, "second")]
    told = [part for part in parts if part[0]] or [parts[-1]]
    return " ".join(_counted(number, unit, language) for number, unit in told)


def _counted(number: int, unit: str, language: str) -> str:
    if language == FALLBACK:
        return f"{number} {unit}{'' if number == 1 else 's'}"
    if language == "ja":
        return f"{number}{_KANA[unit]}"
    from babel.units import format_unit  # takes 50 ms, and few sessions ever need it

    return str(format_unit(number, unit, length="long", locale=language)).replace("\u00a0", " ")
