"""Tries many spoilt inputs, in processes of their own so that a crash is found and told: python -m tests.fuzz.campaign --inputs 100000

What went wrong is printed with its seed, and its bytes are kept in tests/fuzz/found/ if a process crashed or hung.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = 500
LONGEST_S = 240
"""Seconds of one batch; one that takes longer hangs."""
FOUND = Path(__file__).parent / "found"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first batch")
    options = parser.parse_args()
    began_s, wrong = time.monotonic(), 0
    for seed in range(options.seed, options.seed + max(1, options.inputs // BATCH)):
        with tempfile.TemporaryDirectory() as folder:
            program = "from pathlib import Path; from tests.fuzz.mutations import inputs\n"
            program += f"for each in inputs({seed}, {BATCH}, Path({folder!r})): print(*each)"
            try:
                done = subprocess.run(
                    [sys.executable, "-X", "faulthandler", "-c", program], capture_output=True, text=True, timeout=LONGEST_S
                )
                told, status = done.stdout.strip().splitlines(), done.returncode
            except subprocess.TimeoutExpired:
                told, status = ["hangs"], -1
            if status:  # the input is still there
                FOUND.mkdir(exist_ok=True)
                for path in Path(folder).iterdir():
                    shutil.copy(path, FOUND / f"seed{seed}-{path.name}")
                told.append(f"seed {seed}: the process ended with {status}; see {FOUND}")
        wrong += len(told)
        print(*told, f"seed {seed}: {BATCH} inputs, {len(told)} wrong", sep="\n", flush=True)
    print(f"{options.inputs} inputs in {time.monotonic() - began_s:.0f} s, {wrong} wrong")


if __name__ == "__main__":
    main()
