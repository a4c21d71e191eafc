"""Many clients at once on a running service: `python -m tests.support.measure_service PORT [CLIENTS] [PID]` prints what they got."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tests.support.service import CAT, Client

LONGEST_S = 600.0


def main(port: int, clients: int, pid: int | None) -> None:
    """Ask once from each, all at the same time."""
    statuses, times_s = Counter[int](), list[float]()

    def ask() -> None:
        began_s = time.monotonic()
        statuses[Client(port, LONGEST_S).ask("POST", "/ask?question=What%20is%20this%3F", CAT, {"Content-Type": "image/png"}).status] += 1
        times_s.append(time.monotonic() - began_s)

    before = resident(pid)
    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times_s.sort()
    first_s, half_s, all_s = times_s[0], times_s[len(times_s) // 2], times_s[-1]
    print(f"{clients} clients: {dict(statuses)}; {first_s:.2f} s the first, {half_s:.2f} s half, {all_s:.2f} s all")
    if pid:
        print(f"memory: {before:.0f} MB before, {resident(pid):.0f} MB after")


def resident(pid: int | None) -> float:
    """MB that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines() if pid else []
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS")), 0.0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 50, int(sys.argv[3]) if len(sys.argv) > 3 else None)
