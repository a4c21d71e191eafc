"""A sheet of paper is held into the camera and read aloud on request: real models, real sound devices (PulseAudio's null sinks)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.devices.sound_files import write_wav
from assistant.live.monitored_speaker import ECHO_S
from assistant.messages import AudioChunk
from tests.support import pulse
from tests.support.measure_interruption import spoken
from tests.support.page_videos import sheet, write_page_video
from tests.support.running_assistant import RunningAssistant, is_event

pytestmark = [pytest.mark.models, pytest.mark.sound]

LETTER = (
    "The library is closed on Monday. Please return your books to the box beside the front door. "
    "We open again on Tuesday morning and look forward to your visit."
)
HEARD_WORDS = 0.8
"""Share of the page's words that a recogniser must hear again in what the loudspeaker played."""


def test_a_page_in_the_hand_is_read_aloud_from_the_loudspeaker(models_dir: Path, tmp_path: Path) -> None:
    if not pulse.is_installed():
        pytest.skip("PulseAudio, its tools or ALSA's pulse plugin are not installed")
    camera, question, answer = (tmp_path / name for name in ("page.avi", "question.wav", "answer.wav"))
    write_page_video(camera, sheet(LETTER, 44, 34), seconds=60)
    spoken("Read it.", models_dir, question)
    with pulse.sound_system() as system:
        running = RunningAssistant(["--camera", str(camera), "--models-dir", str(models_dir)], system.env)
        try:
            running.wait_until_ready()
            time.sleep(ECHO_S + 0.2)
            system.play(question)
            running.wait_for(is_event("sound", turn=1))
            with system.recording() as recording:
                running.wait_for(lambda event: event["event"] == "heard" and "visit" in event["text"])
                time.sleep(0.2)
        finally:
            running.stop()
    write_wav(answer, iter([AudioChunk(recording.samples, pulse.RATE_HZ)]))
    hear = [sys.executable, "-m", "assistant", "hear", str(answer), "--json", "--models-dir", str(models_dir)]
    heard = json.loads(subprocess.run(hear, capture_output=True, text=True, check=True).stdout)["text"]
    words, heard_words = (re.findall(r"\w+", text.lower()) for text in (LETTER, heard))
    assert sum(word in heard_words for word in words) >= HEARD_WORDS * len(words), heard
