"""`assistant run` in a process of its own, with real sound devices, and the events it prints."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 90.0
"""A busy machine loads models slowly; nothing here is a measurement."""


ASSISTANT_RUN = ("assistant", "run", "--json")
NO_NETWORK = ["unshare", "-n"]
"""To be put before a command."""


def can_lose_network() -> bool:
    """Whether this machine lets a process be started without any network."""
    return shutil.which(NO_NETWORK[0]) is not None and not subprocess.run([*NO_NETWORK, "true"], capture_output=True).returncode


class RunningAssistant:
    """Started at once; `stop` it."""

    def __init__(
        self, arguments: list[str], env: dict[str, str], prefix: list[str] | None = None, program: tuple[str, ...] = ASSISTANT_RUN
    ) -> None:
        """`program`: a module that prints such events, and what comes before the arguments."""
        command = [*(prefix or []), sys.executable, "-m", *program, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env})
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._seen: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The next event that is wanted, with the time it came as "arrived_s"; AssertionError with all events when it doesn't come."""
        until_s = time.monotonic() + patience_s
        try:
            while (event := self._events.get(timeout=max(0.1, until_s - time.monotonic()))) is not None:
                self._seen.append(event)
                if wanted(event):
                    return event
        except queue.Empty:
            raise AssertionError(f"not within {patience_s:.0f} s: {self.told()}") from None
        errors = self.process.stderr.read() if self.process.stderr else ""
        raise AssertionError(f"the assistant ended: {errors}\n{self.told()}")

    def wait_until_ready(self) -> None:
        """Until "I'm ready" has been heard and the camera has shown something, in either order."""
        seen: set[str] = set()

        def is_ready(event: dict[str, Any]) -> bool:
            seen.add(event["event"])
            return {"keyframe", "heard"} <= seen

        self.wait_for(is_ready)

    def wait_until_quiet(self, seconds: float = 2.5) -> list[dict[str, Any]]:
        """Until it has said all it had to say, and nothing was told for a while but of the camera; the events meanwhile."""
        speaks, told, told_s = False, list[dict[str, Any]](), time.monotonic()
        while True:
            try:
                event = self._events.get(timeout=max(0.05, told_s + (PATIENCE_S if speaks else seconds) - time.monotonic()))
            except queue.Empty:
                return told
            if event is None:
                return told
            self._seen.append(event)
            told.append(event)
            if event["event"] not in ("look", "keyframe", "first_token", "tokens"):
                told_s = time.monotonic()
            speaks = event["event"] == "sound" or (speaks and event["event"] != "heard")

    def told(self) -> str:
        """All events that were waited through, a line each."""
        return "\n".join(json.dumps(event) for event in self._seen)

    def stop(self) -> float:
        """Terminate; the seconds it took."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began_s

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put({**json.loads(line), "arrived_s": time.monotonic()})
        self._events.put(None)


def is_event(name: str, **details: object) -> Callable[[dict[str, Any]], bool]:
    """Whether an event has this name and these details."""
    return lambda event: event["event"] == name and all(event.get(key) == value for key, value in details.items())
