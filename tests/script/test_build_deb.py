"""The Debian packages: what is in them, and that they are installed, updated and removed as packages are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.folders import PROJECT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is not installed: packages are built on Debian"),
    pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the script wants an environment"),
]


def built(folder: Path, revision: int) -> list[Path]:
    """The two packages, with the program alone in place of all libraries."""
    libraries, models = folder / "libraries", folder / "models"
    if not libraries.exists():
        shutil.copytree(PROJECT / "assistant", libraries / "assistant", ignore=shutil.ignore_patterns("__pycache__", "*.mp4", "*.wav"))
        (models / "some").mkdir(parents=True)
        (models / "some" / "weights").write_bytes(b"weights")
    env = {**os.environ, "VENV": sys.prefix, "LIBRARIES": str(libraries), "MODELS": str(models), "REVISION": str(revision)}
    out = folder / f"out{revision}"
    subprocess.run([PROJECT / "script" / "build-deb", str(out)], check=True, capture_output=True, env=env)
    return sorted(out.glob("*.deb"), key=lambda path: len(path.name))


def dpkg(root: Path, *arguments: object) -> str:
    (root / "var/lib/dpkg/updates").mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/info").mkdir(exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    command = ["dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", "--force-not-root", "--force-confold", *arguments]
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def test_a_package_is_installed_updated_and_removed_and_keeps_the_operators_settings(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    program, models = built(tmp_path, 1)
    assert "models are missing" in dpkg(root, "-i", program)
    dpkg(root, "-i", models)
    assert (root / "opt/scene-assistant/models/some/weights").read_bytes() == b"weights"
    assert os.access(root / "usr/bin/assistant", os.X_OK) and (root / "opt/scene-assistant/lib/assistant/conversation.py").is_file()
    unit = (root / "usr/lib/systemd/system/assistant-kiosk.service").read_text()
    assert "ExecStart=/usr/bin/assistant kiosk --settings /etc/scene-assistant/kiosk.toml\n" in unit and "WatchdogSec" in unit
    settings = root / "etc/scene-assistant/kiosk.toml"
    settings.write_text('language = "pt"\n')
    newer, _ = built(tmp_path, 2)
    assert "models are missing" not in dpkg(root, "-i", newer)
    assert settings.read_text() == 'language = "pt"\n', "an update changes nothing of the operator's"
    assert "Version: 0.1.0-2" in (root / "var/lib/dpkg/status").read_text()
    dpkg(root, "-r", "scene-assistant")
    assert not (root / "usr/bin/assistant").exists() and settings.exists()
