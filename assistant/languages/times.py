"""Times as each language says them: "1 minute 5 seconds", "1 Minute 5 Sekunden"."""

from __future__ import annotations


def time_words(time_s: float, language: str) -> str:
    """Return a time of a recording in the words of a language, hours and seconds only where there are some."""
    from babel.units import format_unit  # takes 50 ms, and few sessions ever need it

    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")]
    told = [part for part in parts if part[0]] or [parts[-1]]
    return " ".join(format_unit(number, unit, length="long", locale=language) for number, unit in told)
