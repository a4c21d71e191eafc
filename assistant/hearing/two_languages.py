"""Speech in which the speaker changes the language: a recogniser hears one language and drops the rest without a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from assistant.hearing.listen import listen
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.interfaces import Microphone, Transcriber, VoiceDetector
from assistant.languages.normalized import normalize
from assistant.messages import AudioChunk, Transcript, Utterance
from assistant.settings import EarSettings

PAUSE_S = 0.2
"""Of silence between two parts; within a sentence pauses are mostly shorter."""
SHORTEST_S = 0.6
"""Of a part; what is shorter is a word or two, of which nobody can tell the language."""
SURE = 0.5
"""Probability from which a part's language is believed: short parts of one language are easily taken for another."""
CHUNK_SAMPLES = 512


def parts_if_dropped(
    whole: Utterance, text: str, transcriber: Transcriber, settings: EarSettings, detector: VoiceDetector | None = None
) -> list[tuple[Utterance, Transcript]]:
    """Return the parts of an utterance and what is said in each, if the recogniser has dropped one of them; else [].

    Args:
        whole: an utterance, or a recording.
        text: what the recogniser made of it.
        transcriber: hears each part.
        settings: when sound counts as speech, and how sure its words must be.
        detector: finds the pauses of an utterance of which no speech probabilities are known; not the transcriber's own, for both keep
            state.
    """
    parts = [part for part in _parts(whole, detector, replace(settings, end_silence_s=PAUSE_S)) if part.end_s - part.start_s > SHORTEST_S]
    if len(parts) < 2:
        return []
    said = [(part, heard) for part in parts if (heard := _hear(part, transcriber)).text]
    changes = len({heard.language for _, heard in said}) > 1  # or it is one word that was heard otherwise the second time
    is_dropped = any(is_sure(heard, settings) for _, heard in said) and not all(is_in(heard, text) for _, heard in said)
    return said if changes and is_dropped else []


def is_sure(heard: Transcript, settings: EarSettings) -> bool:
    """Tell whether a part's language and words are believed."""
    return heard.language_probability >= SURE and heard.confidence >= settings.confidence_floor


def is_in(part: Transcript, text: str) -> bool:
    """Tell whether most words of a part are in what was heard of the whole."""
    words, whole = normalize(part.text).split(), set(normalize(text).split())
    return sum(word in whole for word in words) >= len(words) / 2


def hear_file(
    microphone: Microphone, detector: VoiceDetector, transcriber: Transcriber, settings: EarSettings, language: str | None = None
) -> Iterator[tuple[Utterance, Transcript]]:
    """Yield what is said in a recording of any length, utterance by utterance; one utterance of sound is held at a time.

    One in which the speaker changes the language is told in parts, unless a `language` is given. Utterances without words are left
    out: nothing is yielded when nobody speaks. `detector` must not be the transcriber's own, for both keep state.
    """
    for event in listen(microphone.chunks(), detector, UtteranceSegmenter(settings)):
        if not isinstance(event, Utterance):
            continue
        transcript = _hear(event, transcriber, language)
        if parts := [] if language else parts_if_dropped(event, transcript.text, transcriber, settings):
            yield from parts
        elif transcript.text:
            yield event, transcript


def heard_in_main_language(heard: Sequence[tuple[Utterance, Transcript]], transcriber: Transcriber) -> list[tuple[Utterance, Transcript]]:
    """Hear those parts of a recording again whose language wasn't believed, in the one that most of it is spoken in."""
    weights = dict[str, float]()
    for part, said in heard:
        weights[said.language] = weights.get(said.language, 0.0) + said.language_probability * (part.end_s - part.start_s)
    main = max(weights, key=weights.__getitem__, default="")
    return [
        (part, said if said.language == main or said.language_probability >= SURE else _hear(part, transcriber, main))
        for part, said in heard
    ]


def _hear(part: Utterance, transcriber: Transcriber, language: str | None = None) -> Transcript:
    return transcriber.transcribe(part.samples, part.sample_rate_hz, language, speech_probabilities=part.speech_probabilities)


def _parts(whole: Utterance, detector: VoiceDetector | None, settings: EarSettings) -> list[Utterance]:
    """What stands between pauses."""
    segmenter, chunks = UtteranceSegmenter(settings), _chunks(whole)
    if detector is not None:
        return [event for event in listen(chunks, detector, segmenter) if isinstance(event, Utterance)]
    known = whole.speech_probabilities
    if len(known) != len(chunks):
        return [whole]
    events = [event for chunk, share in zip(chunks, known, strict=True) for event in segmenter.process(chunk, float(share))]
    return [event for event in [*events, *segmenter.flush()] if isinstance(event, Utterance)]


def _chunks(utterance: Utterance) -> list[AudioChunk]:
    rate_hz = utterance.sample_rate_hz
    blocks = np.pad(utterance.samples, (0, -len(utterance.samples) % CHUNK_SAMPLES)).reshape(-1, CHUNK_SAMPLES)
    times_s = (utterance.start_s + number * CHUNK_SAMPLES / rate_hz for number in range(len(blocks)))
    return [AudioChunk(block, rate_hz, time_s) for block, time_s in zip(blocks, times_s, strict=True)]
