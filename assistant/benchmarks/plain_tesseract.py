"""Reads whole pages with the program Tesseract as its users do: `--psm 3`, in one language, its text as it prints it."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from pathlib import Path

import numpy as np

from assistant.messages import Picture

TIMEOUT_S = 60.0
_LOOK_S = 0.02
"""Seconds between two looks at how much memory it holds."""


class PlainTesseract:
    """Runs Tesseract, and remembers the most memory that it ever held."""

    def __init__(self, program: str, packs: Path | None = None) -> None:
        """Take the program's path, and a folder of languages to use in place of the system's."""
        self._command = [program, *(["--tessdata-dir", str(packs)] if packs else [])]
        listed = subprocess.run([*self._command, "--list-langs"], capture_output=True, text=True, check=True).stdout
        self.packs = frozenset(listed.split())
        self.peak_mb = 0.0

    @classmethod
    def installed(cls, packs: Path | None = None) -> PlainTesseract | None:
        """Return the one on this machine; None without any."""
        program = shutil.which("tesseract")
        return None if program is None else cls(program, packs)

    def read(self, picture: Picture, pack: str) -> str:
        """Return the text of uint8 [H, W, 3]; English is tried where the language's pack isn't there. "" if it takes too long."""
        height, width = picture.shape[:2]
        image = b"P6 %d %d 255\n" % (width, height) + np.ascontiguousarray(picture).tobytes()
        command = [*self._command, "stdin", "stdout", "-l", pack if pack in self.packs else "eng", "--psm", "3"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            watch = threading.Thread(target=self._watch, args=(process,), daemon=True)
            watch.start()
            try:
                text, _ = process.communicate(image, TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                text = b""
        watch.join()
        return text.decode("utf-8", errors="replace")

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.returncode is None:
            self.peak_mb = max(self.peak_mb, _resident_mb(process.pid))
            time.sleep(_LOOK_S)


def _resident_mb(process: int) -> float:
    """The most memory that a process ever held; 0 once it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)
