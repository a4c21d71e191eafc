"""Schemathesis over every path of the OpenAPI page: bodies that its forms allow, and such that they don't; none may be our mistake.

    python -m tests.support.fuzz_paths --examples 500 --seed 7        long, from another seed

The engines are fakes, the service isn't. Prints what Schemathesis does; exit status 1 if any answer was a 5xx, or none came.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.languages import languages
from assistant.messages import Frame
from assistant.reading.page import Page
from tests.support.fakes import ToneSynthesizer
from tests.support.service import fake_engines, served

SECONDS = 3600


class Wall:
    """A camera that shows the same picture until closed."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
        while not self._closed.wait(0.1):
            yield Frame(picture, time.monotonic())

    def close(self) -> None:
        self._closed.set()


def fuzz(examples: int, seed: int, phases: str, seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    """Return how it ended: `examples` of random bodies a path; in the phase "coverage" also all that the forms' bounds suggest."""
    engines = fake_engines()
    engines.read_page, engines.voices = lambda picture: Page(), [ToneSynthesizer(tuple(languages()))]
    program = Path(sys.executable).with_name("schemathesis")
    with served(engines, camera=Wall()) as client, tempfile.TemporaryDirectory() as folder:
        command = [str(program), "--no-color", "run", f"{client.base}/openapi.json", "--checks", "not_a_server_error"]
        command += ["--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none", "--request-timeout", "60"]
        command += [
            "--phases",
            phases,
            "--exclude-path",
            "/events",  # which has no end
            "--suppress-health-check",
            "all",
        ]
        return subprocess.run(command, cwd=folder, timeout=seconds, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def main() -> int:
    """Run it by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=200, help="of each path (default: 200)")
    parser.add_argument("--seed", type=int, default=25)
    options = parser.parse_args()
    done = fuzz(options.examples, options.seed, "examples,coverage,fuzzing,stateful")
    print(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
