"""From sound to utterances and their words: iterators in, iterators out. **Works only while it is iterated.**

Knows no device, thread or engine; whoever calls it chooses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

import numpy as np

from assistant.hearing.utterances import HearingEvent, UtteranceSegmenter
from assistant.interfaces import Microphone, VoiceDetector
from assistant.messages import AudioChunk, Utterance
from assistant.settings import EarSettings

SAMPLE_RATE_HZ = 16_000


def listen(chunks: Iterable[AudioChunk], detector: VoiceDetector, segmenter: UtteranceSegmenter) -> Iterator[HearingEvent]:
    """Yield when speech starts, pauses and goes on and, once it has ended, the utterance; the last one when the chunks end."""
    detector.reset()
    for chunk in chunks:
        yield from segmenter.process(chunk, detector.speech_probability(chunk))
    yield from segmenter.flush()


def whole_utterance(microphone: Microphone, longest_s: float = 30.0) -> Utterance:
    """Return a recording as one utterance, for a file that holds a single question; what comes after `longest_s` is left out."""
    chunks = list(takewhile(lambda chunk: chunk.time_s < longest_s, microphone.chunks()))
    if not chunks:
        return Utterance(np.zeros(0, np.float32), SAMPLE_RATE_HZ, 0.0, 0.0)
    last = chunks[-1]
    samples = np.concatenate([chunk.samples for chunk in chunks])
    return Utterance(samples, last.sample_rate_hz, chunks[0].time_s, last.time_s + last.duration_s)


def next_utterance(microphone: Microphone, detector: VoiceDetector, settings: EarSettings) -> Utterance:
    """Return the next thing said into a microphone as soon as it has ended; without sound if the microphone ends before."""
    events = listen(microphone.chunks(), detector, UtteranceSegmenter(settings))
    silence = Utterance(np.zeros(0, np.float32), SAMPLE_RATE_HZ, 0.0, 0.0)
    return next((event for event in events if isinstance(event, Utterance)), silence)
