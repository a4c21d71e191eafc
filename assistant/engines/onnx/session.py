"""Opens ONNX graphs with our options and names the file that is missing, damaged or foreign. Knows nothing of what a graph computes."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from assistant.engines.onnx.saved_graphs import Rewriting, discard, find_saved
from assistant.problems import DamagedModel, MissingModel, shorten
from assistant.translatable import Translatable

FETCH_AGAIN = Translatable("fetch the model again with `assistant models fetch`, or give a whole copy of its folder")

_FATAL_ONLY = 4  # onnxruntime's log level; what it would print is raised as a Problem here
onnxruntime.set_default_logger_severity(_FATAL_ONLY)
# Read whenever a graph is loaded: its tiled attention is no faster at a prompt in chunks, and slower at a token (docs/processors.md).
os.environ.setdefault("ORT_GQA_DISABLE_FLASH_ATTENTION", "1")
_DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}

Shape = tuple[int | None, ...]
"""None where a graph leaves a length open, or where any length will do."""


@dataclass(frozen=True)
class Port:
    """An input or output of a graph."""

    name: str
    dtype: np.dtype[np.generic]
    shape: Shape


@dataclass(frozen=True)
class SessionSettings:
    """Says what of this machine the graphs may use."""

    threads: int = 0
    """Threads of one run; 0 = one per physical core."""
    spin: bool = True
    """Threads keep their core busy while they wait for each other: faster on an idle machine. Where something else wanted the
    cores too, as sound does, decoding with spinning was half as fast and took twice the processor time."""
    saved_graphs: Path | None = None
    """Folder for optimised graphs (see saved_graphs.py); None = optimise anew each time."""

    @classmethod
    def beside_audio(cls, threads: int = 0, saved_graphs: Path | None = None) -> SessionSettings:
        """Return settings for live use: sound must not wait for the model. `threads` = 0 leaves it one of three cores or more."""
        cores = physical_cores()
        return cls(threads or (cores - 1 if cores > 2 else cores), False, saved_graphs)


class OnnxGraph:
    """Runs one graph. Its methods may be called from several threads at once."""

    def __init__(
        self,
        path: Path,
        settings: SessionSettings | None = None,
        *,
        keep_arena: bool = True,
        rewriting: Rewriting | None = None,
        shrink: bool = False,
    ) -> None:
        """Load the file, or its optimised form if that is saved.

        Args:
            path: the .onnx file.
            settings: of the session.
            keep_arena: keep working memory between runs: faster, but the largest run's memory is never given back.
            rewriting: of the form that is saved.
            shrink: give the working memory back after each run. With lengths that change from run to run, the arena takes a third less
                at its highest than without one, and a tenth of the time goes into asking for memory again.

        Raises:
            MissingModel: there is no such file.
            DamagedModel: onnxruntime can't load it.
        """
        settings = settings or SessionSettings()
        if not path.is_file():
            raise MissingModel("the model file {path} is missing", FETCH_AGAIN, path=shorten(path))
        self.path = path
        self._run_options = onnxruntime.RunOptions()
        if shrink:
            self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            self._session = _open_session(path, settings, keep_arena, rewriting)
            inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
            self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
            """What its maker wrote into the file beside the graph."""
            nodes = [(node.name, node.type, list(node.shape)) for node in (*inputs, *outputs)]  # may hold bytes that are no text
        except Exception as error:  # onnxruntime's errors have no common root
            raise DamagedModel(
                "the model file {path} {what}", FETCH_AGAIN, path=shorten(path), what="can't be loaded: it is damaged or no ONNX graph"
            ) from error
        ports = [self._port(*node) for node in nodes]
        self.inputs = {port.name: port for port in ports[: len(inputs)]}
        self.outputs = {port.name: port for port in ports[len(inputs) :]}

    def input(self, name: str, shape: Shape, *dtypes: type[np.generic]) -> Port:
        """Return the input of that name. DamagedModel unless it fits `shape` and is of one of `dtypes`."""
        return self._checked(self.inputs, "input", name, shape, dtypes)

    def output(self, name: str, shape: Shape, *dtypes: type[np.generic]) -> Port:
        """Return the output of that name. DamagedModel unless it fits `shape` and is of one of `dtypes`."""
        return self._checked(self.outputs, "output", name, shape, dtypes)

    def refuse_other_inputs(self, known: Collection[str]) -> None:
        """Raise DamagedModel if the graph asks for an input that nobody would give it."""
        if strange := sorted(set(self.inputs) - set(known)):
            raise self.foreign(f"asks for an unknown input {strange[0]!r}")

    def run(self, feed: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        """Run the graph and return the named outputs. DamagedModel if it fails."""
        values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in feed.items()}
        return [value.numpy() for value in self.run_values(values, outputs)]

    def run_values(self, feed: Mapping[str, onnxruntime.OrtValue], outputs: Sequence[str]) -> list[onnxruntime.OrtValue]:
        """Run the graph on onnxruntime's own values, so that nothing is copied through numpy, and return the named outputs.

        DamagedModel if it fails.
        """
        try:
            return list(self._session.run_with_ort_values(list(outputs), dict(feed), self._run_options))
        except Exception as error:  # onnxruntime's errors have no common root
            raise self.foreign("failed while running") from error

    def bind(self) -> Binding:
        """Return a binding for many runs whose inputs and outputs stay in the same memory."""
        return Binding(self, self._session)

    def foreign(self, what: str) -> DamagedModel:
        """Return the Problem that says what is wrong with this file."""
        return DamagedModel("the model file {path} {what}", FETCH_AGAIN, path=shorten(self.path), what=what)

    def _port(self, name: str, kind: str, lengths: list[int | str | None]) -> Port:
        if kind not in _DTYPES:
            raise self.foreign(f"has {shorten(name, 40)!r} of the unexpected type {kind}")
        return Port(name, np.dtype(_DTYPES[kind]), tuple(length if isinstance(length, int) else None for length in lengths))

    def _checked(self, ports: Mapping[str, Port], kind: str, name: str, shape: Shape, dtypes: Sequence[type[np.generic]]) -> Port:
        port = ports.get(name)
        if port is None:
            raise self.foreign(f"has no {kind} {name!r}")
        fits = len(port.shape) == len(shape) and all(None in pair or pair[0] == pair[1] for pair in zip(port.shape, shape, strict=True))
        if not fits:
            raise self.foreign(f"has the {kind} {name!r} of shape {_words(port.shape)} where {_words(shape)} is needed")
        if port.dtype not in dtypes:
            raise self.foreign(f"has the {kind} {name!r} of type {port.dtype}")
        return port


class Binding:
    """Binds inputs and outputs once, for many runs in one thread. What is bound to an output is written in place."""

    def __init__(self, graph: OnnxGraph, session: onnxruntime.InferenceSession) -> None:
        self._graph = graph
        self._session = session
        self._binding = session.io_binding()
        self._held: dict[str, onnxruntime.OrtValue] = {}
        """A value's numpy memory lives no longer than the value."""

    def input(self, name: str, value: onnxruntime.OrtValue) -> None:
        """Bind an input to a value."""
        self._binding.bind_ortvalue_input(name, value)
        self._held[name] = value

    def output(self, name: str, value: onnxruntime.OrtValue) -> None:
        """Bind an output to a value of its shape, which each run overwrites."""
        self._binding.bind_ortvalue_output(name, value)
        self._held[name] = value

    def run(self) -> None:
        """Run the graph on what is bound. DamagedModel if it fails."""
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # onnxruntime's errors have no common root
            raise self._graph.foreign("failed while running") from error


def trim_heap() -> None:
    """Give memory that was freed back to the system, which glibc would keep: most of what a closed session had."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _open_session(path: Path, settings: SessionSettings, keep_arena: bool, rewriting: Rewriting | None) -> onnxruntime.InferenceSession:
    def open_file(file: Path) -> onnxruntime.InferenceSession:
        # Its fallback to other processors would try again and print.
        options = _session_options(settings, keep_arena)
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"], enable_fallback=0)

    saved = find_saved(path, settings.saved_graphs, rewriting) if settings.saved_graphs else None
    if saved is not None:
        try:
            return open_file(saved)
        except Exception:  # onnxruntime's errors have no common root; the graph it was made from is the one that counts
            discard(saved)
    return open_file(path)


def _session_options(settings: SessionSettings, keep_arena: bool) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = settings.threads or physical_cores()  # its own 0 ties threads to cores, also to those of others
    options.enable_cpu_mem_arena = keep_arena
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if settings.spin else "0")
    return options


def physical_cores() -> int:
    """Return the number of physical cores that this process may use."""
    allowed = os.sched_getaffinity(0)
    try:
        siblings = {Path(f"/sys/devices/system/cpu/cpu{n}/topology/thread_siblings_list").read_text(encoding="ascii") for n in allowed}
    except OSError:
        return len(allowed)
    return len(siblings)


def _words(shape: Shape) -> str:
    return "[" + ", ".join("any" if length is None else str(length) for length in shape) + "]"
