"""Translates by rules with Apertium, where it is installed (Debian: apertium, apertium-eng-spa), in processes of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from functools import cached_property

from assistant.engines.translation.apertium_pipe import ApertiumPipe
from assistant.problems import BadInput, MissingModel, shorten
from assistant.translatable import Translatable, in_english

TIMEOUT_S = 20.0
"""Seconds that a sentence may take. Apertium's dozen small programs take a fifth of a second of processor time to start."""
PIPE_TIMEOUT_S = 5.0
"""Seconds that a sentence may take in programs that are kept running."""
_CODES = {
    "ara": "ar", "deu": "de", "eng": "en", "fra": "fr", "hin": "hi", "ind": "id", "ita": "it", "nld": "nl", "pol": "pl", "por": "pt",
    "rus": "ru", "spa": "es", "tur": "tr", "ukr": "uk", "vie": "vi", "zho": "zh",
}  # fmt: skip
"""Apertium names most languages by three letters, some of its older pairs by two."""
_MARK = re.compile(r"(?<!\S)[*#@](?=\w)")
"""Before a word that it doesn't know, or can't inflect."""
_INSTALL = Translatable("run: {command}", command="apt install apertium apertium-eng-spa")


class ApertiumTranslator:
    """Implements `interfaces.Translator` for the pairs that are installed."""

    def __init__(self, program: str = "apertium") -> None:
        """Find the program. MissingModel if it isn't on this machine."""
        found = shutil.which(program)
        if found is None:
            raise MissingModel("Apertium is not installed", _INSTALL)
        self._program = found
        self._pipes: dict[str, ApertiumPipe | None] = {}
        """By direction; None where keeping it running doesn't work, and each sentence gets processes of its own."""
        self._lock = threading.Lock()

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Return the (source, target) pairs of languages that are installed."""
        return frozenset(self._modes)

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Translate one sentence; words that Apertium doesn't know stay as they are. BadInput for a pair that isn't installed."""
        if (source, target) not in self._modes:
            raise BadInput(in_english(f"Apertium has no {source!r} to {target!r} here"), in_english("install that pair's package"))
        line = " ".join(sentence.replace("\0", " ").split())
        return _MARK.sub("", self._translate(line, self._modes[source, target])).strip() if line else ""

    @cached_property
    def _modes(self) -> dict[tuple[str, str], str]:
        """(source, target) -> Apertium's name of it. Regional variants (spa-eng_US) are left out."""
        modes = {}
        for mode in self._run("", "-l").split():
            languages = [_CODES.get(part, part) for part in mode.split("-")]
            if len(languages) == 2 and all(re.fullmatch("[a-z]{2}", language) for language in languages):
                modes[languages[0], languages[1]] = mode
        return modes

    def _translate(self, line: str, mode: str) -> str:
        with self._lock:
            try:
                if mode not in self._pipes:
                    self._pipes[mode] = ApertiumPipe(self._program, mode)
                if pipe := self._pipes[mode]:
                    return pipe.translate(line, PIPE_TIMEOUT_S)
            except OSError:
                if pipe := self._pipes.get(mode):
                    pipe.close()
                self._pipes[mode] = None
        return self._run(line, "-u", mode)

    def _run(self, text: str, *arguments: str) -> str:
        try:
            done = subprocess.run([self._program, *arguments], input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingModel("Apertium failed ({error})", _INSTALL, error=shorten(error, 60)) from error
        return done.stdout.decode("utf-8", errors="replace")
