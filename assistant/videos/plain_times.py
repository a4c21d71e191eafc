"""Times as they are said to somebody who listens: "1 minute 5 seconds", not "1:05"."""

from __future__ import annotations


def plain_time(time_s: float) -> str:
    """Word a time: "5 seconds", "1 minute 5 seconds", "2 hours", "1 hour 3 minutes" (seconds are left out after an hour)."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (0 if hours else seconds, "second")]
    said = " ".join(f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number)
    return said or "0 seconds"


def plain_span(start_s: float, end_s: float) -> str:
    """Word a span of time: "from 5 seconds to 12 seconds", or "at 5 seconds" when they sound the same."""
    start, end = plain_time(start_s), plain_time(end_s)
    return f"at {start}" if start == end else f"from {start} to {end}"
