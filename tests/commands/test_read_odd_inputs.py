"""`assistant read` of what is damaged, hostile or no text at all: its text, or one clear line and status 2. All in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from assistant.commands.demo import demo_file
from tests.support.odd_pictures import odd_pdfs, odd_picture_files
from tests.support.pdf_files import pdf, text_at

pytestmark = pytest.mark.models

EVERY = 12
"""Of the three hundred odd files each twelfth is read here."""
LETTERS = 100_000
# Each is told as [status, stdout, stderr]; what isn't caught ends the process.
READ = """
import contextlib, io, json, sys
from assistant.command_line import main
for arguments in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    print(json.dumps([status, out.getvalue(), err.getvalue()]))
"""


def read_all(paths: list[str], models_dir: Path) -> list[tuple[int, str, str]]:
    commands = json.dumps([["read", "--json", "--models-dir", str(models_dir), "--", path] for path in paths])
    done = subprocess.run([sys.executable, "-c", READ], input=commands, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def odd_files(folder: Path) -> Iterator[str]:
    for name, make in islice((*odd_picture_files(), *odd_pdfs()), 0, None, EVERY):
        (folder / name).write_bytes(make())
        yield str(folder / name)


def test_odd_files_give_their_text_or_one_line_that_names_the_cause(models_dir: Path, tmp_path: Path) -> None:
    for status, out, err in read_all(list(odd_files(tmp_path)), models_dir):
        assert status in (0, 2)
        assert (err == "" and json.loads(out)["lines"] is not None) if status == 0 else len(err.splitlines()) == 1


def test_what_is_no_picture_at_all_is_named(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "long.pdf").write_bytes(pdf(["\n".join(text_at(20, 780 - row * 0.77, "word " * 20, 1) for row in range(LETTERS // 100))]))
    odd_name = tmp_path / b"caf\xe9.png".decode("utf-8", "surrogateescape")
    odd_name.write_bytes(demo_file("clip.mp4").read_bytes())
    causes = {
        str(tmp_path / "folder.png"): "is a folder",
        str(tmp_path / "empty.jpg"): "is empty",
        str(tmp_path / "missing.pdf"): "No such file",
        "-missing.png": "there is no file",
        str(demo_file("question1_en.wav")): "sound but no picture",
        str(odd_name): "",
        str(tmp_path / "long.pdf"): "",
    }
    for (status, out, err), cause in zip(read_all(list(causes), models_dir), causes.values(), strict=True):
        assert (status, len(err.splitlines())) == ((2, 1) if cause else (0, 0)), err
        assert cause in err and (cause or "text" in json.loads(out))
    assert len(json.loads(out)["text"]) > 30_000  # the last, a PDF
