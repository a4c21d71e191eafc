"""What the watching thread does: camera -> keyframes -> scene memory. Knows no camera by name."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.live.job_queue import LookAhead
from assistant.live.session import Session
from assistant.messages import Frame, Keyframe
from assistant.seeing.frame_quality import FreezeDetector, picture_problem
from assistant.seeing.keyframe_selector import KeyframeSelector
from assistant.seeing.lens_cover import LensCover
from assistant.seeing.light_changes import LightChanges


class Watcher:
    """Owned by the watching thread."""

    def __init__(self, session: Session, camera_is_live: bool) -> None:
        """`camera_is_live`: a sensor never gives the same picture twice, so one that does is frozen; a recording may."""
        self._session = session
        self._camera_is_live = camera_is_live
        self._light = LightChanges()
        self._cover = LensCover()
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
            self._tell_light(frame)
            if self._camera_is_live:
                self._hold_voice(frame)
            was_frozen, frozen = frozen, self._camera_is_live and freezing.is_frozen(frame.picture, frame.time_s)
            if frozen and not was_frozen:
                yield Keyframe(frame, "change", problem="frozen")
                selector = KeyframeSelector(settings)
            keyframe = None if frozen else selector.process(frame)
            if keyframe is not None:
                yield keyframe

    def _hold_voice(self, frame: Frame) -> None:
        """Let the voice wait while somebody covers the lens, and go on once they uncover it or say something."""
        session, turn = self._session, self._session.turns.current
        is_speaking = not session.has_spoken and turn == self._spoken_to
        self._spoken_to = turn
        session.control.is_held = self._cover.holds_voice(picture_problem(frame.picture), is_speaking, frame.time_s)

    def _tell_light(self, frame: Frame) -> None:
        """Say at once that the light went out or came on, where the user wants to hear of changes."""
        if self._session.narrator.mode == "quiet":
            return
        if change := self._light.process(frame.picture, frame.time_s):
            self._session.offer(self._session.phrase(change))
