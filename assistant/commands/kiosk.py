"""`assistant kiosk`: the live loop for a machine that anybody may walk up to, with a page of captions for its screen."""

from __future__ import annotations

import argparse
import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from assistant import assembly
from assistant.commands.live_loop import add_live_arguments, open_loop, run_loop, with_languages
from assistant.commands.options import settings_of, store_of
from assistant.commands.output import Result, resident_bytes
from assistant.commands.serve import PORT, check_web_libraries
from assistant.live.kiosk import Kiosk
from assistant.problems import BadInput, MissingModel
from assistant.settings import Settings
from assistant.written_files import UNIT as SYSTEMD_UNIT
from assistant.written_files import write_file

HEALTH_EVERY_S = 60.0
UNIT = "assistant-kiosk.service"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant kiosk` takes."""
    add_live_arguments(parser)
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"of the page with captions (default: {PORT})")
    parser.add_argument("--no-page", action="store_true", help="only sound: serve no page")
    parser.add_argument("--duration-s", type=float, metavar="S", help="stop after this many seconds")
    parser.add_argument(
        "--install", type=Path, nargs="?", const=Path("/etc/systemd/system"), metavar="FOLDER", help="write a systemd unit there, and end"
    )
    parser.add_argument("--force", action="store_true", help="replace a file of another kind that is there already")


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Run until a signal comes; yield visits, and a line on how it is every minute. No words of anybody's are in them."""
    settings = _for_many(settings_of(options))
    if options.install:
        yield _install(options)
        return
    settings = with_languages(settings, options.language, store_of(options))
    events: queue.Queue[dict[str, Any] | None] = queue.Queue(10_000)
    with ExitStack() as stack:
        report, page = _page(options, stack)

        def told(event: str, details: dict[str, Any]) -> None:
            if event in ("kiosk", "device", "restarted", "hung", "headphones", "loudness"):
                events.put({"event": event, **details})
            report(event, details)

        stack.enter_context(assembly.quieted_sound_libraries(lambda line: report("sound_message", {"what": line})))
        kiosk = Kiosk(settings, told)
        filters_english = bool(settings.kiosk.refused_words)  # they may be told in English alone
        private = settings.kiosk.private_listening and not (options.speaker or "").lower().endswith(".wav")
        loop, keys = open_loop(
            options, settings, kiosk.report, remembers_things=False, always_english=filters_english, listens_privately=private
        )
        kiosk.watch_over(loop)
        watchdog = assembly.open_system_watchdog()
        kiosk.beats.append(watchdog.beat)
        kiosk.beats.append(_Health(kiosk, events).beat)
        keys.watch(loop)
        stack.callback(keys.close)
        if private:
            headphones = assembly.open_headphone_watch(options.speaker)
            headphones.watch(loop.headphones)
            stack.callback(headphones.close)
        address = page(loop)
        failure: list[BaseException] = []
        threads = [
            threading.Thread(target=run_loop, args=(loop, options.duration_s, failure, events), name="loop", daemon=True),
            threading.Thread(target=kiosk.run, name="kiosk", daemon=True),
        ]
        for thread in threads:
            thread.start()
        watchdog.ready(f"page at {address}" if address else "without a page")
        yield f"The kiosk is open{f', its page is at {address}' if address else ''}.", {"event": "open", "address": address}
        try:
            for event in iter(events.get, None):
                line = _line(event)
                if options.json or line:
                    yield line, event
        finally:
            watchdog.stopping()
            loop.stop()
            kiosk.stop()
            for thread in threads:
                thread.join()
        if failure:
            raise failure[0]


class _Health:
    """Tells now and then how the kiosk is."""

    def __init__(self, kiosk: Kiosk, events: queue.Queue[dict[str, Any] | None]) -> None:
        self._kiosk, self._events = kiosk, events
        self._began_s = self._last_s = time.monotonic()

    def beat(self) -> None:
        """Tell it if it is time."""
        now_s = time.monotonic()
        if now_s - self._last_s >= HEALTH_EVERY_S:
            self._last_s = now_s
            about = {"up_s": round(now_s - self._began_s), "visits": self._kiosk.visits, "resident_bytes": resident_bytes()}
            self._events.put({"event": "health", **about})


def _for_many(settings: Settings) -> Settings:
    """What a shared machine needs whatever its settings say: a greeting chooses the language, and it says so."""
    return replace(settings, ears=replace(settings.ears, greet_languages=True))


def _page(options: argparse.Namespace, stack: ExitStack) -> tuple[Any, Any]:
    """What takes events, and what opens the page for a loop and returns its address."""
    if options.no_page:
        return (lambda event, details: None), (lambda loop: "")
    check_web_libraries()
    from assistant.serving.captions import Captions
    from assistant.serving.limits import ServingLimits
    from assistant.serving.service import make_service
    from assistant.serving.web_server import WebServer, bound_socket

    sock, limits = stack.enter_context(bound_socket("127.0.0.1", options.port)), ServingLimits()
    captions = Captions(limits.streams)

    def opened(loop: Any) -> str:
        captions.live = loop
        server = WebServer(make_service(None, limits, captions=captions), sock, on_stop=captions.close)
        server.start()
        stack.callback(setattr, captions, "live", None)
        stack.callback(server.stop)
        return f"http://127.0.0.1:{sock.getsockname()[1]}"

    return captions.report, opened


def _line(event: dict[str, Any]) -> str:
    match event:
        case {"event": "health", "up_s": up_s, "visits": visits, "resident_bytes": held}:
            return f"ok: {up_s} s up, {visits} visits, {held / 1e6:.0f} MB"
        case {"event": "kiosk", "is": "time_left"}:
            return ""
        case {"event": name, **rest}:
            return f"{name}: {', '.join(str(value) for value in rest.values() if value)}"
    return ""


def _install(options: argparse.Namespace) -> Result:
    folder: Path = options.install
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder}", "name the folder of systemd's units, such as /etc/systemd/system")
    program = Path(sys.executable).with_name("assistant")
    if not program.is_file():
        raise MissingModel(f"there is no program {program}", "install the assistant in this environment: pip install .")
    arguments = ["kiosk"]
    for name in ("settings", "models_dir"):
        if value := getattr(options, name):
            arguments += [f"--{name.replace('_', '-')}", str(Path(value).resolve())]
    for name in ("camera", "microphone", "speaker", "language"):
        if value := getattr(options, name):
            arguments += [f"--{name}", str(value)]
    models = store_of(options).root
    path = folder / UNIT
    write_file(path, unit(program, arguments, models).encode(), SYSTEMD_UNIT, options.force)
    did = f"{path} is written: it starts `assistant kiosk` at boot, anew when it fails or hangs, with no network but this machine."
    todo = "Now run: systemctl daemon-reload && systemctl enable --now assistant-kiosk"
    return f"{did} {todo}", {"unit": str(path), "program": str(program), "models": str(models)}


def unit(program: Path, arguments: list[str], models: Path) -> str:
    """Return the unit: a user of its own, a system that can't be written, no network but loopback, sound and camera, and a watchdog."""
    command = " ".join(_quoted(each) for each in (str(program), *arguments))
    return f"""[Unit]
Description=Accessibility assistant kiosk
After=sound.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
Environment={_quoted(f"ASSISTANT_MODELS={models}")}
Restart=always
RestartSec=3
WatchdogSec=30
TimeoutStartSec=180
MemoryMax=3G
DynamicUser=yes
SupplementaryGroups=audio video input
ProtectSystem=strict
ProtectHome=read-only
ReadOnlyPaths={_quoted(str(models))}
PrivateTmp=yes
IPAddressDeny=any
IPAddressAllow=localhost
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
DevicePolicy=closed
DeviceAllow=char-alsa
DeviceAllow=char-video4linux
DeviceAllow=char-input r
DeviceAllow=char-gpiochip
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service seccomp
UMask=0077
StandardOutput=journal

[Install]
WantedBy=multi-user.target
"""


def _quoted(text: str) -> str:
    """As systemd reads words: in quotation marks, percent signs and backslashes doubled, a dollar too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(escaped) & set(" \t'\"\\;") else escaped
