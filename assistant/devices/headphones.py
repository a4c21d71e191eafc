"""Private listening: whoever plugs in headphones hears the assistant there, and nobody else does. Through `pactl`, which PulseAudio and
PipeWire have.

While they are in, the loudspeaker is mute at the sound server. So it is still mute when they are pulled out and the server moves the voice
back to it, which no program could prevent in time; it is heard again after some silence.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from assistant.devices.sound_server import DUMMIES, choose_default_sink, default_device
from assistant.interfaces import HeadphoneChange

ANSWER_WITHIN_S = 2.0
SILENCE_S = 1.0
"""After headphones were pulled out, until the loudspeaker can be heard again."""
WORN = ("headphone", "headset", "handset", "earpiece")
"""In what the server calls a device of this kind, or the socket it is plugged into."""
NOT_WORN = ("hdmi", "displayport", "speaker")


@dataclass(frozen=True)
class Sink:
    """What the sound server plays on."""

    name: str
    kind: str
    """What it tells of its form and of the socket in use, in small letters."""
    called: str = ""
    """Its names for people, in small letters."""
    number: int = -1


class Headphones:
    """Implements `interfaces.HeadphoneWatch`. Where there is no `pactl` that tells in JSON nothing is ever noticed."""

    def __init__(self, named: str = "") -> None:
        """`named`: a part of the name of the loudspeaker that is played on, "" = the server's choice."""
        sinks = _sinks()
        self._named = next((sink for sink in sinks if named and named.lower() in f"{sink.name.lower()} {sink.called}"), None)
        """None: the server doesn't know it, and its streams are none of the server's."""
        self._default = default_device("output")
        self._loudspeaker = self._named.name if self._named else self._default
        self._known = frozenset(sink.name for sink in sinks)
        self._closed = threading.Event()
        self._worn = ""
        """The sink that the user listens on; "" = the loudspeaker."""
        self._muted: set[str] = set()
        self._events: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def watch(self, on_change: Callable[[HeadphoneChange], None]) -> None:
        """Call `on_change` at each change, on a thread of its own, until `close`."""
        if not self._loudspeaker:
            return
        command = ["pactl", "subscribe"]
        with suppress(OSError):
            self._events = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_env())
            self._thread = threading.Thread(target=self._follow, args=(self._events, on_change), name="headphones", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Let the loudspeaker be heard again."""
        self._closed.set()
        if self._events:
            self._events.terminate()
            self._events.wait()
        if self._thread:
            self._thread.join(ANSWER_WITHIN_S)
        for sink in sorted(self._muted):
            self._unmute(sink)

    def _follow(self, events: subprocess.Popen[str], on_change: Callable[[HeadphoneChange], None]) -> None:
        assert events.stdout is not None
        self._look(on_change)
        for line in events.stdout:
            if self._closed.is_set():
                return
            if " on sink #" in line or " on card #" in line:
                self._look(on_change)

    def _look(self, on_change: Callable[[HeadphoneChange], None]) -> None:
        sinks = _sinks()
        if not sinks:
            return
        worn = worn_among(sinks, self._loudspeaker, self._known)
        if worn == self._worn:
            return
        self._worn = worn
        if worn:
            self._mute_all_but(worn)
            self._move_to(worn)
            on_change("in")
            return
        self._mute_all_but("")
        on_change("out")
        self._move_to(self._default)
        if not self._closed.wait(SILENCE_S):
            self._unmute(self._loudspeaker)
            on_change("aloud")
        if self._default != self._loudspeaker and not self._closed.wait(SILENCE_S):  # what was on its way is gone then
            self._unmute(self._default)

    def _mute_all_but(self, worn: str) -> None:
        """The server's own choice, too: there it moves the voice when they are pulled out."""
        self._unmute(worn)
        self._muted = {self._loudspeaker, self._default} - {worn}
        for sink in self._muted:
            _pactl("set-sink-mute", sink, "1")

    def _unmute(self, sink: str) -> None:
        if sink in self._muted:
            self._muted.discard(sink)
            _pactl("set-sink-mute", sink, "0")

    def _move_to(self, sink: str) -> None:
        """Have our own sound played there, and whatever begins from now on, but for what a loudspeaker that is named plays."""
        choose_default_sink(sink)
        for stream in _listed("sink-inputs"):
            is_ours = stream.get("properties", {}).get("application.process.id") == str(os.getpid())
            if is_ours and not (self._named and stream.get("sink") == self._named.number):
                _pactl("move-sink-input", str(stream["index"]), sink)


def worn_among(sinks: Sequence[Sink], loudspeaker: str, known: frozenset[str]) -> str:
    """Return the name of the sink that only its user hears, "" for none: headphones by their own account, or what wasn't there before.

    Args:
        sinks: all there are.
        loudspeaker: the one that everybody hears, unless headphones are in its socket.
        known: the names of those that were there at the start.
    """
    for sink in sinks:
        is_worn = any(word in sink.kind for word in WORN)
        is_new = sink.name not in known and sink.name not in DUMMIES and not any(word in sink.kind for word in NOT_WORN)
        if is_worn or (is_new and sink.name != loudspeaker):
            return sink.name
    return ""


def _sinks() -> list[Sink]:
    return [Sink(str(told["name"]), _kind(told), _called(told), int(told.get("index", -1))) for told in _listed("sinks")]


def _called(told: dict[str, Any]) -> str:
    properties = told.get("properties", {})
    names = [told.get("description", ""), properties.get("alsa.card_name", ""), properties.get("alsa.name", "")]
    return " ".join(map(str, names)).lower()


def _kind(told: dict[str, Any]) -> str:
    """Of the socket in use alone: a card has one for headphones that aren't in, too."""
    properties = told.get("properties", {})
    named = [told.get("active_port") or "", properties.get("device.form_factor", ""), properties.get("device.profile.name", "")]
    return " ".join(map(str, named)).lower()


def _listed(what: str) -> list[dict[str, Any]]:
    try:
        listed = json.loads(_pactl("--format=json", "list", what) or "[]")
    except ValueError:
        return []
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _pactl(*arguments: str) -> str:
    """What it answers; "" where it doesn't."""
    try:
        done = subprocess.run(["pactl", *arguments], env=_env(), capture_output=True, text=True, timeout=ANSWER_WITHIN_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _env() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}
