"""`assistant kiosk` as a system runs it: the unit that it writes, and what it tells systemd."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.command_line import main
from assistant.commands.kiosk import unit
from assistant.devices.system_watchdog import SystemWatchdog
from tests.support.folders import PROJECT


def test_the_unit_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "assistant"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    settings = tmp_path / "kiosk 1.toml"
    settings.write_text("[kiosk]\nidle_s = 60.0\n")
    assert main(["kiosk", "--install", str(tmp_path), "--settings", str(settings), "--language", "pt"]) == 0
    assert "systemctl enable --now" in capsys.readouterr().out
    text = (tmp_path / "assistant-kiosk.service").read_text()
    assert f'ExecStart={program} kiosk --settings "{settings}" --camera 0 --language pt\n' in text
    for line in (
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "ProtectSystem=strict",
        "Restart=always",
        "WatchdogSec=30",
        "MemoryMax=3G",
    ):
        assert f"{line}\n" in text
    assert main(["kiosk", "--install", str(tmp_path)]) == 0  # again, with other options


def test_a_unit_that_cant_be_written_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kiosk", "--install", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_operators_mistake_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "kiosk.toml"
    for wrong, told in (
        ("idle_s = 0", "idle_s"),
        ("quiet_from_hour = 25", "quiet_from_hour"),
        ("idel_s = 60", "idel_s"),
        ('refused_intents = ["all"]', "refused_intents"),
    ):
        settings.write_text(f"[kiosk]\n{wrong}\n")
        assert main(["kiosk", "--settings", str(settings)]) == 2
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd here to check the unit with")
    path = tmp_path / "assistant-kiosk.service"
    path.write_text(unit(Path(sys.executable), ["kiosk"], tmp_path))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True)
    assert done.returncode == 0 and "Unknown" not in done.stderr, done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", str(path)], capture_output=True, text=True)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd can't judge a unit that isn't installed")
    assert done.returncode == 0, f"exposed by more than 2.5 of 10: {done.stdout[-200:]}"


def test_systemd_hears_that_it_is_ready_and_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as system:
        system.bind(str(tmp_path / "notify"))
        system.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")
        watchdog = SystemWatchdog()
        watchdog.ready("page at http://127.0.0.1:8710")
        watchdog.beat()
        watchdog.beat()
        watchdog.stopping()
        told = [system.recv(200).decode() for _ in range(3)]
    assert told == ["READY=1\nSTATUS=page at http://127.0.0.1:8710", "WATCHDOG=1", "STOPPING=1"]


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    SystemWatchdog().ready("x")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    SystemWatchdog().ready("x")


@pytest.mark.models
@pytest.mark.slow
def test_a_visit_leaves_nothing_on_the_disk_and_no_words_in_the_log(models_dir: Path, tmp_path: Path) -> None:
    """A recorded user before a recorded camera; the home and all folders for temporary files are empty before and after."""
    home, out = tmp_path / "home", tmp_path / "out.wav"
    home.mkdir()
    files = PROJECT / "assistant" / "commands" / "demo_files"
    command = [sys.executable, "-m", "assistant", "kiosk", "--camera", files / "clip.mp4", "--microphone", files / "question1_en.wav"]
    command += ["--speaker", out, "--port", "0", "--json", "--duration-s", "30"]
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "ASSISTANT_MODELS": str(models_dir), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=env | {"XDG_DATA_HOME": str(home)}, timeout=300)
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 50_000
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "open" and {"event": "kiosk", "is": "visit", "number": 1} in events
    assert "What is in front" not in done.stdout + done.stderr and "cat" not in done.stdout
    assert [path for path in home.rglob("*") if path.is_file()] == []
