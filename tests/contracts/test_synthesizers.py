"""Whichever voice speaks: it says all of the text, in the form and language asked for, and nothing for nothing."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.engines.tts import piper
from assistant.engines.tts.espeak import EspeakSynthesizer
from assistant.engines.tts.piper import PiperSynthesizer
from assistant.interfaces import SpeechSynthesizer
from assistant.messages import Sound
from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.settings import VoiceSettings
from assistant.speaking.speak import say
from tests.support.fakes import ToneSynthesizer
from tests.support.tiny_voice import make_tiny_voice

Maker = Callable[[VoiceSettings], SpeechSynthesizer]
ENGINES = ["tone", "espeak", "tiny piper", pytest.param("piper", marks=pytest.mark.models)]


load_once = functools.cache(piper._load_voice)


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    def make_piper(settings: VoiceSettings) -> PiperSynthesizer:
        from assistant.store.model_store import models_dir

        monkeypatch.setattr(piper, "_load_voice", load_once)
        return PiperSynthesizer(models_dir() / "en_US-joe-medium", "en_US-joe-medium", "en", settings)

    def make_tiny_piper(settings: VoiceSettings) -> PiperSynthesizer:
        make_tiny_voice(tmp_path, "tiny")
        return PiperSynthesizer(tmp_path, "tiny", "en", settings)

    makers: dict[str, Maker] = {
        "tone": lambda _settings: ToneSynthesizer(),
        "espeak": EspeakSynthesizer,
        "tiny piper": make_tiny_piper,
        "piper": make_piper,
    }
    return makers[request.param]


@pytest.mark.parametrize("make", ENGINES, indirect=True)
class TestEverySynthesizer:
    def test_speech_is_mono_float_in_range_at_the_rate_it_names(self, make: Maker) -> None:
        voice = make(VoiceSettings())
        chunks = list(say(voice, "A cat sits on a chair.", "en"))
        assert chunks
        for chunk in chunks:
            assert chunk.samples.dtype == np.float32
            assert chunk.samples.ndim == 1
            assert np.abs(chunk.samples).max() <= 1.0
            assert chunk.sample_rate_hz == voice.sample_rate_hz
        assert max(np.abs(chunk.samples).max() for chunk in chunks) > 0.1

    def test_more_text_takes_longer_to_say(self, make: Maker) -> None:
        voice = make(VoiceSettings())
        assert seconds(voice, "A cat sits on a chair and looks at you.") > 1.5 * seconds(voice, "A cat.")

    @pytest.mark.parametrize("text", ["", "   ", "...", "?!", "\n\t\0", "—"])
    def test_text_without_anything_to_say_yields_nothing(self, make: Maker, text: str) -> None:
        assert list(say(make(VoiceSettings()), text, "en")) == []

    def test_a_long_text_is_said_to_its_end_in_parts(self, make: Maker) -> None:
        voice = make(VoiceSettings())
        once = seconds(voice, "The shop is open. ")
        chunks = list(say(voice, "The shop is open. " * 30, "en"))
        assert len(chunks) > 1
        assert sum(chunk.duration_s for chunk in chunks) > 15 * once

    def test_a_word_without_end_is_no_trouble(self, make: Maker) -> None:
        assert seconds(make(VoiceSettings()), "ab" * 250) > 0

    @pytest.mark.parametrize("text", ["a [[b]] c", "a\0b", "<speak>a</speak>", "\ud800 a", "a 🙂 b", "\u202ea"])
    def test_odd_characters_are_no_trouble(self, make: Maker, text: str) -> None:
        assert seconds(make(VoiceSettings()), text) > 0

    def test_a_language_it_does_not_speak_is_refused_in_words(self, make: Maker) -> None:
        voice = make(VoiceSettings())
        assert voice.speaks("en")
        assert not voice.speaks("x-no-such")
        with pytest.raises(BadInput, match="x-no-such"):
            list(voice.synthesize("A cat.", "x-no-such"))


@pytest.mark.parametrize("make", ENGINES, indirect=True)
class TestSettings:
    @pytest.mark.parametrize("rate", [0.5, 0.8, 1.5, 2.0, 3.0, 6.0])
    def test_a_rate_is_kept_to(self, make: Maker, rate: float) -> None:
        text = "A cat sits on a chair and looks at you, and there is a dog behind the door."
        voice = make(VoiceSettings())
        own_s = seconds(voice, text)
        voice.settings = VoiceSettings(rate=rate)
        assert own_s / seconds(voice, text) == pytest.approx(rate, rel=0.15)

    def test_settings_replaced_while_it_speaks_hold_from_the_next_sentence_on(self, make: Maker) -> None:
        voice = make(VoiceSettings())
        own_s, own_peak = seconds(voice, "A cat."), peak(voice, "A cat.")
        voice.settings = VoiceSettings(rate=2.0, volume=0.5)
        assert seconds(voice, "A cat.") < 0.7 * own_s
        assert peak(voice, "A cat.") < 0.7 * own_peak

    def test_the_loudest_is_louder_and_still_in_range(self, make: Maker) -> None:
        voice = make(VoiceSettings())
        normal = loudness(voice, "A cat sits on a chair.")
        voice.settings = VoiceSettings(volume=3.0)
        assert loudness(voice, "A cat sits on a chair.") > 1.2 * normal  # a steady hum gains least
        assert peak(voice, "A cat sits on a chair.") <= 1.0

    def test_a_lower_volume_is_quieter_and_none_is_silent(self, make: Maker) -> None:
        voice, peaks = make(VoiceSettings()), []
        for volume in (1.0, 0.3, 0.0):
            voice.settings = VoiceSettings(volume=volume)
            peaks.append(peak(voice, "A cat."))
        assert 0.15 * peaks[0] < peaks[1] < 0.5 * peaks[0]
        assert peaks[2] == 0


@pytest.mark.parametrize("language", ["es", "pt", "pt-br", "zh", "hi", "ar", "no", "fr", "de", "ru", "sw"])
def test_espeak_speaks_the_languages_by_the_codes_whisper_uses(language: str) -> None:
    texts = {"zh": "一只猫。", "hi": "एक बिल्ली।", "ar": "قطة.", "ru": "Кошка."}
    assert seconds(EspeakSynthesizer(VoiceSettings()), texts.get(language, "Gato. Katze. Paka."), language) > 0.2


def test_espeak_and_piper_in_one_process_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Piper carries an eSpeak of its own: each must keep its own voice whichever spoke before."""
    make_tiny_voice(tmp_path, "tiny")
    espeak, piper = EspeakSynthesizer(VoiceSettings()), PiperSynthesizer(tmp_path, "tiny", "en", VoiceSettings())
    alone = seconds(espeak, "Un gato.", "es"), seconds(piper, "A cat.")
    for _ in range(3):
        assert (seconds(espeak, "Un gato.", "es"), seconds(piper, "A cat.")) == pytest.approx(alone, rel=0.05)


def test_espeak_asked_by_two_threads_at_once_says_each_text_whole() -> None:
    """The library is one engine for the whole process; without a lock the two voices' sounds were mixed."""
    sides = {"en": "A cat sits on a chair.", "es": "Un gato está en la silla y te mira."}
    alone = {language: seconds(EspeakSynthesizer(VoiceSettings()), text, language) for language, text in sides.items()}
    together: dict[str, list[float]] = {language: [] for language in sides}

    def say(language: str) -> None:
        voice = EspeakSynthesizer(VoiceSettings())
        together[language].extend(seconds(voice, sides[language], language) for _ in range(20))

    threads = [threading.Thread(target=say, args=(language,)) for language in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for language, durations_s in together.items():
        assert durations_s == pytest.approx([alone[language]] * 20, rel=0.05)


def test_a_missing_voice_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="assistant voices fetch en"):
        PiperSynthesizer(tmp_path, "tiny", "en", VoiceSettings())


@pytest.mark.parametrize("file", ["tiny.onnx", "tiny.onnx.json"])
@pytest.mark.parametrize("contents", [b"", b"{}", b"\xff\x00damaged" * 50])
def test_a_damaged_voice_is_named_and_not_loaded(tmp_path: Path, file: str, contents: bytes) -> None:
    make_tiny_voice(tmp_path, "tiny")
    (tmp_path / file).write_bytes(contents)
    with pytest.raises(DamagedModel, match="tiny.onnx"):
        PiperSynthesizer(tmp_path, "tiny", "en", VoiceSettings())


def seconds(voice: SpeechSynthesizer, text: str, language: str = "en") -> float:
    return sum(chunk.duration_s for chunk in say(voice, text, language))


def loudness(voice: SpeechSynthesizer, text: str) -> float:
    return float(np.sqrt(np.mean(np.concatenate([chunk.samples for chunk in say(voice, text, "en")]) ** 2)))


def peak(voice: SpeechSynthesizer, text: str) -> float:
    return max(float(np.abs(chunk.samples).max()) for chunk in say(voice, text, "en"))


@pytest.mark.parametrize("make", ["espeak", pytest.param("piper", marks=pytest.mark.models)], indirect=True)
def test_a_real_voice_keeps_its_pitch_at_any_rate(make: Maker) -> None:
    """Speech played faster like a tape would move its whole spectrum up by as much."""
    voice, centres_hz = make(VoiceSettings()), []
    for rate in (1.0, 0.5, 2.0, 4.0, 6.0):
        voice.settings = VoiceSettings(rate=rate)
        chunks = list(say(voice, "A cat sits on a chair and looks at you, and there is a dog behind the door.", "en"))
        centres_hz.append(spectral_centre_hz(np.concatenate([chunk.samples for chunk in chunks]), voice.sample_rate_hz))
    assert centres_hz == pytest.approx([centres_hz[0]] * 5, rel=0.2)


def spectral_centre_hz(samples: Sound, sample_rate_hz: int) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float((power * np.fft.rfftfreq(len(samples), 1 / sample_rate_hz)).sum() / power.sum())
