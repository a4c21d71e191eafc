"""Real sound devices in a room: what the loudspeaker plays is taken out of what the microphone hears."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from assistant.devices.sounddevice_microphone import SounddeviceMicrophone
from assistant.devices.sounddevice_speaker import SounddeviceSpeaker
from assistant.hearing.echo import EchoRemover
from assistant.live.voice_control import VoiceControl
from assistant.messages import AudioChunk, Sound
from tests.hearing.test_echo_delay import syllables
from tests.support import pulse

pytest.importorskip("pywebrtc_audio", reason="there is no wheel of it for this processor")

from assistant.engines.echo.webrtc import WebrtcEchoCanceller  # noqa: E402

SECOND = 31
"""Chunks."""


@pytest.mark.sound
def test_its_own_voice_is_gone_from_what_the_microphone_hears(sound_system: pulse.SoundSystem) -> None:
    room = subprocess.Popen([sys.executable, "-m", "tests.support.echo_room", "-12"], env={**os.environ, **sound_system.env})
    control, microphone = VoiceControl(), SounddeviceMicrophone()
    remover, heard = EchoRemover(WebrtcEchoCanceller()), list[Sound]()
    cleaned: list[Sound] = []

    def listen() -> None:
        for chunk in microphone.chunks():
            for samples, time_s in control.take_played():
                remover.played(samples, time_s)
            heard.append(chunk.samples)
            cleaned.append(remover.clean(chunk).samples)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        time.sleep(0.5)
        SounddeviceSpeaker("", control).play(iter([AudioChunk(syllables(5, 0), 16000)]), lambda: False)
    finally:
        microphone.close()
        listener.join(10)
        room.terminate()
        room.wait()
    echoes, rests = (np.array([level_db(each[at : at + SECOND]) for at in range(0, len(each) - SECOND, 8)]) for each in (heard, cleaned))
    assert echoes.max() > -50
    assert (echoes - rests)[echoes > -50].max() > 20  # in the best second: a busy machine's buffers make the echo jump


def level_db(chunks: list[Sound]) -> float:
    return float(10 * np.log10(np.mean(np.square(np.concatenate(chunks))) + 1e-12))
