"""A recording in which the speaker changes the language: a recogniser hears one language and drops the rest without a word."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from assistant.hearing.listen import listen
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.interfaces import Transcriber, VoiceDetector
from assistant.messages import AudioChunk, Utterance
from assistant.settings import EarSettings

PAUSE_S = 0.2
"""Of silence between two parts; within a sentence pauses are mostly shorter."""
SURE = 0.5
"""Probability from which a part's language is believed: short parts of one language are easily taken for another."""
CHUNK_SAMPLES = 512


def parts_by_language(
    whole: Utterance, detector: VoiceDetector, transcriber: Transcriber, settings: EarSettings
) -> list[tuple[Utterance, str | None]]:
    """Return the parts of a recording that are surely in different languages, each with its language; else the whole and None.

    `detector` must not be the transcriber's own, for both keep state.
    """
    segmenter = UtteranceSegmenter(replace(settings, end_silence_s=PAUSE_S))
    parts = [event for event in listen(_chunks(whole), detector, segmenter) if isinstance(event, Utterance)]
    if len(parts) < 2:
        return [(whole, None)]
    heard = [transcriber.transcribe(part.samples, part.sample_rate_hz, speech_probabilities=part.speech_probabilities) for part in parts]
    said = [(part, each) for part, each in zip(parts, heard, strict=True) if each.text]
    is_sure = all(each.language_probability >= SURE and each.confidence >= settings.confidence_floor for _, each in said)
    if not is_sure or len({each.language for _, each in said}) < 2:
        return [(whole, None)]
    return [(part, each.language) for part, each in said]


def _chunks(utterance: Utterance) -> list[AudioChunk]:
    rate_hz = utterance.sample_rate_hz
    blocks = np.pad(utterance.samples, (0, -len(utterance.samples) % CHUNK_SAMPLES)).reshape(-1, CHUNK_SAMPLES)
    return [AudioChunk(block, rate_hz, number * CHUNK_SAMPLES / rate_hz) for number, block in enumerate(blocks)]
