"""`assistant run` end to end: real models, real sound devices (PulseAudio's null sinks), a video file as the camera."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.commands.demo import demo_file
from assistant.devices.sound_files import RecordedMicrophone, write_wav
from assistant.live.monitored_speaker import ECHO_S
from assistant.messages import AudioChunk
from tests.support import pulse
from tests.support.measure_interruption import measure
from tests.support.running_assistant import NO_NETWORK, PATIENCE_S, RunningAssistant, can_lose_network
from tests.support.video_files import write_cat_video

pytestmark = [pytest.mark.models, pytest.mark.sound]


@pytest.fixture(scope="module")
def cat_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of the demo's cat."""
    path = tmp_path_factory.mktemp("camera") / "cat.avi"
    write_cat_video(path, seconds=120)
    return path


@pytest.fixture
def sound_system() -> Iterator[pulse.SoundSystem]:
    if not pulse.is_installed():
        pytest.skip("PulseAudio, its tools or ALSA's pulse plugin are not installed")
    with pulse.sound_system() as system:
        yield system


@pytest.mark.exact_cpu
@pytest.mark.parametrize("prefix", [[], NO_NETWORK], ids=["with a network", "with no network at all"])
def test_a_question_into_the_microphone_is_answered_from_the_loudspeaker(
    sound_system: pulse.SoundSystem, cat_video: Path, models_dir: Path, tmp_path: Path, prefix: list[str]
) -> None:
    if prefix and not can_lose_network():
        pytest.skip("this machine lets nobody take its network away (unshare -n)")
    trace = tmp_path / "trace.jsonl"
    arguments = ["--camera", str(cat_video), "--models-dir", str(models_dir), "--trace", str(trace)]
    running = RunningAssistant(arguments, sound_system.env, prefix)
    try:
        with sound_system.recording() as recording:
            running.wait_until_ready()
            time.sleep(ECHO_S + 0.2)  # deaf to the room's echo, it would miss the first syllable
            sound_system.play(demo_file("question1_en.wav"))
            answer = running.wait_for(lambda event: event["event"] == "heard" and event["turn"] > 0)
            time.sleep(0.5)  # the recorder is behind, and its last word would be lost
    finally:
        stopped_s = running.stop()
    assert "cat" in answer["text"].lower() and answer["share"] == 1, running.told()
    assert stopped_s < 10
    turns = [json.loads(line) for line in trace.read_text().splitlines()]
    turn = next(turn for turn in turns if turn["turn"] == answer["turn"])
    assert "front of me" in turn["question"]
    assert turn["resident_bytes"] > 0
    assert (turn["tokens"] > 0) == (turn["first_token_s"] is not None)  # a single thing is named without writing a word
    steps = [turn[step] for step in ("text_s", "first_token_s", "first_sentence_s", "first_sound_s", "last_sound_s")]
    times_s = [time_s for time_s in steps if time_s is not None]
    assert len(times_s) >= 4 and times_s == sorted(times_s)

    heard_again = tmp_path / "recorded.wav"
    write_wav(heard_again, iter([AudioChunk(recording.samples, pulse.RATE_HZ)]))
    hear = [sys.executable, "-m", "assistant", "hear", str(heard_again), "--json", "--models-dir", str(models_dir)]
    text = json.loads(subprocess.run(hear, capture_output=True, text=True, check=True).stdout)["text"].lower()
    told = re.findall(r"\w{3,}", answer["text"].lower())
    assert "ready" in text and any(word in text for word in told), "the recogniser loses a last word now and then"


@pytest.mark.exact_cpu
def test_recorded_devices_stand_in_for_all_three(cat_video: Path, models_dir: Path, tmp_path: Path) -> None:
    """A microphone file is heard to its end and answered, then the program ends by itself."""
    microphone, speaker = tmp_path / "mic.wav", tmp_path / "out.wav"
    silence = AudioChunk(np.zeros(16000 * 3, np.float32), 16000)
    write_wav(microphone, iter([silence, *RecordedMicrophone(demo_file("question2_en.wav")).chunks(), silence]))
    arguments = ["--camera", str(cat_video), "--microphone", str(microphone), "--speaker", str(speaker), "--models-dir", str(models_dir)]
    done = subprocess.run([sys.executable, "-m", "assistant", "run", *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert "You: What is this?" in done.stdout and "cat" in done.stdout.lower()
    assert speaker.stat().st_size > 50_000


def test_who_speaks_while_it_speaks_silences_it(models_dir: Path, tmp_path: Path) -> None:
    if not pulse.is_installed():
        pytest.skip("PulseAudio, its tools or ALSA's pulse plugin are not installed")
    [trial] = measure(1, models_dir, tmp_path)
    assert trial["from_speech_s"] < 1.5  # a busy machine; measured alone: see docs/conversation.md
