"""Every phrase of every language can be spoken: there is sound, and it isn't a voice spelling letters that it can't read.

Some are heard back by Whisper.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from assistant.engines.asr.whisper import WhisperTranscriber
from assistant.engines.tts.espeak import EspeakSynthesizer
from assistant.engines.vad.silero import SileroVad
from assistant.languages import Language, counted_phrase, language_name, languages, phrase
from assistant.messages import Sound
from assistant.settings import EarSettings, VoiceSettings
from assistant.speaking.speak import say
from tests.support.measure_languages import error_rate

RATE = 2.0
"""Faster to make, and as readable for what is checked."""
HEARD_RATE = 0.7
"""Slower than eSpeak's own pace, which is faster than most people's."""
HEARD_BACK = ("en", "es", "pt", "fr", "de", "it")
HEARD_PHRASES = ("cant_judge_safety", "ready")
MISHEARD = 0.5
"""Share of letters that may be wrong. eSpeak says nothing twice quite alike; the worst of eight times had 0.27."""
each_language = pytest.mark.parametrize("language", languages().values(), ids=lambda language: language.code)


@pytest.fixture(scope="module")
def espeak() -> EspeakSynthesizer:
    return EspeakSynthesizer(VoiceSettings(rate=RATE))


def phrases(language: Language) -> Iterator[tuple[str, str]]:
    """(key, text) of each, its blanks filled."""
    own = language_name("pt", language.code)
    for key, text in language.phrases.items():
        blanks = [blank for _, blank, _, _ in Formatter().parse(text) if blank]
        yield key, phrase(key, language.code, **dict.fromkeys(blanks, own))[0]
    yield from ((f"{key} {n}", counted_phrase(key, language.code, n)[0]) for key in language.counted for n in (1, 2, 3, 11))


def spoken(voice: EspeakSynthesizer, text: str, language: str) -> Sound:
    return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in say(voice, text, language))])


@each_language
def test_every_phrase_has_a_sound(language: Language, espeak: EspeakSynthesizer) -> None:
    """Letters that eSpeak can't read, such as kanji, take most of a second each, since it says what they are."""
    for key, text in phrases(language):
        sound = spoken(espeak, text, language.code)
        letters = sum(unicodedata.category(letter)[0] in "LN" for letter in text)
        seconds = RATE * len(sound) / espeak.sample_rate_hz
        assert np.abs(sound).max() > 0.05, f"{key} is silent: {text}"
        assert 0.02 * letters < seconds < 0.6 + 0.35 * letters, f"{key} takes {seconds:.1f} s: {text}"


@pytest.fixture(scope="module")
def transcriber(models_dir: Path) -> WhisperTranscriber:
    """Makes no English of what it hears, which would take twice the time."""
    return WhisperTranscriber(models_dir / "whisper-base", SileroVad(), EarSettings(), languages=HEARD_BACK, untranslated=HEARD_BACK)


@pytest.mark.models
@pytest.mark.exact_cpu
@pytest.mark.parametrize("language", HEARD_BACK)
def test_phrases_are_heard_back(language: str, transcriber: WhisperTranscriber) -> None:
    """In which language eSpeak speaks isn't asked: Whisper guesses at that now and then, and people's voices are measured elsewhere."""
    voice = EspeakSynthesizer(VoiceSettings(rate=HEARD_RATE))
    texts = [phrase(key, language)[0] for key in HEARD_PHRASES]
    heard = [transcriber.transcribe(spoken(voice, text, language), voice.sample_rate_hz, language) for text in texts]
    assert max(error_rate(text, transcript.text) for text, transcript in zip(texts, heard, strict=True)) < MISHEARD
