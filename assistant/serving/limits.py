"""How much a program may ask of the service, and how often. Pure: time is told."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated

from msgspec import Meta

from assistant.settings import CheckedSettings


class ServingLimits(CheckedSettings, frozen=True):
    """The bounds of the service, with defaults that suit two cores."""

    body_bytes: Annotated[int, Meta(ge=1024, le=1 << 30)] = 32 << 20
    """Of one request: a picture in base64 takes a third more than its file."""
    text_characters: Annotated[int, Meta(ge=16, le=100_000)] = 4000
    """Of a text that is to be spoken."""
    question_characters: Annotated[int, Meta(ge=16, le=10_000)] = 1000
    sound_s: Annotated[float, Meta(ge=1.0, le=36_000.0)] = 600.0
    """Of a recording that is written down; a longer one is refused."""
    pictures: Annotated[int, Meta(ge=1, le=64)] = 4
    """In one conversation; the model looks at the last ones."""
    waiting: Annotated[int, Meta(ge=0, le=10_000)] = 64
    """Requests that wait for one engine; more are sent away with 503."""
    wait_s: Annotated[float, Meta(ge=0.1, le=3600.0)] = 120.0
    """A request that hasn't had its turn by then is sent away."""
    body_s: Annotated[float, Meta(ge=0.1, le=3600.0)] = 20.0
    """In which a request must have arrived."""
    per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 600
    """Requests of one address; more are sent away with 429."""
    live: Annotated[int, Meta(ge=1, le=1000)] = 8
    """Connections to /live at a time."""
    live_s: Annotated[float, Meta(ge=1.0, le=86_400.0)] = 3600.0
    """That one may last; then its client connects again."""
    live_idle_s: Annotated[float, Meta(ge=0.1, le=3600.0)] = 120.0
    """Without a message one is closed."""
    live_messages_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 240
    """JSON messages of one connection, pictures among them; sound is bounded by its own time."""
    live_message_bytes: Annotated[int, Meta(ge=1024, le=1 << 30)] = 12 << 20
    """Of one message: a picture in base64, or sound."""
    streams: Annotated[int, Meta(ge=1, le=1000)] = 16
    """Listeners to /events at a time."""


class RateLimit:
    """A token bucket an address (RFC 2697's, without colours): a burst of half a minute's, then one at a time."""

    MOST_ADDRESSES = 1024
    """Remembered; the one that was heard of longest ago goes first."""

    def __init__(self, per_minute: int) -> None:
        self._per_s = per_minute / 60
        self._room = max(1.0, per_minute / 2)
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def retry_after_s(self, address: str, now_s: float) -> float:
        """Count a request; return 0 if it may be served, else the seconds after which one may."""
        tokens, before_s = self._tokens.pop(address, (self._room, now_s))
        tokens = min(self._room, tokens + (now_s - before_s) * self._per_s)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) / self._per_s
        self._tokens[address] = (tokens if wait_s else tokens - 1, now_s)
        if len(self._tokens) > self.MOST_ADDRESSES:
            self._tokens.popitem(last=False)
        return wait_s
