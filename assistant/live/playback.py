"""What the speaking thread does: sound -> loudspeaker, unless the user is speaking. Knows no loudspeaker by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from assistant.live.session import Session
from assistant.messages import AudioChunk, Earcon, Sentence


def play_sounds(session: Session) -> None:
    """Play what is ready to be heard, and note how much of it was, until the session's sounds are closed."""
    for prepared in session.sounds:
        spoken = prepared.spoken
        is_stale = partial(session.turns.is_stale, spoken.turn)
        if not session.turn_taking.wait_for_turn(is_stale):
            session.report("dropped", {"turn": spoken.turn, "why": "the user spoke or pressed the key"})
            continue
        if isinstance(spoken, Earcon):
            session.speaker.play(prepared.chunks(), is_stale)
            continue
        session.says(spoken.text)
        session.history.plays(spoken)
        heard_s = session.speaker.play(_reported(session, prepared.chunks(), spoken), is_stale)
        heard = prepared.heard(heard_s)
        session.history.heard(heard)
        session.report("heard", {"turn": spoken.turn, "text": spoken.text, "share": round(heard.share, 2)})


def _reported(session: Session, chunks: Iterator[AudioChunk], sentence: Sentence) -> Iterator[AudioChunk]:
    """The chunks; the first is reported as it goes to the loudspeaker."""
    for number, chunk in enumerate(chunks):
        if number == 0:
            session.waiting.answered()
            finding = sentence.finding
            region = vars(finding.region) if finding and finding.region else None
            session.report("sound", {"turn": sentence.turn, "text": sentence.text, "language": sentence.language, "region": region})
        yield chunk
