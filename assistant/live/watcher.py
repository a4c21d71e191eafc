"""What the watching thread does: camera -> keyframes -> scene memory. Knows no camera by name."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.live.job_queue import LookAhead
from assistant.live.session import Session
from assistant.messages import Frame, Keyframe
from assistant.seeing.frame_quality import FreezeDetector, is_hidden, thumbnail
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.seeing.lens_cover import LensCover
from assistant.seeing.light_changes import LightChanges

FOLLOW_EVERY_S = 0.09
"""Seconds from one frame to the next that is looked at for the light and for a hand before the lens."""


class Watcher:
    """Owned by the watching thread."""

    def __init__(self, session: Session, camera_is_live: bool) -> None:
        """`camera_is_live`: a sensor never gives the same picture twice, so one that does is frozen; a recording may."""
        self._session = session
        self._camera_is_live = camera_is_live
        self._light = LightChanges()
        self._cover = LensCover()
        self._followed_s = float("-inf")
        self._spoken_to = 0
        """The turn whose words were being said when the last frame came."""

    def watch(self, frames: Iterator[Frame]) -> None:
        """Remember the frames that matter, and have each looked at, until they end."""
        try:
            for keyframe in self.keyframes(frames):
                self._session.memory.add(keyframe)
                self._session.jobs.put(LookAhead())
                event = {"time_s": keyframe.frame.time_s, "reason": keyframe.reason, "problem": keyframe.problem}
                self._session.report("keyframe", event)
        finally:
            self._session.control.is_held = False  # nobody would see the lens uncovered

    def keyframes(self, frames: Iterator[Frame]) -> Iterator[Keyframe]:
        """Yield the frames that matter; a camera that freezes gives one with that problem, and a first keyframe once it goes on."""
        settings, freezing, frozen = self._session.settings.keyframes, FreezeDetector(), False
        selector = KeyframeSelector(settings)
        for frame in frames:
            self._session.memory.note_frame(self._session.clock(), frame)
            if frame.time_s - self._followed_s >= FOLLOW_EVERY_S or frame.time_s < self._followed_s:
                self._followed_s = frame.time_s
                self._follow(Frame(thumbnail(frame.picture), frame.time_s))
            was_frozen, frozen = frozen, self._camera_is_live and freezing.is_frozen(frame.picture, frame.time_s)
            if frozen and not was_frozen:
                yield Keyframe(frame, "change", problem="frozen")
                selector = KeyframeSelector(settings)
            if self._session.wants_keyframe:
                self._session.wants_keyframe, selector = False, KeyframeSelector(settings)
            keyframe = None if frozen else selector.process(frame)
            if keyframe is not None:
                yield keyframe

    def _follow(self, small: Frame) -> None:
        """Follow what happens faster than keyframes come, by a thumbnail."""
        self._tell_light(small)
        if self._camera_is_live:
            self._hold_voice(small)

    def _hold_voice(self, frame: Frame) -> None:
        """Let the voice wait while somebody covers the lens, and go on once they uncover it or say something."""
        session, turn = self._session, self._session.turns.current
        is_speaking = not session.has_spoken and turn == self._spoken_to
        self._spoken_to = turn
        session.control.is_held = self._cover.holds_voice(is_hidden(frame.picture), is_speaking, frame.time_s)

    def _tell_light(self, frame: Frame) -> None:
        """Say at once that the light went out or came on, where the user wants to hear of changes."""
        if self._session.narrator.mode == "quiet":
            return
        if change := self._light.process(frame.picture, frame.time_s):
            self._session.offer(self._session.phrase(change))
