"""Speech to text: Whisper on CTranslate2, through faster-whisper. Knows no devices and never reaches for the network.

The sound is encoded once, for the encoder is what costs; language, words and English are all read from its output.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from assistant.engines.asr.hallucination import Evidence, is_hallucination
from assistant.engines.asr.level import to_speech_level
from assistant.interfaces import VoiceDetector
from assistant.messages import AudioChunk, Probabilities, Sound, Transcript
from assistant.problems import BadInput, DamagedModel, MissingModel, shorten
from assistant.settings import EarSettings

SAMPLE_RATE_HZ = 16_000
CHUNK_SAMPLES = 512
FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json")
"""Without tokenizer.json faster-whisper would ask the hub for one."""
WINDOW_S = 30.0
"""Seconds that Whisper was trained on; longer sound is cut at its quietest place."""
CUT_WITHIN_S = 5.0
"""Seconds before a window's end within which it may be cut."""
SHORT_WINDOWS_S = {6.0: 10.0, 14.0: 15.0}
"""What speech up to a length is encoded in: a third of a window takes an eighth of the time, and the words stay the same."""
PADDING_S = 0.3
"""Seconds kept on either side of speech that the voice detector found."""
SMALLEST_SWING = 8 / 32768
"""Difference of the highest and the lowest sample; less stays within the last three bits of 16-bit sound: a converter's noise, or none."""
FRAMES_PER_S = 100
"""Frames of the log-mel spectrogram a second."""
BEAM_SIZE = 5
SURE_MEAN_LOG_PROBABILITY = -0.3
"""Words this likely are those that a beam search finds too, in half its time (measured: seven languages, 140 sentences, no error more)."""
MOST_TOKENS = 224
"""Tokens of one window's text; the half of Whisper's context that is meant for it."""

Task = Literal["transcribe", "translate"]

NOTHING = Transcript(text="", language="", language_probability=0.0, english="", confidence=0.0)
"""The transcript of sound without words."""


@dataclass(frozen=True)
class _Heard:
    """The words of one window."""

    transcript: Transcript
    speech_s: float


class WhisperTranscriber:
    """Implements `interfaces.Transcriber` on a folder in CTranslate2's layout.

    Decoding is greedy and, where that leaves doubt, a beam search; without sampling and without earlier text as a prompt, so that
    nothing is made up to fill a gap.
    """

    def __init__(
        self,
        folder: Path,
        detector: VoiceDetector | None,
        settings: EarSettings,
        threads: int = 0,
        languages: Collection[str] = (),
        untranslated: Collection[str] = (),
    ) -> None:
        """Load the model.

        Args:
            folder: the files. MissingModel if one isn't there, DamagedModel if one can't be loaded.
            detector: the transcriber's own voice detector, which is reset for every call; None: every sound is put before Whisper.
            settings: when sound counts as speech.
            threads: of one call; 0 = one per core.
            languages: those to choose from when none is given to `transcribe`: a single one is never doubted; empty, all that Whisper
                knows. BadInput for one that it doesn't.
            untranslated: those of which somebody else makes the English: theirs stays empty, which saves decoding twice.
        """
        for name in FILES:
            if not (folder / name).is_file():
                raise MissingModel(
                    "the speech recogniser's file {path} is missing",
                    "run `{command}`",
                    command="assistant setup",
                    path=shorten(folder / name),
                )
        try:
            self._whisper: Any = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads or len(os.sched_getaffinity(0)), local_files_only=True
            )
        except Exception as error:  # CTranslate2 and tokenizers raise RuntimeError, ValueError and bare Exception
            raise DamagedModel(
                "the speech recogniser in {folder} can't be loaded",
                "run `{command}`",
                command="assistant models verify",
                folder=shorten(folder),
            ) from error
        self._detector = detector
        self._settings = settings
        self._languages = tuple(languages)
        self._untranslated = frozenset(untranslated)
        for language in self._languages:
            self._check_language(language)

    def transcribe(
        self,
        samples: Sound,
        sample_rate_hz: int,
        language: str | None = None,
        *,
        speech_probabilities: Probabilities | None = None,
        wants_english: Callable[[str, str], bool] | None = None,
    ) -> Transcript:
        """Return the words of float32 [n]. A `language` that is given has probability 1; BadInput when Whisper doesn't know it.

        A confidence is exp(mean log-probability of the tokens); that of an English that is a hallucination, and left out, is 0.
        Sound longer than 30 s is heard window by window: its language is that of the first window with words, its confidences the means
        over the seconds of speech.
        """
        if language is not None:
            self._check_language(language)
        elif len(self._languages) == 1:
            language = self._languages[0]
        heard: list[_Heard] = []
        sound = _at_16_khz(_clean(samples), sample_rate_hz)
        for window in _windows(sound):
            known = speech_probabilities if len(window) == len(sound) else None  # a part of it would need a part of them
            found = self._hear(window, language, known, wants_english)
            if found is not None:
                language = language or found.transcript.language
                heard.append(found)
        return _join(heard)

    def _hear(
        self,
        window: Sound,
        language: str | None,
        speech_probabilities: Probabilities | None,
        wants_english: Callable[[str, str], bool] | None,
    ) -> _Heard | None:
        """The words of at most 30 s, None without any."""
        speech, speech_s = self._speech(window, speech_probabilities)
        if not len(speech):
            return None
        encoded = self._encode(to_speech_level(speech, SAMPLE_RATE_HZ))
        probability = 1.0
        if language is None:
            language, probability = self._detect(encoded)
        said = self._decode(encoded, language, "transcribe", speech_s)
        if is_hallucination(said):
            return None
        english, sure = said.text, 1.0
        if language in self._untranslated or (language != "en" and wants_english and not wants_english(said.text, language)):
            english = ""
        elif language != "en":
            translation = self._decode(encoded, language, "translate", speech_s)
            english = "" if is_hallucination(translation) else translation.text
            sure = _confidence(translation) if english else 0.0
        return _Heard(Transcript(said.text, language, probability, english, _confidence(said), sure), speech_s)

    def _check_language(self, language: str) -> None:
        if language not in self._whisper.supported_languages:
            raise BadInput(
                "the language {language} is unknown to the speech recogniser",
                "use a two-letter code such as {known}",
                known="en, es, pt",
                language=shorten(language),
            )

    def _speech(self, window: Sound, probabilities: Probabilities | None) -> tuple[Sound, float]:
        """The window without its pauses (Whisper may stop at one) and its seconds of speech; empty when that is too little."""
        if not len(window) or np.ptp(window) < SMALLEST_SWING:
            return window[:0], 0.0
        blocks = np.pad(window, (0, -len(window) % CHUNK_SAMPLES)).reshape(-1, CHUNK_SAMPLES)  # [n, 512]
        if probabilities is None or len(probabilities) != len(blocks):
            if self._detector is None:
                return window, len(window) / SAMPLE_RATE_HZ
            self._detector.reset()
            found_here = [self._detector.speech_probability(AudioChunk(block, SAMPLE_RATE_HZ)) for block in blocks]
            probabilities = np.array(found_here, np.float32)
        found = np.flatnonzero(probabilities >= self._settings.speech_threshold)
        speech_s = len(found) * CHUNK_SAMPLES / SAMPLE_RATE_HZ
        if speech_s < self._settings.min_speech_s:
            return window[:0], 0.0
        padding = round(PADDING_S * SAMPLE_RATE_HZ / CHUNK_SAMPLES)
        near = np.zeros(len(blocks), bool)
        for number in found:
            near[max(0, number - padding) : number + padding + 1] = True
        return blocks[near].reshape(-1), speech_s

    def _encode(self, speech: Sound) -> Any:
        """CTranslate2's storage of float32 [1, frames / 2, width]."""
        speech_s = len(speech) / SAMPLE_RATE_HZ
        window_s = next((window_s for longest_s, window_s in SHORT_WINDOWS_S.items() if speech_s <= longest_s), WINDOW_S)
        features = self._whisper.feature_extractor(speech)  # [mel bands, frames]
        return self._whisper.encode(pad_or_trim(features, round(window_s * FRAMES_PER_S)))

    def _detect(self, encoded: Any) -> tuple[str, float]:
        """The likeliest of the languages to choose from, and its probability among all that Whisper knows.

        Its share among the few would look sure of the least unlikely one (measured: tests/support/measure_languages.py).
        """
        found = {token.strip("<|>"): share for token, share in self._whisper.model.detect_language(encoded)[0]}
        language = max(self._languages or found, key=found.__getitem__)
        return language, found[language]

    def _decode(self, encoded: Any, language: str, task: Task, speech_s: float) -> Evidence:
        greedy = self._search(encoded, language, task, speech_s, beam_size=1)
        if greedy.mean_log_probability >= SURE_MEAN_LOG_PROBABILITY:
            return greedy
        return self._search(encoded, language, task, speech_s, BEAM_SIZE)

    def _search(self, encoded: Any, language: str, task: Task, speech_s: float, beam_size: int) -> Evidence:
        tokenizer = Tokenizer(self._whisper.hf_tokenizer, True, task=task, language=language)
        result = self._whisper.model.generate(
            encoded,
            [[*tokenizer.sot_sequence, tokenizer.no_timestamps]],
            beam_size=beam_size,
            max_length=MOST_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = result.sequences_ids[0]
        mean_log_probability = result.scores[0] * len(tokens) / (len(tokens) + 1)  # the score leaves out that the end is a token too
        return Evidence(tokenizer.decode(tokens).strip(), mean_log_probability, result.no_speech_prob, speech_s)


def _confidence(evidence: Evidence) -> float:
    return math.exp(min(0.0, evidence.mean_log_probability))


def _clean(samples: Sound) -> Sound:
    """In [-1, 1], and silence where there is no number."""
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0).astype(np.float32)


def _at_16_khz(samples: Sound, sample_rate_hz: int) -> Sound:
    if sample_rate_hz == SAMPLE_RATE_HZ or not len(samples):
        return samples
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
    frame.sample_rate = sample_rate_hz
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE_HZ)
    pieces = [piece.to_ndarray()[0] for part in (frame, None) for piece in resampler.resample(part)]
    return np.concatenate([samples[:0], *pieces])  # a sample or two may give none


def _windows(samples: Sound) -> Iterator[Sound]:
    """The sound in order in pieces of at most WINDOW_S, cut at the quietest tenth of a second of each window's end."""
    longest, within, tenth = (round(seconds * SAMPLE_RATE_HZ) for seconds in (WINDOW_S, CUT_WITHIN_S, 0.1))
    while len(samples) > longest:
        loudness = np.square(samples[longest - within : longest]).reshape(-1, tenth).mean(axis=1)  # [50]
        cut = longest - within + int(np.argmin(loudness)) * tenth + tenth // 2
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def _join(heard: list[_Heard]) -> Transcript:
    if not heard:
        return NOTHING
    parts, weights = [one.transcript for one in heard], [one.speech_s for one in heard]
    return Transcript(
        text=" ".join(part.text for part in parts),
        language=parts[0].language,
        language_probability=parts[0].language_probability,
        english=" ".join(part.english for part in parts).strip(),
        confidence=float(np.average([part.confidence for part in parts], weights=weights)),
        english_confidence=float(np.average([part.english_confidence for part in parts], weights=weights)),
    )
