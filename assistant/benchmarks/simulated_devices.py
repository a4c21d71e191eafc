"""Cameras, microphones and loudspeakers that the benchmarks of the live loop run on in place of real ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np

from assistant.benchmarks.scripted_videos import Film
from assistant.messages import AudioChunk, Frame, Picture, Sound

RATE_HZ, CHUNK_SAMPLES = 16_000, 512
GAP_S = 1.2
"""Seconds of silence before each question."""
LONGEST_WAIT_S = 30.0
"""Seconds to wait for the first sound of an answer; then the question counts as unanswered and the next one comes."""
ROOM_NOISE = 0.0005
"""Standard deviation of a quiet room's noise, full scale being 1."""


class FilmCamera:
    """Implements `interfaces.Camera`: plays a film once, in real time, then waits to be closed."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._closed = threading.Event()
        self.began_s = time.monotonic()

    def frames(self) -> Iterator[Frame]:
        """Yield each frame when it is due."""
        self.began_s = time.monotonic()
        for frame in self._film.frames():
            if self._closed.wait(max(0.0, self.began_s + frame.time_s - time.monotonic())):
                return
            yield frame
        self._closed.wait()

    def close(self) -> None:
        """End `frames`."""
        self._closed.set()


class StillCamera:
    """Implements `interfaces.Camera`: a live camera on one scene, with a sensor's noise."""

    def __init__(self, scene: Picture | None = None, frames_per_s: float = 10.0, *, noise: float = 3.0, different: int = 40) -> None:
        """Make so many different frames beforehand. `scene`: uint8 [H, W, 3], by default coloured squares [360, 640, 3]."""
        rng = np.random.default_rng(1)
        still = np.kron(rng.integers(40, 215, (9, 16, 3)), np.ones((40, 40, 1))) if scene is None else scene.astype(np.float32)
        self._pictures = [np.clip(still + rng.normal(0, noise, still.shape), 0, 255).astype(np.uint8) for _ in range(different)]
        self._frames_per_s = frames_per_s
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """Yield a frame whenever it is due, until `close`."""
        began_s = time.monotonic()
        for number, picture in enumerate(cycle(self._pictures)):
            if self._closed.wait(max(0.0, began_s + number / self._frames_per_s - time.monotonic())):
                return
            yield Frame(picture, time.monotonic())

    def close(self) -> None:
        """End `frames`."""
        self._closed.set()


class SilentMicrophone:
    """Implements `interfaces.Microphone` in a room where nobody speaks."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield silence in real time until `close`."""
        number = 0
        while not self._closed.wait(CHUNK_SAMPLES / RATE_HZ):
            yield AudioChunk(np.zeros(CHUNK_SAMPLES, np.float32), RATE_HZ, number * CHUNK_SAMPLES / RATE_HZ)
            number += 1

    def close(self) -> None:
        """End `chunks`."""
        self._closed.set()


class QuestionMicrophone:
    """Implements `interfaces.Microphone` in real time: silence, a question when the last one has been answered, silence."""

    def __init__(self, questions: list[Sound]) -> None:
        self._questions = questions
        self.count = len(questions)
        self._closed = threading.Event()
        self._answered = threading.Event()
        self.speech_end_s: list[float] = []
        """When the last sample of each question was heard, by time.monotonic()."""
        self.unanswered = 0

    def answered(self) -> None:
        """Note that the first sound of an answer is there: the next question may come."""
        self._answered.set()

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield the questions, with silence between them, until the last one is answered or `close`."""
        rng = np.random.default_rng(0)
        self._began_s, self._sent = time.monotonic(), 0
        for question in self._questions:
            yield from self._play(np.zeros(round(GAP_S * RATE_HZ), np.float32), rng)
            self._answered.clear()
            yield from self._play(question, rng)
            self.speech_end_s.append(time.monotonic())
            give_up_s = time.monotonic() + LONGEST_WAIT_S
            while not self._answered.is_set() and not self._closed.is_set():
                if time.monotonic() > give_up_s:
                    self.unanswered += 1
                    break
                yield from self._play(np.zeros(CHUNK_SAMPLES, np.float32), rng)

    def close(self) -> None:
        """End `chunks`."""
        self._closed.set()

    def _play(self, samples: Sound, rng: np.random.Generator) -> Iterator[AudioChunk]:
        padded = np.pad(samples, (0, -len(samples) % CHUNK_SAMPLES)).reshape(-1, CHUNK_SAMPLES)
        for block in padded:
            time_s = self._sent * CHUNK_SAMPLES / RATE_HZ
            self._sent += 1
            self._closed.wait(max(0.0, self._began_s + self._sent * CHUNK_SAMPLES / RATE_HZ - time.monotonic()))
            if self._closed.is_set():
                return
            yield AudioChunk((block + rng.normal(0, ROOM_NOISE, CHUNK_SAMPLES)).astype(np.float32), RATE_HZ, time_s)


class RealTimeSpeaker:
    """Implements `interfaces.Speaker`: takes as long as the sound lasts, and makes none."""

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Wait until the sound would be over or `is_stale()`; return the seconds that would have been heard."""
        heard_s = 0.0
        for chunk in chunks:
            until_s = time.monotonic() + chunk.duration_s
            while not is_stale() and time.monotonic() < until_s:
                time.sleep(0.02)
            if is_stale():
                break
            heard_s += chunk.duration_s
        return heard_s

    def close(self) -> None:
        """Do nothing: there is no device."""


class InstantSpeaker:
    """Implements `interfaces.Speaker`: takes every sound at once."""

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        """Take all chunks unless `is_stale()`; return their seconds."""
        heard_s = 0.0
        for chunk in chunks:
            if is_stale():
                break
            heard_s += chunk.duration_s
        return heard_s

    def close(self) -> None:
        """Do nothing: there is no device."""
