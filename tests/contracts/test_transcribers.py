"""What every Transcriber owes its callers, whatever its engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.engines.asr.whisper import WhisperTranscriber
from assistant.engines.vad.silero import SileroVad
from assistant.interfaces import Transcriber
from assistant.messages import Sound, Transcript
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedTranscriber


@pytest.fixture(scope="module", params=["scripted", pytest.param("whisper", marks=pytest.mark.models)])
def transcriber(request: pytest.FixtureRequest) -> Transcriber:
    if request.param == "scripted":
        return ScriptedTranscriber([Transcript("", "", 0.0, "", 0.0)])
    models: Path = request.getfixturevalue("models_dir")
    return WhisperTranscriber(models / "whisper-base", SileroVad(), EarSettings())


@pytest.mark.parametrize("sample_rate_hz", [8000, 16000, 22050, 48000])
@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.zeros(1), np.ones(1000), np.zeros(30_000), np.full(30_000, np.nan), np.full(30_000, np.inf), np.full(30_000, 50.0)],
    ids=["empty", "one sample", "very short", "silence", "nan", "infinite", "clipped"],
)
def test_no_words_are_heard_where_nobody_speaks(transcriber: Transcriber, samples: Sound, sample_rate_hz: int) -> None:
    transcript = transcriber.transcribe(samples.astype(np.float32), sample_rate_hz)
    assert (transcript.text, transcript.language, transcript.english) == ("", "", "")
    assert transcript.confidence == 0.0
