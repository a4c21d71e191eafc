"""Voice activity detection: the Silero network (MIT) that ships inside faster-whisper, on onnxruntime. Knows no devices.

Source: https://github.com/snakers4/silero-vad. Each call sees the chunk and the last 64 samples of the chunk before.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import onnxruntime

from assistant.messages import AudioChunk, Sound
from assistant.problems import BadInput, MissingModel

SAMPLE_RATE_HZ = 16_000
CHUNK_SAMPLES = 512
CONTEXT_SAMPLES = 64
STATE_SHAPE = (1, 1, 128)


class SileroVad:
    """Implements `interfaces.VoiceDetector` by the Silero network. About 1 ms a chunk on one thread of a busy machine."""

    def __init__(self) -> None:
        """Load the network. MissingModel when faster-whisper no longer carries the file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        with as_file(files("faster_whisper.assets") / "silero_vad_v6.onnx") as path:
            if not path.is_file():
                raise MissingModel("the voice detector is not inside the installed faster-whisper", "pip install 'faster-whisper>=1.2,<2'")
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far."""
        self._context: Sound = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._hidden: Sound = np.zeros(STATE_SHAPE, np.float32)
        self._cell: Sound = np.zeros(STATE_SHAPE, np.float32)

    def speech_probability(self, chunk: AudioChunk) -> float:
        """Take the stream's next chunk, and return the probability in [0, 1] that it is speech.

        BadInput unless it is 512 samples at 16 kHz; samples that are no numbers count as silence.
        """
        if chunk.sample_rate_hz != SAMPLE_RATE_HZ or chunk.samples.shape != (CHUNK_SAMPLES,):
            raise BadInput(
                f"the voice detector was given {chunk.samples.shape} samples at {chunk.sample_rate_hz} Hz",
                f"give it {CHUNK_SAMPLES} samples at {SAMPLE_RATE_HZ} Hz",
            )
        samples = np.clip(np.nan_to_num(chunk.samples), -1.0, 1.0).astype(np.float32)
        inputs = {"input": np.concatenate([self._context, samples])[np.newaxis], "h": self._hidden, "c": self._cell}  # [1, 576]
        probability, self._hidden, self._cell = self._session.run(None, inputs)
        self._context = samples[-CONTEXT_SAMPLES:]
        return float(probability[0])
