"""Speech from a Piper voice (piper-tts): a VITS network on onnxruntime, phonemes by Piper's own eSpeak. Knows nothing of loudspeakers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from assistant.engines.onnx.session import physical_cores
from assistant.engines.tts.voice_shaping import amplify, time_stretch, without_lead
from assistant.messages import AudioChunk
from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.settings import VoiceSettings
from assistant.translatable import Translatable, in_english

logging.getLogger("piper").addHandler(logging.NullHandler())  # else its remarks on odd letters land on stderr


class PiperSynthesizer:
    """Implements `interfaces.SpeechSynthesizer` for one voice of one language."""

    def __init__(self, folder: Path, voice_name: str, language: str, settings: VoiceSettings) -> None:
        """Load `folder`/`voice_name`.onnx and .onnx.json. MissingModel or DamagedModel says what is wrong with them."""
        self._language = language
        self._voice = _load_voice(folder / f"{voice_name}.onnx", language)
        self.settings = settings

    @property
    def sample_rate_hz(self) -> int:
        """Return the sample rate of what is synthesised."""
        return int(self._voice.config.sample_rate)

    def speaks(self, language: str) -> bool:
        """Tell whether this is the voice's language."""
        return language == self._language

    def synthesize(self, text: str, language: str) -> Iterator[AudioChunk]:
        """Yield one chunk a sentence. BadInput for another language. A sentence that is being made can't be cut short.

        The voice speaks at its own pace and is time-stretched after: its length_scale gives every phoneme at least one frame, so that
        joe-medium set to 2 speaks 1.5 times as fast, and never more than twice. Some 50 ms of silence before each sentence are left out.
        """
        if not self.speaks(language):
            raise BadInput(in_english(f"this voice does not speak the language {language!r}"), in_english(f"ask it for {self._language!r}"))
        literal = text.replace("[[", "[ [")  # Piper would read what is in [[ ]] as phonemes
        for sentence in self._voice.synthesize(literal):
            samples = without_lead(sentence.audio_float_array.astype(np.float32, copy=False), self.sample_rate_hz)
            shaped = amplify(time_stretch(samples, self.sample_rate_hz, self.settings.rate), self.settings.volume)
            yield AudioChunk(shaped, self.sample_rate_hz)


def _load_voice(model: Path, language: str) -> Any:
    import onnxruntime
    from piper import PiperConfig, PiperVoice

    fix = Translatable("run: {command}", command=f"assistant voices fetch {language}")
    description = model.with_name(f"{model.name}.json")
    for file in (model, description):
        if not file.is_file():
            raise MissingModel("the voice file {name} is not there", fix, name=file.name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = physical_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the cores belong to the answering model meanwhile
    options.log_severity_level = 4  # a damaged file is reported below, once
    try:
        config = PiperConfig.from_dict(json.loads(description.read_text(encoding="utf-8")))
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no root of their own
        raise DamagedModel("the voice file {name} is damaged ({error})", fix, name=model.name, error=type(error).__name__) from error
    return PiperVoice(session, config)
