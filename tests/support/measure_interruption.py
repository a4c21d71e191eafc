"""How soon the assistant falls silent when the user speaks: real devices (PulseAudio), real models, headphones on.

    python -m tests.support.measure_interruption --trials 50

The user asks for help, and while the assistant tells it says "Please be quiet." Both sides are recorded: what the microphone heard and
what the loudspeaker played.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from assistant import assembly
from assistant.commands.demo import demo_file
from assistant.devices.sound_files import write_wav
from assistant.messages import Sound
from assistant.settings import VoiceSettings
from assistant.speaking.speak import choose_synthesizer, say
from assistant.store.model_store import ModelStore, models_dir
from tests.support import pulse
from tests.support.running_assistant import RunningAssistant, is_event

FRAME = pulse.RATE_HZ // 100
LOUD, SILENT_FRAMES = 0.01, 30


def measure(trials: int, models: Path, folder: Path) -> list[dict[str, float]]:
    """Of each trial the seconds from the start of the user's speech to silence."""
    help_wav, stop_wav = (spoken(text, models, folder / f"{number}.wav") for number, text in enumerate(("Help me.", "Please be quiet.")))
    settings = folder / "settings.toml"
    settings.write_text("[ears]\nheadphones = true\n")
    camera = str(demo_file("clip.mp4"))
    measured = []
    with pulse.sound_system() as system:
        running = RunningAssistant(["--camera", camera, "--models-dir", str(models), "--settings", str(settings)], system.env)
        try:
            running.wait_for(is_event("heard"))
            for _ in range(trials):
                measured.append(_trial(running, system, help_wav, stop_wav))
        finally:
            running.stop()
    return measured


def _trial(running: RunningAssistant, system: pulse.SoundSystem, help_wav: Path, stop_wav: Path) -> dict[str, float]:
    system.play(help_wav)
    running.wait_for(is_event("command", kind="help"))
    running.wait_for(is_event("sound"))
    time.sleep(0.7)
    with system.recording(pulse.MICROPHONE_FEED) as said, system.recording(pulse.LOUDSPEAKER) as played:
        time.sleep(0.3)
        system.play(stop_wav)
        running.wait_for(is_event("speech_ended"))  # whatever the recogniser makes of it
        time.sleep(0.5)
        now_s = time.monotonic()
        said_began_s, played_began_s = now_s - said.seconds(), now_s - played.seconds()
    spoke_s = said_began_s + _first_loud_s(said.samples)
    silent_s = played_began_s + _silent_from_s(played.samples, spoke_s - played_began_s)
    return {"from_speech_s": silent_s - spoke_s}


def _first_loud_s(samples: Sound) -> float:
    return float(np.flatnonzero(loudness(samples) > LOUD)[0]) / 100


def _silent_from_s(samples: Sound, after_s: float) -> float:
    """When the first pause longer than those of speech begins; what follows it are sounds that tell a state."""
    is_loud = loudness(samples) > LOUD
    frame = round(after_s * 100)
    while is_loud[frame : frame + SILENT_FRAMES].any():
        frame += 1
    return frame / 100


def loudness(samples: Sound) -> np.ndarray:
    """Root mean square of every 10 ms."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(np.sqrt(np.square(frames).mean(1)))


def spoken(text: str, models: Path, path: Path) -> Path:
    """What the tests' own voice says, in a file."""
    voice = choose_synthesizer(assembly.open_synthesizers(VoiceSettings(), ModelStore(models)), "en")
    write_wav(path, say(voice, text, "en"))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(options.trials, models_dir(), Path(folder))
    told = {}
    for name in measured[0]:
        values = [trial[name] for trial in measured]
        told[name] = {"median": round(float(np.median(values)), 3), "p95": round(float(np.quantile(values, 0.95)), 3)}
    print(json.dumps({"trials": len(measured), **told}))


if __name__ == "__main__":
    main()
