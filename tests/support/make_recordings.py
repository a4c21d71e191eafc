"""Makes the spoken questions in tests/support/recorded. Run by hand when they should change; the results are committed.

    python -m tests.support.make_recordings VOICES_FOLDER

No recording of a person asking in Portuguese could be had under a free licence, so the Piper voice en_US-joe-medium reads one, given
Portuguese phonemes: a man with an English accent, and as a network trained on recordings nearer to a person than eSpeak is. The French
one is eSpeak's, at a pace and pitch that Whisper base understands. No two takes of the network are alike, and Whisper base understood four
of sixteen: the one of which it was surest (0.96) was kept.
"""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

from piper import PiperVoice, SynthesisConfig

from tests.support.folders import RECORDED

PORTUGUESE = "O que você está vendo?"
FRENCH = "Est-ce que vous pouvez me dire ce que vous voyez devant moi ?"


def main(voices: Path) -> None:
    voice = PiperVoice.load(voices / "en_US-joe-medium.onnx")
    voice.config.espeak_voice = "pt-br"
    with wave.open(str(RECORDED / "question_pt.wav"), "wb") as file:
        voice.synthesize_wav(PORTUGUESE, file, SynthesisConfig(length_scale=1.2))
    subprocess.run(["espeak-ng", "-v", "fr", "-s", "100", "-p", "35", FRENCH, "-w", str(RECORDED / "question_fr.wav")], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
