"""A room in which the microphone hears the loudspeaker: what the sink "loudspeaker" plays goes into the microphone, later and softer.

    python -m tests.support.echo_room -6

is run beside a SoundSystem, in its environment; the number is the echo's level in dB. The room's response is 30 ms of fading noise. What a
busy machine kept it from passing on in time is dropped: the sound servers' buffers would make the room larger each time.
"""

from __future__ import annotations

import array
import fcntl
import os
import subprocess
import sys
import termios

import numpy as np

from assistant.messages import Sound
from tests.support.pulse import LOUDSPEAKER, MICROPHONE_FEED, RATE_HZ

ROOM_S = 0.03
BLOCK = RATE_HZ // 100
MOST_BEHIND = 4 * BLOCK * 6
"""Bytes that may wait to be passed on, 60 ms."""
_FORMAT = ["--raw", "--format=float32le", f"--rate={RATE_HZ}", "--channels=1"]


def response(level_db: float) -> Sound:
    """float32 [n]: the direct sound and what the walls throw back, scaled to a level."""
    times_s = np.arange(round(ROOM_S * RATE_HZ)) / RATE_HZ
    room = np.random.default_rng(0).normal(size=len(times_s)) * np.exp(-times_s / 0.006)
    room[0] = 8.0
    scaled = room / np.sqrt(np.square(room).sum()) * 10 ** (level_db / 20)
    return np.asarray(scaled, np.float32)


def opened(level_db: float, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A room in a process of its own, beside a SoundSystem in its environment; never busy, whatever else runs: it goes first."""
    command = ["nice", "-n", "-10", sys.executable, "-m", "tests.support.echo_room", str(level_db)]
    return subprocess.Popen(command, env={**os.environ, **env})


def _waiting(file: int) -> int:
    """How many bytes a pipe holds."""
    count = array.array("i", [0])
    fcntl.ioctl(file, termios.FIONREAD, count)
    return count[0]


def _read(file: int) -> bytes:
    """A block, or what is left at the end."""
    data = b""
    while len(data) < 4 * BLOCK and (more := os.read(file, 4 * BLOCK - len(data))):
        data += more
    return data


def main() -> None:
    room = response(float(sys.argv[1]))
    parec = ["parec", f"--device={LOUDSPEAKER}.monitor", *_FORMAT, "--latency-msec=10"]
    pacat = ["pacat", f"--device={MICROPHONE_FEED}", *_FORMAT, "--latency-msec=40"]
    with (
        subprocess.Popen(parec, stdout=subprocess.PIPE, bufsize=0) as heard,
        subprocess.Popen(pacat, stdin=subprocess.PIPE, bufsize=0) as told,
    ):
        assert heard.stdout and told.stdin
        tail = np.zeros(len(room) - 1, np.float32)
        try:
            while len(data := _read(heard.stdout.fileno())) == 4 * BLOCK:
                if _waiting(heard.stdout.fileno()) > MOST_BEHIND:
                    continue
                sound = np.convolve(np.frombuffer(data, np.float32), room)
                sound[: len(tail)] += tail
                tail = sound[BLOCK:].copy()
                told.stdin.write(sound[:BLOCK].astype(np.float32).tobytes())
        finally:
            heard.terminate()
            told.terminate()


if __name__ == "__main__":
    main()
