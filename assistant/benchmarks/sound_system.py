"""A private sound system for measurements and tests: PulseAudio with two null sinks instead of hardware. Knows nothing of the assistant.

What a program plays goes to the sink "loudspeaker"; what is played into the sink "microphone-feed" is heard by the default source
"microphone". PortAudio gets there through ALSA's pulse plugin.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assistant.messages import Sound

LOUDSPEAKER = "loudspeaker"
MICROPHONE_FEED = "microphone-feed"
RATE_HZ = 48000
START_TIMEOUT_S = 20.0

_SOCKET = "module-native-protocol-unix auth-anonymous=1 socket={socket}"
_NULL_SINK = "module-null-sink rate={rate} channels=1 norewinds=1 sink_name="
"""Without rewinds it holds 50 ms, otherwise two seconds, for which the first sound of each stream waits."""
_MODULES = {
    LOUDSPEAKER: (f"{_NULL_SINK}{LOUDSPEAKER}",),
    MICROPHONE_FEED: (
        f"{_NULL_SINK}{MICROPHONE_FEED}",
        "module-remap-source source_name=microphone master=microphone-feed.monitor",
    ),
}
_ALSA_CONFIG = """\
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse hint { show on description "Default" } }
ctl.!default { type pulse }
"""
_ALSA_NAME = """\
pcm.%s { type pulse hint { show on description "Another name for the default" } }
"""


def is_installed() -> bool:
    """Tell whether PulseAudio, its tools and ALSA's plugin for it are there."""
    plugins = Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")
    return all(shutil.which(name) for name in ("pulseaudio", "paplay", "parec", "pactl")) and any(plugins)


@dataclass(frozen=True)
class SoundSystem:
    """A running one."""

    env: dict[str, str]
    """What a process needs in its environment, before it imports sounddevice, to find these devices."""
    _folder: Path
    _daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def play(self, wav: Path, sink: str = MICROPHONE_FEED) -> None:
        """Play a WAV file to its end, by default into the microphone."""
        self._run("paplay", f"--device={sink}", str(wav))

    @contextmanager
    def playing(self, wav: Path, sink: str = MICROPHONE_FEED) -> Iterator[None]:
        """Play a WAV file while the block runs."""
        player = self._start(["paplay", f"--device={sink}", str(wav)])
        try:
            yield
        finally:
            _end(player)

    @contextmanager
    def recording(self, sink: str = LOUDSPEAKER) -> Iterator[Recording]:
        """Record what a sink plays while the block runs; `samples` is there afterwards."""
        with tempfile.TemporaryFile() as file:
            command = ["parec", f"--device={sink}.monitor", "--format=float32le", f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=5"]
            recorder = self._start(command, stdout=file.fileno())
            recording = Recording(file.fileno())
            try:
                _wait_until(lambda: recording.seconds() > 0, f"{sink} sends nothing to the recorder")
                yield recording
            finally:
                _end(recorder)
                recording.finish()

    def start(self) -> None:
        """Plug everything in."""
        socket = self._folder / "native"
        socket.unlink(missing_ok=True)  # of an earlier one
        modules = [_SOCKET.format(socket=socket), *(module.format(rate=RATE_HZ) for name in _MODULES for module in _MODULES[name])]
        command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"]
        with (self._folder / "log").open("ab") as log:
            command += [f"--load={module}" for module in modules]
            self._daemons.append(subprocess.Popen(command, env=self._whole_env(), stdout=log, stderr=log))
        _wait_until(lambda: socket.exists() and self._daemons[-1].poll() is None, "PulseAudio did not start")
        self._choose_defaults()

    def stop(self) -> None:
        """End the sound system and with it every device, as if all were unplugged."""
        self._run("pactl", "exit")
        self.end()

    def end(self) -> None:
        """End what is left of it."""
        for daemon in self._daemons:
            _end(daemon)
        self._daemons.clear()

    def unplug(self, sink: str) -> None:
        """Take a device away. PulseAudio moves its streams to another one, if there is any."""
        for line in reversed(self._run("pactl", "list", "short", "modules").splitlines()):
            number, _, arguments = line.split("\t")[:3]
            if f"sink_name={sink}" in arguments.split():
                self._run("pactl", "unload-module", number)

    def plug_in(self, sink: str, rate_hz: int = RATE_HZ) -> None:
        """Bring it back, perhaps at another rate."""
        for module in _MODULES[sink]:
            self._run("pactl", "load-module", *module.format(rate=rate_hz).split())
        self._choose_defaults()

    def add_name(self, name: str) -> None:
        """Let the default devices be known by another name too, as a new device appears; PortAudio's list must be read anew."""
        with Path(self.env["ALSA_CONFIG_PATH"]).open("a") as config:
            config.write(_ALSA_NAME % name)

    def _choose_defaults(self) -> None:
        sinks, sources = (self._run("pactl", "list", "short", kind) for kind in ("sinks", "sources"))
        if LOUDSPEAKER in sinks:
            self._run("pactl", "set-default-sink", LOUDSPEAKER)
        if "\tmicrophone\t" in sources:
            self._run("pactl", "set-default-source", "microphone")

    def _run(self, *command: str) -> str:
        return subprocess.run(command, env=self._whole_env(), check=True, timeout=60, capture_output=True, text=True).stdout

    def _start(self, command: list[str], stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self._whole_env(), stdout=stdout, stderr=subprocess.DEVNULL)

    def _whole_env(self) -> dict[str, str]:
        return {**os.environ, **self.env}


class Recording:
    """Sound that comes in while a SoundSystem records."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.samples: Sound = np.zeros(0, np.float32)
        """float32 [n] at RATE_HZ, once the recording is over"""

    def seconds(self) -> float:
        """How much has come in so far."""
        return os.fstat(self._file).st_size / 4 / RATE_HZ

    def finish(self) -> None:
        """Fill `samples` with what came in."""
        whole_bytes = os.fstat(self._file).st_size // 4 * 4
        self.samples = np.frombuffer(os.pread(self._file, whole_bytes, 0), np.float32)


@contextmanager
def sound_system() -> Iterator[SoundSystem]:
    """Run a private PulseAudio for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="pulse-") as name:
        folder = Path(name)
        config = folder / "asound.conf"
        config.write_text(_ALSA_CONFIG)
        env = {
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "PULSE_RUNTIME_PATH": name,
            "PULSE_STATE_PATH": name,
            "PULSE_SERVER": f"unix:{folder / 'native'}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "ALSA_CONFIG_PATH": str(config),
        }
        system = SoundSystem(env, folder)
        try:
            system.start()
            yield system
        finally:
            system.end()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until(done: Callable[[], bool], otherwise: str) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while not done():
        if time.monotonic() > give_up:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
