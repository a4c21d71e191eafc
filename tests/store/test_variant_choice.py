"""The variants of a model are tried on this machine, and the fastest is remembered and used from then on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from assistant import assembly
from assistant.commands.variants import choose_variants
from assistant.interfaces import SceneDescriber
from assistant.messages import Detail, Frame, Keyframe, View
from assistant.problems import DamagedModel
from assistant.settings import AnswerSettings
from assistant.store import variant_choice
from assistant.store.model_store import ModelStore
from tests.support.tiny_onnx import GRAPHS, write_tiny_model

KEYFRAME = Keyframe(Frame(np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8), 0.0), "only")


# --- measuring


class Paced(SceneDescriber):
    """Takes told seconds of a clock of its own for each thing."""

    def __init__(self, clock: Clock, look_s: float, first_s: float, piece_s: float, pieces: int = 50) -> None:
        self._looked_at: set[bytes] = set()
        self._clock, self._look_s, self._pieces = clock, look_s, [first_s, *[piece_s] * (pieces - 1)]

    reliability: Mapping[str, float] = MappingProxyType({})

    @property
    def max_pictures(self) -> int:
        return 1

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        shown = keyframes[-1].frame.picture.tobytes()
        self._clock.now_s += 0.0 if shown in self._looked_at else self._look_s  # as a runtime that keeps what it looked at
        self._looked_at.add(shown)
        return View(tuple(keyframes))

    def answer(self, view: View, question: str, detail: Detail = "brief", *, whole_picture: bool = False) -> Iterator[str]:
        for seconds in self._pieces:
            self._clock.now_s += seconds
            yield "word"

    def unload(self) -> None:
        pass

    def forget(self) -> None:
        self._looked_at.clear()

    @property
    def scorer(self) -> None:
        return None

    @property
    def classifier(self) -> None:
        return None


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_variant_that_answers_soonest_is_ranked_first() -> None:
    """int8 looks sooner, but the answer as a whole comes later."""
    clock = Clock()
    paces = {"int8": (0.3, 0.1, 0.05), "q4": (0.5, 0.1, 0.01)}
    ranking, broken = variant_choice.measure(list(paces), lambda name: Paced(clock, *paces[name]), KEYFRAME, clock=clock)
    assert [each.variant for each in ranking] == ["q4", "int8"]
    assert [ranking[0].look_s, ranking[0].first_s, ranking[0].piece_s] == pytest.approx([0.5, 0.1, 0.01])
    assert broken == {}


@pytest.mark.parametrize(("pieces", "piece_s"), [(1, 0.1), (0, 0.0)])
def test_an_answer_of_one_word_or_none_can_be_measured(pieces: int, piece_s: float) -> None:
    clock = Clock()
    ranking, _ = variant_choice.measure(["q4"], lambda _: Paced(clock, 0.5, 0.1, 0.01, pieces), KEYFRAME, clock=clock)
    assert len(ranking) == 1
    assert ranking[0].look_s == pytest.approx(0.5)


def test_measuring_is_bounded_in_time_and_gives_each_variant_its_turn() -> None:
    clock = Clock()
    names = [f"v{number}" for number in range(8)]
    ranking, _ = variant_choice.measure(names, lambda _: Paced(clock, 1.0, 0.2, 0.02), KEYFRAME, clock=clock)
    assert len(ranking) == len(names)
    assert clock.now_s < variant_choice.TOTAL_S * 1.15


def test_on_a_machine_far_too_slow_one_round_is_the_measure() -> None:
    clock = Clock()
    ranking, _ = variant_choice.measure(["q4", "fp32"], lambda _: Paced(clock, 60.0, 5.0, 1.0), KEYFRAME, clock=clock)
    assert [(each.variant, each.look_s) for each in ranking] == [("q4", 60.0)]
    assert clock.now_s < 80


def test_a_variant_that_cannot_be_used_here_is_left_out_and_told() -> None:
    clock = Clock()

    def open_variant(name: str) -> SceneDescriber:
        if name == "fp16":
            raise DamagedModel("decoder_model_merged_fp16.onnx can't be loaded", "fetch it again")
        return Paced(clock, 0.5, 0.1, 0.01)

    ranking, broken = variant_choice.measure(["fp16", "q4"], open_variant, KEYFRAME, clock=clock)
    assert [each.variant for each in ranking] == ["q4"]
    assert broken == {"fp16": "decoder_model_merged_fp16.onnx can't be loaded"}


class Leaning(Paced):
    """Says yes to some of the questions, by their number."""

    def __init__(self, clock: Clock, answer_s: float, other: int) -> None:
        super().__init__(clock, answer_s, 0.1, 0.01)
        self._other, self._asked = other, 0

    @property
    def scorer(self) -> Leaning:  # type: ignore[override]
        return self

    @property
    def thresholds(self) -> None:
        return None

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str], *, prune_below: float = 0.0) -> list[float]:
        self._asked += 1
        return [-1.0, -2.0] if self._asked > self._other else [-2.0, -1.0]

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> np.ndarray:
        raise NotImplementedError


@pytest.mark.parametrize(("others", "first"), [(0, "q4"), (3, "q4"), (4, "int8")])
def test_a_fast_variant_that_says_other_things_is_not_chosen(others: int, first: str) -> None:
    """Of 60 comparisons three may come out otherwise."""
    clock = Clock()
    made = {"int8": lambda: Leaning(clock, 0.5, 0), "q4": lambda: Leaning(clock, 0.1, others)}
    ranking, _ = variant_choice.measure(list(made), lambda name: made[name](), KEYFRAME, clock=clock, pictures=[KEYFRAME] * 6)
    assert ranking[0].variant == first
    assert {each.variant: each.agreement for each in ranking} == {"int8": 1.0, "q4": pytest.approx(1 - others / 60, abs=1e-3)}


def test_a_model_without_likelihoods_is_ranked_by_speed_alone() -> None:
    clock = Clock()
    paces = {"int8": (0.5, 0.1, 0.01), "q4": (0.1, 0.1, 0.01)}
    ranking, _ = variant_choice.measure(list(paces), lambda name: Paced(clock, *paces[name]), KEYFRAME, clock=clock, pictures=[KEYFRAME])
    assert [(each.variant, each.agreement) for each in ranking] == [("q4", 1.0), ("int8", 1.0)]


# --- remembering and using


@pytest.fixture
def tiny(store: ModelStore) -> Path:
    """A folder with a tiny real model in full precision and, for show, as q4."""
    folder = store.root.parent / "tiny"
    write_tiny_model(folder)
    for graph in GRAPHS:
        shutil.copy(folder / f"onnx/{graph}.onnx", folder / f"onnx/{graph}_q4.onnx")
    store.root.mkdir()
    return folder


def chosen(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The variants that `ask` would load."""
    loaded: list[str | None] = []
    monkeypatch.setattr(
        "assistant.engines.vlm.smolvlm2.Smolvlm2Describer", lambda folder, variant, session, calibration: loaded.append(variant)
    )
    assembly.open_describer(AnswerSettings(model=str(tiny)), store)
    return loaded


def test_the_variants_of_a_folder_are_measured_once_and_remembered(tiny: Path, store: ModelStore) -> None:
    [first] = choose_variants([str(tiny)], store)
    [again] = choose_variants([str(tiny)], store)
    assert {each.variant for each in first.ranking} == {"fp32", "q4"}
    assert (first.remembered, again.remembered) == (False, True)
    assert again.ranking == first.ranking
    assert first.detail.startswith("measured: ")
    assert again.detail == first.detail.replace("measured", "remembered")


def test_a_folder_with_one_variant_costs_nothing(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny / "onnx/decoder_model_merged_q4.onnx").unlink()  # so q4 isn't whole
    monkeypatch.setattr(variant_choice, "recall", lambda *_: pytest.fail("nothing is to be looked up"))
    assert list(choose_variants([str(tiny)], store)) == []
    assert chosen(tiny, store, monkeypatch) == [""]


@pytest.mark.parametrize(("best", "loaded"), [("q4", "q4"), ("fp32", "")])
def test_ask_uses_the_remembered_variant(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch, best: str, loaded: str) -> None:
    remember(tiny, store, best)
    assert chosen(tiny, store, monkeypatch) == [loaded]


def remember(tiny: Path, store: ModelStore, *order: str) -> None:
    _, variants = assembly.find_variants(str(tiny), store)
    variant_choice.remember(store.root, tiny, variants, [variant_choice.Measured(name, 0.1, 0.1, 0.1) for name in order])


def test_ask_measures_nothing_and_falls_back_to_the_fixed_order(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variant_choice, "measure", lambda *_: pytest.fail("ask must not measure"))
    assert chosen(tiny, store, monkeypatch) == ["q4"]


@pytest.mark.parametrize("change", ["file", "processor", "onnxruntime", "broken", "edited"])
def test_what_no_longer_holds_is_not_used(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    remember(tiny, store, "q4", "fp32")
    memory = store.root / variant_choice.MEMORY_FILE
    assert chosen(tiny, store, monkeypatch) == ["q4"]
    if change == "file":
        with (tiny / "onnx/embed_tokens_q4.onnx").open("ab") as graph:
            graph.write(b"\0")
    elif change == "processor":
        monkeypatch.setattr(variant_choice, "_processor", lambda: "another")
    elif change == "onnxruntime":
        monkeypatch.setattr("importlib.metadata.version", lambda _: "0.0")
    elif change == "broken":
        memory.write_text(memory.read_text()[:-20])
    else:
        memory.write_text(memory.read_text().replace('"q4"', '"q5"').replace("0.1", '"soon"', 1))
    assert chosen(tiny, store, monkeypatch) == ["q4"]


def test_two_machines_may_share_a_store(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(tiny, store, "q4")
    with monkeypatch.context() as other:
        other.setattr(variant_choice, "_processor", lambda: "another")
        remember(tiny, store, "fp32")
    assert chosen(tiny, store, monkeypatch) == ["q4"]


def test_a_store_that_cannot_be_written_only_costs_measuring_again(tiny: Path, store: ModelStore) -> None:
    store.root.rmdir()
    store.root.write_text("not a folder")
    remember(tiny, store, "q4")
    _, variants = assembly.find_variants(str(tiny), store)
    assert variant_choice.recall(store.root, tiny, variants) == []
