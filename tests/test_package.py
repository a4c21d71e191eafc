"""The wheel: what is installed is all that a checkout has and a user needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.folders import PROJECT

INSTALLED = [
    *("assistant/**/*.py", "assistant/**/*.toml", "assistant/**/*.npz", "assistant/languages/*.tsv", "assistant/languages/messages/*.po"),
    *("assistant/py.typed", "assistant/commands/demo_files/*", "assistant/serving/page/*"),
    *("models/*.toml", "models/starter/*", "models/translator/*", "voices/*.toml"),
]


def test_the_wheel_holds_every_room_and_every_file_that_a_room_reads(tmp_path: Path) -> None:
    """Rooms are listed in setup.cfg, so that a new one could be forgotten; a checkout works without the list."""
    for name in ("assistant", "models", "voices", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).symlink_to(PROJECT / name)  # so that nothing is built in the checkout
    build = "import sys, setuptools.build_meta as build; print(build.build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / done.stdout.splitlines()[-1]) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {path.relative_to(PROJECT).as_posix() for pattern in INSTALLED for path in PROJECT.glob(pattern)}
    wanted = {name if name.startswith("assistant/") else f"assistant/{name}" for name in files}
    assert held == wanted
