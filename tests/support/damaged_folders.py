"""Makes damaged copies of a model folder, each from a number, and tries to use them in a process of little memory.

    python -m tests.support.damaged_folders FOLDER SCRATCH FIRST END

prints one JSON object a case: its number, what was done to the folder, how it ended, and how long that took.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.messages import Frame, Keyframe
from assistant.problems import Problem

GRAPHS = ["onnx/vision_encoder.onnx", "onnx/embed_tokens.onnx", "onnx/decoder_model_merged.onnx"]
JSONS = ["config.json", "preprocessor_config.json", "generation_config.json", "tokenizer.json"]
FILES = [*JSONS, "seen_labels.txt", *GRAPHS]

MOST_BYTES = 2 << 30
MOST_S = 10.0

HOSTILE: list[Any] = [
    *(None, True, False, "", "text", "512", "\x00", "9" * 5000, -1, 0, 1, 2, 3, 7, 512, 4096, 65536, 2**31, 2**63, 10**30),
    *(0.5, -1.5, 1e-300, 1e308, float("nan"), float("inf"), [], {}, [1], [None], [[]], {"a": 1}, [0.5, 0.5], ["0.5"] * 3, [0] * 1000),
]
HUGE_LENGTHS = [-1, 0, 1, 3, 2**31 - 1, 2**31, 2**40, 2**62, -(2**62)]

Damage = Callable[[Path, random.Random], str]
"""Damages the folder and says how."""


def use(folder: Path) -> str:
    """Load the model and ask it one question."""
    describer = Smolvlm2Describer(folder, threads=1)
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return describer.raw([Keyframe(Frame(picture, 0.0), "only")], "What?", False, max_tokens=3).text


def remove_file(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice(FILES)
    path.unlink()
    if rng.random() < 0.3:
        path.mkdir()
        return f"{path.name} is a folder"
    return f"{path.name} removed"


def truncate(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice(FILES)
    content = path.read_bytes()
    kept = rng.randrange(len(content))
    path.write_bytes(content[:kept])
    return f"{path.name} cut to {kept} bytes"


def flip_bytes(folder: Path, rng: random.Random) -> str:
    """Anywhere, or where a graph keeps its structure rather than its weights."""
    path = folder / rng.choice(FILES)
    content = bytearray(path.read_bytes())
    end = rng.choice([len(content), min(len(content), 3000)])
    places = [rng.randrange(end) for _ in range(rng.choice([1, 2, 8, 64]))]
    for place in places:
        content[place] ^= rng.randrange(1, 256)
    path.write_bytes(content)
    return f"{path.name}: bytes {sorted(places)[:8]} changed"


def overwrite_block(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice(FILES)
    content = bytearray(path.read_bytes())
    start, length = rng.randrange(len(content)), rng.choice([4, 64, 4096])
    content[start : start + length] = rng.choice([bytes(length), b"\xff" * length, rng.randbytes(length), b"", bytes(content[:length])])
    path.write_bytes(content)
    return f"{path.name}: {length} bytes at {start} overwritten"


def swap_files(folder: Path, rng: random.Random) -> str:
    one, other = rng.sample(GRAPHS if rng.random() < 0.5 else FILES, 2)
    first, second = (folder / one).read_bytes(), (folder / other).read_bytes()
    (folder / one).write_bytes(second)
    if rng.random() < 0.7:
        (folder / other).write_bytes(first)
    return f"{one} and {other} swapped"


def change_json_field(folder: Path, rng: random.Random) -> str:
    """One field, however deep, removed or of another value; in tokenizer.json sometimes all special tokens."""
    path = folder / rng.choice(JSONS)
    content = json.loads(path.read_text(encoding="utf-8"))
    if path.name == "tokenizer.json" and rng.random() < 0.2:
        content["added_tokens"] = [token for token in content["added_tokens"] if rng.random() < 0.5]
        what = "some special tokens removed"
    else:
        what = _change_somewhere(content, rng)
    path.write_text(json.dumps(content), encoding="utf-8")
    return f"{path.name}: {what}"


def change_graph(folder: Path, rng: random.Random) -> str:
    """A valid file of a graph that was tampered with."""
    path = folder / rng.choice(GRAPHS)
    model = onnx.load(path)
    change = rng.choice([_change_port, _change_weight, _change_node, _change_attribute])
    what = change(model.graph, rng)
    path.write_bytes(model.SerializeToString())
    return f"{path.name}: {what}"


def _change_somewhere(content: Any, rng: random.Random) -> str:
    way = []
    while True:
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        key = rng.choice(keys)
        way.append(str(key)[:20])
        if isinstance(content[key], dict | list) and content[key] and rng.random() < 0.7:
            content = content[key]
            continue
        if rng.random() < 0.25:
            del content[key]
            return f"{'.'.join(way)} removed"
        content[key] = rng.choice(HOSTILE)
        return f"{'.'.join(way)} = {str(content[key])[:30]}"


def _change_port(graph: Any, rng: random.Random) -> str:
    port = rng.choice([*graph.input, *graph.output])
    tensor = port.type.tensor_type
    kind = rng.choice(["length", "rank", "type", "name", "remove"])
    if kind == "length" and tensor.shape.dim:
        rng.choice(list(tensor.shape.dim)).dim_value = rng.choice(HUGE_LENGTHS)
    elif kind == "rank":
        tensor.shape.dim.add().dim_value = rng.choice(HUGE_LENGTHS)
    elif kind == "type":
        tensor.elem_type = rng.choice([0, 1, 6, 7, 8, 9, 10, 11, 16, 99])
    elif kind == "name":
        port.name = rng.choice(["", "other", "logits", "past_key_values.9999.key", "\u00e9"])
    else:
        ports = graph.input if port in graph.input else graph.output
        ports.remove(port)
    return f"port {port.name!r}: {kind}"


def _change_weight(graph: Any, rng: random.Random) -> str:
    weight = rng.choice(list(graph.initializer))
    kind = rng.choice(["length", "type", "values", "remove"])
    if kind == "length" and weight.dims:
        weight.dims[rng.randrange(len(weight.dims))] = rng.choice(HUGE_LENGTHS)
    elif kind == "type":
        weight.data_type = rng.choice([0, 1, 6, 7, 9, 10, 11, 99])
    elif kind == "values":
        weight.raw_data = rng.choice([rng.randbytes(len(weight.raw_data)), b"\xff" * len(weight.raw_data), b"\x7f" * len(weight.raw_data)])
    else:
        graph.initializer.remove(weight)
    return f"weight {weight.name!r}: {kind}"


def _change_node(graph: Any, rng: random.Random) -> str:
    node = rng.choice(list(graph.node))
    kind = rng.choice(["remove", "operator", "input", "twice"])
    if kind == "operator":
        node.op_type = rng.choice([rng.choice(list(graph.node)).op_type, "Nonsense", ""])
    elif kind == "input" and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(["", "nowhere", rng.choice(list(graph.node)).output[0]])
    elif kind == "twice":
        graph.node.append(node)
    else:
        graph.node.remove(node)
    return f"node {node.op_type} {node.output[0]!r}: {kind}"


def _change_attribute(graph: Any, rng: random.Random) -> str:
    nodes = [node for node in graph.node if node.attribute]
    if not nodes:
        return _change_node(graph, rng)
    node = rng.choice(nodes)
    attribute = rng.choice(list(node.attribute))
    attribute.i = rng.choice(HUGE_LENGTHS)
    if attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(HUGE_LENGTHS)
    attribute.f = rng.choice([0.0, -1.0, float("nan"), 1e38])
    return f"node {node.op_type}: attribute {attribute.name} = {attribute.i}"


DAMAGES: list[Damage] = [
    *(remove_file, truncate, flip_bytes, flip_bytes, overwrite_block, swap_files),
    *(change_json_field, change_json_field, change_json_field, change_graph, change_graph, change_graph),
]


def main(whole: Path, scratch: Path, first: int, end: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    for number in range(first, end):
        folder = Path(shutil.copytree(whole, scratch / str(number)))
        rng = random.Random(number)
        what = DAMAGES[number % len(DAMAGES)](folder, rng)
        print(json.dumps({"number": number, "what": what}), flush=True)
        faulthandler.dump_traceback_later(MOST_S, exit=True)
        began_s = time.monotonic()
        print(json.dumps({"number": number, "what": what, "end": _end(folder), "took_s": time.monotonic() - began_s}), flush=True)
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(folder)


def _end(folder: Path) -> str:
    try:
        use(folder)
    except Problem as problem:
        return f"refused: {problem}"
    except BaseException:
        return traceback.format_exc()
    return "works"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
