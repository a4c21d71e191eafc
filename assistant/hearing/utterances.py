"""Cuts a stream of sound into utterances. Knows no clock, no thread and no model: it is told each chunk's speech probability."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from assistant.messages import AudioChunk, Utterance
from assistant.settings import EarSettings

HYSTERESIS = 0.15
"""Speech that has begun goes on down to this much below the threshold."""
LONGEST_GAP_S = 0.2
"""Of no speech inside a beginning; a longer gap means that it was a cough or a click."""
WORD_S = 0.096
"""Of speech in a row are a word, if more is said after it; less is a click."""
TAIL_S = 0.25
"""Kept after the last speech, for faint last consonants."""
CUT_WITHIN_S = 5.0
"""Speech that reaches the cap is cut at the quietest place of its last seconds."""
LOST_S = 0.5
"""A gap this long between chunks is a microphone that was lost: what was said before it doesn't belong to what is said after."""
PATIENCE_OVER = 2
"""Utterances for which somebody who paused longer than `end_silence_s` and went on is waited for as long again."""
LONGER_S = 0.1
"""By so much."""
SMOOTHING_CHUNKS = 3
"""Loudness is averaged over so many chunks (96 ms), so that a stop consonant isn't taken for a pause."""


@dataclass(frozen=True)
class SpeechStarted:
    """Tells that somebody has been speaking for `min_speech_s`."""

    time_s: float
    """When the first chunk of this speech was recorded."""


@dataclass(frozen=True)
class SpeechLasts:
    """Tells that somebody has been speaking for `interrupt_speech_s`: long enough to be meant."""


@dataclass(frozen=True, eq=False)
class SpeechPaused:
    """Tells what was said until a pause that may turn out to be the utterance's end."""

    utterance: Utterance


@dataclass(frozen=True)
class SpeechResumed:
    """Tells that the last pause wasn't the end."""


HearingEvent = SpeechStarted | SpeechLasts | SpeechPaused | SpeechResumed | Utterance


@dataclass(frozen=True)
class _Judged:
    chunk: AudioChunk
    probability: float
    is_speech: bool


class UtteranceSegmenter:
    """Cuts one stream of sound, fed chunk after chunk, into utterances; holds at most one of them.

    Waiting, it keeps a ring of the last sound. A beginning is dropped again when a gap comes before `min_speech_s` of speech; otherwise it
    becomes an utterance, with `pre_roll_s` before it or before a short word that somebody paused behind ("Who ... is at the door?").
    `end_silence_s` ends it and `max_utterance_s` cuts it. In a conversation one that goes on within `unfinished_silence_s` although it
    was ended is told again, whole.
    """

    def __init__(self, settings: EarSettings, *, joins: bool = False) -> None:
        """`joins`: what goes on after it was ended is told again, whole; for a conversation, not for a transcript."""
        self._settings = settings
        self._joins = joins
        self._judged: deque[_Judged] = deque()
        self._told: list[_Judged] = []
        """The utterance that was ended, while it may still go on."""
        self._is_open = self._is_lasting = self._is_paused = self._ends_early = self._ends_late = False
        self._is_whole = False
        self._told_speech_s = 0.0
        """Speech of the utterance under way that was told before."""
        self.recalls_words = True
        """Whether a short word before an utterance is its beginning; not while there is a voice that it may be an echo of."""
        self._own_pauses_s = deque([0.0], maxlen=1 + PATIENCE_OVER)
        """The longest inside each of the speaker's last utterances, that under way included."""

    @property
    def is_open(self) -> bool:
        """Tell whether an utterance is under way."""
        return self._is_open

    @property
    def sounds_like_speech(self) -> bool:
        """Tell whether the last chunk was speech."""
        return bool(self._judged) and self._judged[-1].is_speech

    @property
    def may_go_on(self) -> bool:
        """Tell whether what is said next would belong to an utterance that was ended."""
        return bool(self._told)

    def close(self) -> None:
        """Take the utterance that was ended as whole, a command such as "Stop": what comes next is another. From any thread."""
        self._is_whole = True

    def end_early(self) -> None:
        """Take what was said until this pause as whole: `sure_silence_s` is enough to end it. From any thread; undone by more speech."""
        self._ends_early = self._is_paused

    def end_late(self) -> None:
        """Take what was said until this pause as a mere beginning: only `unfinished_silence_s` ends it. From any thread, as above."""
        self._ends_late = self._is_paused

    def process(self, chunk: AudioChunk, speech_probability: float) -> list[HearingEvent]:
        """Take the next chunk and its speech probability in [0, 1]; return what it began or ended."""
        ended = self.flush() if self._judged and _gap_s(self._judged[-1].chunk, chunk) > LOST_S else []
        return ended + self._judge(chunk, speech_probability)

    def _judge(self, chunk: AudioChunk, speech_probability: float) -> list[HearingEvent]:
        under_way = self._is_open or self._speech_s() > 0
        threshold = self._settings.speech_threshold - (HYSTERESIS if under_way else 0.0)
        self._judged.append(_Judged(chunk, speech_probability, speech_probability >= max(threshold, 0.01)))
        return self._process_open() if self._is_open else self._process_waiting()

    def forget(self) -> None:
        """Drop all sound, and how long the speaker pauses: another one comes."""
        self.flush()
        self._own_pauses_s = deque([0.0], maxlen=1 + PATIENCE_OVER)

    def flush(self) -> list[HearingEvent]:
        """End the stream, and return the utterance that was under way, if any."""
        utterance = self._take_utterance() if self._is_open else []
        self._judged.clear()
        self._told.clear()
        self._close()
        return utterance

    def _process_waiting(self) -> list[HearingEvent]:
        if self._is_whole:
            self._told, self._is_whole = [], False
        if self._silence_s() > LONGEST_GAP_S:
            self._keep_pre_roll()
        if self._told and not self._speech_s() and self._since_told_s() > self._settings.unfinished_silence_s:
            self._told.clear()
        if self._speech_s() < self._settings.min_speech_s:
            return []
        self._is_open = True
        self._begin_with_first_word()
        started = SpeechStarted(next(one.chunk.time_s for one in self._judged if one.is_speech))
        self._told_speech_s = sum(one.chunk.duration_s for one in self._told if one.is_speech)
        if self._told:
            self._note_pause(self._since_told_s())
        else:
            self._own_pauses_s.append(0.0)
        self._judged.extendleft(reversed(self._told))
        self._told.clear()
        return [started]

    def _process_open(self) -> list[HearingEvent]:
        silence_s, events = self._silence_s(), list[HearingEvent]()
        if not self._is_lasting and self._speech_s() - self._told_speech_s >= self._settings.interrupt_speech_s:
            self._is_lasting = True
            events.append(SpeechLasts())
        if self._is_paused and silence_s == 0:
            self._note_pause(self._silence_s(before=1))
            self._is_paused = self._ends_early = self._ends_late = False
            events.append(SpeechResumed())
        if silence_s >= self._patience_s():
            self._told = list(self._judged) if self._joins and not self._ends_late else []
            self._is_whole = False
            events += self._take_utterance()
            if self._told:
                self._judged.clear()
            else:
                self._keep_pre_roll()
            self._close()
        elif self._ends_early and silence_s >= self._settings.sure_silence_s:
            self._told, self._is_whole = list(self._judged), False
            events += self._take_utterance()
            self._judged.clear()
            self._close()
        elif _duration_s(self._judged) >= self._settings.max_utterance_s:
            events.append(self._take(self._quietest_place()))
        elif not self._is_paused and silence_s >= self._settings.pause_s:
            self._is_paused = True
            events.append(SpeechPaused(_utterance(self._judged)))
        return events

    def _close(self) -> None:
        self._is_open = self._is_lasting = self._is_paused = self._ends_early = self._ends_late = False

    def _take_utterance(self) -> list[HearingEvent]:
        """All up to the last speech and its tail; nothing if a cut has left no speech."""
        if self._speech_s() == 0:
            return []
        silent = 0
        while not self._judged[-1 - silent].is_speech:
            silent += 1
        tail = min(silent, round(TAIL_S / self._judged[-1].chunk.duration_s))
        return [self._take(len(self._judged) - silent + tail)]

    def _take(self, count: int) -> Utterance:
        return _utterance(self._judged.popleft() for _ in range(count))

    def _quietest_place(self) -> int:
        """How many chunks come before the quietest place of the last CUT_WITHIN_S, or of the second half if that is shorter."""
        chunks = [one.chunk for one in self._judged]
        loudness = np.convolve([float(np.square(chunk.samples).mean()) for chunk in chunks], np.ones(SMOOTHING_CHUNKS), "same")
        first = len(chunks) - min(round(CUT_WITHIN_S / chunks[0].duration_s), len(chunks) // 2)
        return first + int(np.argmin(loudness[first:-1]))

    def _begin_with_first_word(self) -> None:
        """Drop what lies more than `pre_roll_s` before the first word or, where that is none, before the speech that was noticed."""
        judged, chunk_s = list(self._judged), self._judged[-1].chunk.duration_s
        sounds = [one.is_speech or one.probability >= self._settings.speech_threshold for one in judged]
        word = round(WORD_S / chunk_s)
        first = next(place for place in range(len(sounds)) if judged[place].is_speech or all(sounds[place : place + word]))
        for _ in range(first - round(self._settings.pre_roll_s / chunk_s)):
            self._judged.popleft()

    def _keep_pre_roll(self) -> None:
        kept_s = self._settings.pre_roll_s + self.recalls_words * self._settings.unfinished_silence_s
        while self._judged and _duration_s(self._judged) > kept_s:
            self._judged.popleft()
        self._judged = deque(replace(one, is_speech=False) for one in self._judged)

    def _note_pause(self, pause_s: float) -> None:
        self._own_pauses_s[-1] = max(self._own_pauses_s[-1], pause_s)

    def _patience_s(self) -> float:
        """What silence ends the utterance under way, unless it is surely whole."""
        ears = self._settings
        if self._ends_late:
            return ears.unfinished_silence_s
        return max(ears.end_silence_s, min(ears.unfinished_silence_s, max(self._own_pauses_s) + LONGER_S))

    def _since_told_s(self) -> float:
        last_speech = next(one.chunk for one in reversed(self._told) if one.is_speech)
        return self._judged[-1].chunk.time_s - last_speech.time_s

    def _speech_s(self) -> float:
        return sum(one.chunk.duration_s for one in self._judged if one.is_speech)

    def _silence_s(self, before: int = 0) -> float:
        """Since the last speech, as it was so many chunks before."""
        silence_s = 0.0
        for one in islice(reversed(self._judged), before, None):
            if one.is_speech:
                break
            silence_s += one.chunk.duration_s
        return silence_s


def _utterance(parts: Iterable[_Judged]) -> Utterance:
    judged = list(parts)
    chunks = [one.chunk for one in judged]
    return Utterance(
        samples=np.concatenate([chunk.samples for chunk in chunks]),
        sample_rate_hz=chunks[0].sample_rate_hz,
        start_s=chunks[0].time_s,
        end_s=chunks[-1].time_s + chunks[-1].duration_s,
        speech_probabilities=np.array([one.probability for one in judged], np.float32),
    )


def last_part(utterance: Utterance, from_s: float) -> Utterance:
    """Return what was said from a time on, in whole chunks."""
    probabilities = utterance.speech_probabilities
    if probabilities is None or not len(probabilities):
        return utterance
    chunk_samples = len(utterance.samples) // len(probabilities)
    chunks = min(len(probabilities), math.ceil((utterance.end_s - from_s) * utterance.sample_rate_hz / chunk_samples))
    samples = utterance.samples[-chunks * chunk_samples :]
    start_s = utterance.end_s - len(samples) / utterance.sample_rate_hz
    return replace(utterance, samples=samples, start_s=start_s, speech_probabilities=probabilities[-chunks:])


def _gap_s(before: AudioChunk, after: AudioChunk) -> float:
    return abs(after.time_s - before.time_s - before.duration_s)


def _duration_s(judged: deque[_Judged]) -> float:
    return sum(one.chunk.duration_s for one in judged)
