"""One of Apertium's chains of programs, kept running between sentences: starting it takes most of a sentence's time (0.1 s).

Meanwhile it keeps some 120 MB of dictionaries in memory (English to Spanish).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time

SEPARATORS = 16
"""NULs after each sentence. Each program of the chain hands on what it has only at a later one: with fewer than eight nothing came."""
_BLOCK_BYTES = 65_536


class ApertiumPipe:
    """Translates in one direction, one text at a time; not to be used by two threads at once. Ends with this process."""

    def __init__(self, program: str, mode: str) -> None:
        """Start the chain of `mode`, a direction by Apertium's name ("eng-spa"). OSError if the program can't be started."""
        self._chain = subprocess.Popen(
            [program, "-z", "-u", "-f", "none", mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C is ours alone, and all of the chain can be ended at once
        )
        self._surplus = 0
        """Results yet to come of the separators after earlier sentences."""
        self._received = b""

    def translate(self, text: str, timeout_s: float) -> str:
        """Translate a text. OSError (TimeoutError) if nothing comes back in time, or the chain has ended; then `close` it."""
        assert self._chain.stdin is not None
        until_s = time.monotonic() + timeout_s
        self._chain.stdin.write(_through("apertium-destxt", text.encode(), timeout_s) + b"\0" * SEPARATORS)
        self._chain.stdin.flush()
        for _ in range(self._surplus):
            self._next(until_s)
        self._surplus = SEPARATORS - 1
        return _through("apertium-retxt", self._next(until_s), timeout_s).decode("utf-8", errors="replace")

    def close(self) -> None:
        """End every program of the chain."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._chain.pid, signal.SIGKILL)
        self._chain.communicate()

    def _next(self, until_s: float) -> bytes:
        """What came up to the next NUL."""
        assert self._chain.stdout is not None
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._chain.stdout], [], [], max(0.0, until_s - time.monotonic()))
            if not ready:
                raise TimeoutError("Apertium doesn't answer")
            block = os.read(self._chain.stdout.fileno(), _BLOCK_BYTES)
            if not block:
                raise BrokenPipeError("Apertium has ended")
            self._received += block
        result, _, self._received = self._received.partition(b"\0")
        return result


def _through(program: str, text: bytes, timeout_s: float) -> bytes:
    """Into Apertium's own form of text, in which some letters are escaped, or out of it."""
    try:
        return subprocess.run([program], input=text, capture_output=True, timeout=timeout_s, check=True).stdout
    except subprocess.SubprocessError as error:
        raise OSError(f"{program} failed") from error
