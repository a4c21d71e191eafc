"""Hearing with the real models: noise is nothing, and what a voice says is heard word by word."""

from __future__ import annotations

import functools
import wave
from pathlib import Path

import numpy as np
import pytest
from piper import PiperVoice

from assistant.devices.sound_files import RecordedMicrophone
from assistant.engines.asr.hallucination import spoken_words
from assistant.engines.asr.whisper import FILES, WhisperTranscriber
from assistant.engines.tts.espeak import EspeakSynthesizer
from assistant.engines.vad.silero import SileroVad
from assistant.hearing.two_languages import hear_file
from assistant.messages import Sound, Transcript
from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.settings import EarSettings, VoiceSettings

RATE_HZ = 16000
SETTINGS = EarSettings()


@pytest.fixture(scope="module")
def transcriber(models_dir: Path) -> WhisperTranscriber:
    return WhisperTranscriber(models_dir / "whisper-base", SileroVad(), SETTINGS)


@pytest.fixture(scope="module")
def undetected(models_dir: Path) -> WhisperTranscriber:
    """The same without a voice detector: Whisper's own doubts must do."""
    return WhisperTranscriber(models_dir / "whisper-base", None, SETTINGS)


def noises(seconds: int) -> dict[str, Sound]:
    rng = np.random.default_rng(5)
    times_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    clicks = np.zeros(len(times_s))
    clicks[:: RATE_HZ // 2] = 0.9
    chord = sum(np.sin(2 * np.pi * hz * times_s) for hz in (220.0, 277.0, 330.0)) * np.exp(-2 * (times_s % 1)) * 0.15
    sounds = {
        "silence": np.zeros(len(times_s)),
        "faint noise": rng.standard_normal(len(times_s)) * 0.003,
        "loud noise": rng.standard_normal(len(times_s)) * 0.2,
        "tone": 0.3 * np.sin(2 * np.pi * 440 * times_s),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * times_s),
        "clicks": clicks,
        "chords": chord,
    }
    return {name: np.asarray(sound, np.float32) for name, sound in sounds.items()}


@pytest.mark.models
@pytest.mark.exact_cpu
def test_half_a_minute_of_noise_is_no_speech(transcriber: WhisperTranscriber) -> None:
    assert {name: transcriber.transcribe(sound, RATE_HZ).text for name, sound in noises(30).items()} == dict.fromkeys(noises(1), "")


@pytest.mark.models
@pytest.mark.exact_cpu
def test_whisper_is_not_believed_about_noise_even_without_a_voice_detector(undetected: WhisperTranscriber) -> None:
    assert {name: undetected.transcribe(sound, RATE_HZ).text for name, sound in noises(2).items()} == dict.fromkeys(noises(1), "")


@pytest.mark.models
@pytest.mark.parametrize("seconds", [0.5, 2, 40])
def test_what_is_silent_but_for_a_converters_noise_is_not_put_before_whisper(
    seconds: float, undetected: WhisperTranscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whisper writes words for silence too, and how likely ones hangs on how the processor rounds."""

    def encode(speech: Sound) -> None:
        pytest.fail("the model is asked")

    monkeypatch.setattr(undetected, "_encode", encode)
    length = round(seconds * RATE_HZ)
    last_bits = np.random.default_rng(1).integers(-3, 4, length) / 32768
    for silence in (np.zeros(length), np.full(length, 0.1), last_bits, last_bits - 0.2):
        assert undetected.transcribe(silence.astype(np.float32), RATE_HZ).text == ""


@pytest.mark.models
@pytest.mark.exact_cpu
def test_a_faint_voice_is_no_silence(undetected: WhisperTranscriber, models_dir: Path, tmp_path: Path) -> None:
    sound = _sound(speak("What is in front of me?", models_dir, tmp_path))
    faint = sound / np.abs(sound).max() * 0.001  # 60 dB below the loudest
    assert "front" in undetected.transcribe(faint.astype(np.float32), RATE_HZ).text


@pytest.mark.models
@pytest.mark.exact_cpu
@pytest.mark.parametrize("said", ["Yes, yes, yes.", "No, no, no, no!", "Help! Help!", "Stop, stop, stop!", "Read it. Read it."])
def test_who_says_a_word_several_times_is_believed(said: str, transcriber: WhisperTranscriber, models_dir: Path, tmp_path: Path) -> None:
    """Of two voices. Which word is another question: it was "Start" once."""
    [heard] = hear(speak(said, models_dir, tmp_path), transcriber)
    espeak = EspeakSynthesizer(VoiceSettings(rate=0.8))
    sound = np.concatenate([chunk.samples for chunk in espeak.synthesize(said, "en")])
    for transcript in (heard, transcriber.transcribe(sound, espeak.sample_rate_hz)):
        words = spoken_words(transcript.text).split()
        assert len(words) > len(set(words))


def speak(text: str, models_dir: Path, folder: Path) -> Path:
    with wave.open(str(folder / "spoken.wav"), "wb") as file:
        voice_of(models_dir).synthesize_wav(text, file)
    return folder / "spoken.wav"


@functools.cache
def voice_of(models_dir: Path) -> PiperVoice:
    return PiperVoice.load(next((models_dir / "en_US-joe-medium").glob("*.onnx")))


def hear(path: Path, transcriber: WhisperTranscriber) -> list[Transcript]:
    return [transcript for _, transcript in hear_file(RecordedMicrophone(path), SileroVad(), transcriber, SETTINGS)]


@pytest.mark.models
@pytest.mark.exact_cpu
@pytest.mark.parametrize(
    "said",
    ["What is in front of me?", "Is there a cup on the table?", "Is anyone standing near me?", "Say that again.", "Thank you.", "Stop."],
)
def test_every_word_is_heard(said: str, transcriber: WhisperTranscriber, models_dir: Path, tmp_path: Path) -> None:
    """Also a real "Thank you.", which Whisper invents for noise."""
    [heard] = hear(speak(said, models_dir, tmp_path), transcriber)
    assert spoken_words(heard.text) == spoken_words(said)
    assert heard.confidence > SETTINGS.confidence_floor


@pytest.mark.models
@pytest.mark.exact_cpu
def test_a_question_is_in_english_already(transcriber: WhisperTranscriber, models_dir: Path, tmp_path: Path) -> None:
    [heard] = hear(speak("Is there a chair on my left?", models_dir, tmp_path), transcriber)
    assert (heard.language, heard.english) == ("en", heard.text)
    assert heard.language_probability > SETTINGS.language_floor


@pytest.mark.models
@pytest.mark.exact_cpu
def test_speech_longer_than_whispers_window_is_heard_to_its_end(transcriber: WhisperTranscriber, models_dir: Path, tmp_path: Path) -> None:
    """At 48 kHz, so that it is resampled too."""
    said = ["Is there a cup on the table?", "What is in front of me?", "Is anyone standing near me?", "Can you see the door?"]
    pause = np.zeros(8 * RATE_HZ, np.float32)
    parts = [part for text in said for part in (_sound(speak(text, models_dir, tmp_path)), pause)]
    heard = transcriber.transcribe(np.repeat(np.concatenate(parts), 3), 48000)
    assert spoken_words(heard.text) == " ".join(spoken_words(text) for text in said)


@pytest.mark.models
def test_an_unknown_language_is_told(transcriber: WhisperTranscriber) -> None:
    with pytest.raises(BadInput, match="klingon"):
        transcriber.transcribe(np.zeros(RATE_HZ, np.float32), RATE_HZ, "klingon")


@pytest.mark.parametrize("missing", FILES)
def test_a_missing_file_is_named_and_nothing_is_fetched(missing: str, tmp_path: Path) -> None:
    for name in set(FILES) - {missing}:
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(MissingModel, match=missing):
        WhisperTranscriber(tmp_path, None, SETTINGS)


def test_a_damaged_model_is_told_not_loaded(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(DamagedModel, match="assistant models verify"):
        WhisperTranscriber(tmp_path, None, SETTINGS)


def _sound(path: Path) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in RecordedMicrophone(path).chunks()])
