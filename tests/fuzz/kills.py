"""Kills set-ups at random moments and looks at what they leave: python -m tests.fuzz.kills --kills 1000

Models of three kinds are fetched: from a hub, out of a wheel, and built of others. After each kill a model must be whole or not there, in
every tenth round the next set-up must complete what is there. What went wrong is printed with its round.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from assistant.store import manifests
from assistant.store.fetch import ensure
from assistant.store.fetch_common import OnProgress
from assistant.store.model_store import ModelStore
from tests.support.hub_server import serve
from tests.support.manifest_files import HEAD, file_table, hub_source, pip_source, write_wheel

LARGE = random.Random(1).randbytes(1 << 20)
SMALL = b'{"layers": 2}'
FAST, SLOW = ("toy", "built"), ("packed",)
"""Names of models; those of wheels take pip a second."""
SLOW_EVERY = 10
COMPLETE_EVERY = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve({"a/b/model.bin": LARGE, "a/b/config.json": SMALL}) as hub:
        os.environ |= {"HF_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{folder}/registry"}
        store = made_up(Path(folder))
        killed, wrong = campaign(store, options.kills, random.Random(options.seed))
    print(f"{options.kills} rounds, {killed} killed before they ended, {wrong} wrong")
    sys.exit(wrong > 0)


def made_up(root: Path) -> ModelStore:
    """Write the manifests and the wheel, and have the program know no others."""
    (root / "models").mkdir()
    (root / "voices").mkdir()
    wheel = write_wheel(root / "registry", "toy-1", {"toy_1/part": LARGE})
    texts = {
        "toy": file_table("model.bin", LARGE) + file_table("config.json", None) + hub_source("a/b"),
        "built": '[[sources]]\nkind = "build"\nneeds = ["toy"]\n',
        "packed": file_table("model.bin", LARGE) + pip_source([wheel], {"model.bin": ["toy_1/part"]}),
    }
    for name, text in texts.items():
        (root / f"models/{name}.toml").write_text(HEAD + text)
    setattr(manifests, "data_folder", lambda name: root / name)  # noqa: B010
    return ModelStore(root / "store")


def campaign(store: ModelStore, rounds: int, chance: random.Random) -> tuple[int, int]:
    """Return how many set-ups were killed before they ended, and how many promises were broken."""
    killed = wrong = 0
    needed_s = {names: timed(store, names) for names in (FAST, SLOW)}
    for number in range(rounds):
        names = SLOW if number % SLOW_EVERY == 0 else FAST
        if chance.random() < 0.5:
            shutil.rmtree(store.root, ignore_errors=True)
        killed += die_in(chance.uniform(0, 1.1 * needed_s[names]), store, names)
        for name in (*FAST, *SLOW):
            if (trouble := what_is_wrong(store, name)) is not None:
                wrong += 1
                print(f"round {number}: {name} {trouble}", flush=True)
        if number % COMPLETE_EVERY == COMPLETE_EVERY - 1:
            fetch_all(store, names)
    return killed, wrong


def timed(store: ModelStore, names: tuple[str, ...]) -> float:
    """Return the seconds of a set-up that nobody kills."""
    began_s = time.monotonic()
    die_in(60.0, store, names)
    return time.monotonic() - began_s


def die_in(delay_s: float, store: ModelStore, names: tuple[str, ...]) -> bool:
    """Set up in another process, kill it and what it started after a while, and return whether it was still at work."""
    child = os.fork()
    if not child:
        try:
            fetch_all(store, names)
        finally:
            os._exit(0)
    os.setpgid(child, child)  # before it can be killed; whatever it starts is of its group
    ends_s = time.monotonic() + delay_s
    while time.monotonic() < ends_s:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def fetch_all(store: ModelStore, names: tuple[str, ...]) -> None:
    for name in names:
        ensure(name, store, lambda line: None, build)


def build(sources: Path, destination: Path, report: OnProgress) -> None:
    """Write a graph in pieces, as a real one takes its time."""
    with (destination / "graph.onnx").open("wb") as file:
        for _ in range(20):
            file.write((sources / "toy/model.bin").read_bytes()[:50_000])
            file.flush()


def what_is_wrong(store: ModelStore, name: str) -> str | None:
    """Say how a model is neither whole nor absent; None where all is well."""
    state = store.state(name)
    if state == "missing":
        return "is missing, and its folder is there" if store.place(name).exists() else None
    if state == "damaged":
        return "is damaged"
    return None if store.verify(name) else "is other than its hashes say"


if __name__ == "__main__":
    main()
