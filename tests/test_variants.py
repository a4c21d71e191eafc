"""Variants of a model: fetched singly or together, tried on this machine at set-up, and the fastest used from then on."""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assistant import assembly, variant_choice
from assistant.command_line import main
from assistant.commands import models
from assistant.commands.variants import choose_variants
from assistant.interfaces import SceneDescriber
from assistant.manifests import find_manifest
from assistant.messages import AnswerThresholds, Detail, Frame, Keyframe, MomentThresholds, Scores, View
from assistant.model_store import ModelStore
from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.runtimes.smolvlm2_files import VARIANTS
from assistant.settings import AnswerSettings
from tests.hub_server import COMMIT, Hub
from tests.manifest_files import CONFIG, HEAD, WEIGHTS, fetch, file_table, hub_source, sha256, write_manifest
from tests.tiny_onnx import write_tiny_model

KEYFRAME = Keyframe(Frame(np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8), 0.0), "only")
GRAPHS = ("vision_encoder", "embed_tokens", "decoder_model_merged")


# --- manifests


def test_every_smolvlm_model_can_be_fetched_in_every_published_variant() -> None:
    for name in ("smolvlm2-256m", "smolvlm2-500m", "smolvlm-256m", "smolvlm-500m"):
        manifest = find_manifest(name)
        assert {"" if variant == "fp32" else variant for variant in manifest.variants} == set(VARIANTS)
        assert [file.name for file in manifest.files_of(["q4"]) if file.variant] == [f"onnx/{graph}_q4.onnx" for graph in GRAPHS]
        assert [file.name for file in manifest.files_of(["fp32"]) if file.variant] == [f"onnx/{graph}.onnx" for graph in GRAPHS]
    hashes = {file.name: file.sha256 for file in find_manifest("smolvlm2-256m").files}
    assert str(hashes["onnx/decoder_model_merged_q4.onnx"]).startswith("ce4021b8")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('variants = ["q4", "fp32"]', 'variants = ["q4", "q8"]\nsize = 1'), "unknown field 'size'"),
        (('default_variants = ["q4"]', 'default_variants = ["q8"]'), "no files of the variant 'q8'"),
        (("graph{suffix}.onnx", "graph.onnx"), "bad field size_bytes"),
        (("{ q4 = 7 }", "{ q5 = 7 }"), "unknown field 'q5'"),
        (("{ q4 = 7 }", "{ q4 = -7 }"), "bad field q4"),
        (("{ q4 = 7 }", "7"), "bad field size_bytes"),
    ],
)
def test_a_bad_list_of_variants_names_its_file_and_field(store: ModelStore, change: tuple[str, str], complaint: str) -> None:
    graph = '[[files]]\nname = "graph{suffix}.onnx"\nsize_bytes = { q4 = 7 }\nsha256 = "unknown"\n'
    good = HEAD + 'variants = ["q4", "fp32"]\ndefault_variants = ["q4"]\n' + graph + hub_source("a/b")
    write_manifest(store, good)
    assert [file.name for file in find_manifest("toy").files] == ["graph_q4.onnx", "graph.onnx"]
    assert change[0] in good
    write_manifest(store, good.replace(*change))
    with pytest.raises(BadInput) as bad:
        find_manifest("toy")
    assert complaint in str(bad.value)
    assert "toy.toml" in str(bad.value)


# --- fetching


def contents(variant: str) -> bytes:
    return variant.encode() * 1000


@pytest.fixture
def graphs(store: ModelStore, hub: Hub) -> Hub:
    """A model on the hub with a config and one graph in three variants, of which "q4" and "int8" are fetched by default."""
    names = {"fp32": "graph.onnx", "int8": "graph_int8.onnx", "q4": "graph_q4.onnx"}
    hub.files = {"a/b/config.json": CONFIG} | {f"a/b/{name}": contents(variant) for variant, name in names.items()}
    graph = f'[[files]]\nname = "graph{{suffix}}.onnx"\nsize_bytes = "unknown"\nsha256 = {{ q4 = "{sha256(contents("q4"))}" }}\n'
    lists = f'variants = {list(names)}\ndefault_variants = ["int8", "q4"]\n'.replace("'", '"')
    write_manifest(store, HEAD + lists + file_table("config.json", None) + graph + hub_source("a/b"))
    return hub


def test_the_default_variants_come_together_and_a_further_one_by_itself(store: ModelStore, graphs: Hub) -> None:
    fetch(store)
    assert store.variants("toy") == ("int8", "q4")
    assert [path for path, _ in graphs.sent] == ["a/b/config.json", "a/b/graph_int8.onnx", "a/b/graph_q4.onnx"]
    fetch(store, variants=["fp32"])
    assert store.variants("toy") == ("fp32", "int8", "q4")
    assert [path for path, _ in graphs.sent[3:]] == ["a/b/graph.onnx"]
    assert (store.verify("toy") / "graph.onnx").read_bytes() == contents("fp32")
    assert fetch(store, variants=["all"]) == []


def test_one_variant_is_enough_and_stays_the_only_one(store: ModelStore, graphs: Hub) -> None:
    fetch(store, variants=["q4"])
    assert store.variants("toy") == ("q4",)
    assert fetch(store) == []
    assert len(graphs.sent) == 2


def test_a_further_variant_is_of_the_same_commit_as_what_is_here(store: ModelStore, graphs: Hub) -> None:
    fetch(store, variants=["q4"])
    graphs.revisions.clear()
    graphs.commit = "f" * 40
    fetch(store, variants=["int8"])
    assert graphs.revisions[0] == COMMIT


def test_a_further_variant_that_cannot_be_fetched_leaves_the_others_usable(store: ModelStore, graphs: Hub) -> None:
    fetch(store, variants=["q4"])
    graphs.wrong.add("graph_int8.onnx")
    with pytest.raises(DamagedModel, match="graph_int8.onnx"):
        fetch(store, variants=["int8"])
    assert store.verify("toy")
    assert store.variants("toy") == ("q4",)


def test_only_the_damaged_variant_is_fetched_again(store: ModelStore, graphs: Hub) -> None:
    fetch(store)
    (store.place("toy") / "graph_q4.onnx").write_bytes(b"garbage")
    with pytest.raises(DamagedModel, match="graph_q4.onnx of toy is damaged"):
        store.folder("toy")
    fetch(store)
    assert store.verify("toy")
    assert [path for path, _ in graphs.sent[3:]] == ["a/b/graph_q4.onnx"]


def test_where_no_hard_links_can_be_made_everything_is_fetched_anew(
    store: ModelStore, graphs: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    fetch(store, variants=["q4"])
    fetch(store, variants=["int8"])
    assert store.verify("toy")
    assert store.variants("toy") == ("int8", "q4")


def test_the_command_takes_variants_and_lists_them(
    store: ModelStore, graphs: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "all_manifests", lambda: (find_manifest("toy"),))
    assert main(["models", "fetch", "toy", "--variant", "q4", "--models-dir", str(store.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["variants_here"] == ["q4"]
    main(["models", "list", "--models-dir", str(store.root)])
    assert "variants (+ here): fp32 int8 +q4" in capsys.readouterr().out
    assert main(["models", "fetch", "toy", "--variant", "q5", "--models-dir", str(store.root)]) == 2
    assert "toy has no variant 'q5'. Choose among fp32, int8, q4 or all." in capsys.readouterr().err
    write_manifest(store, HEAD + file_table("config.json", None) + hub_source("a/b"), "plain")
    assert main(["models", "fetch", "plain", "--variant", "q4", "--models-dir", str(store.root)]) == 2
    assert "Leave --variant out." in capsys.readouterr().err


def test_a_model_without_graphs_says_how_they_are_made(store: ModelStore, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    see = HEAD.replace('job = "test"', 'job = "see and answer"')
    write_manifest(store, see + "export = true\n" + file_table("model.bin", WEIGHTS) + hub_source("a/b", "deep"))
    [(text, data)] = models.run(argparse.Namespace(models_dir=store.root, action="fetch", name="toy", variants=[]))
    assert f"assistant models export {store.place('toy')} --out DIR" in text
    assert "\n" not in text
    assert data["next"] in text
    monkeypatch.setattr(assembly, "all_manifests", lambda: (find_manifest("toy"),))
    with pytest.raises(MissingModel, match="assistant models export"):
        assembly.open_describer(AnswerSettings(model="toy"), store)


# --- measuring


class Paced(SceneDescriber):
    """Takes told seconds of a clock of its own for each thing."""

    def __init__(self, clock: Clock, look_s: float, first_s: float, piece_s: float, pieces: int = 50) -> None:
        self._looked_at: set[bytes] = set()
        self._clock, self._look_s, self._pieces = clock, look_s, [first_s, *[piece_s] * (pieces - 1)]

    @property
    def max_pictures(self) -> int:
        return 1

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief", *, duration_s: float | None = None) -> View:
        shown = keyframes[-1].frame.picture.tobytes()
        self._clock.now_s += 0.0 if shown in self._looked_at else self._look_s  # as a runtime that keeps what it looked at
        self._looked_at.add(shown)
        return View(tuple(keyframes))

    def answer(self, view: View, question: str, detail: Detail = "brief") -> Iterator[str]:
        for seconds in self._pieces:
            self._clock.now_s += seconds
            yield "word"

    def log_likelihoods(self, view: View, question: str, answers: Sequence[str]) -> list[float]:
        return [0.0 for _ in answers]

    def token_log_likelihoods(self, view: View, question: str, answer: str) -> Scores:
        return np.zeros(1)

    def unload(self) -> None:
        pass

    @property
    def thresholds(self) -> AnswerThresholds | None:
        return None

    @property
    def moment_thresholds(self) -> MomentThresholds:
        return MomentThresholds()


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
    monkeypatch.setattr("assistant.runtimes.smolvlm2.Smolvlm2Describer", lambda folder, variant, session: loaded.append(variant))
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
    assert chosen(tiny, store, monkeypatch) == [None]


@pytest.mark.parametrize(("best", "loaded"), [("q4", "q4"), ("fp32", "")])
def test_ask_uses_the_remembered_variant(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch, best: str, loaded: str) -> None:
    remember(tiny, store, best)
    assert chosen(tiny, store, monkeypatch) == [loaded]


def remember(tiny: Path, store: ModelStore, *order: str) -> None:
    _, variants = assembly.find_variants(str(tiny), store)
    variant_choice.remember(store.root, tiny, variants, [variant_choice.Measured(name, 0.1, 0.1, 0.1) for name in order])


def test_ask_measures_nothing_and_falls_back_to_the_fixed_order(tiny: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variant_choice, "measure", lambda *_: pytest.fail("ask must not measure"))
    assert chosen(tiny, store, monkeypatch) == [None]


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
    assert chosen(tiny, store, monkeypatch) == [None]


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


def test_smolvlm2_is_fetched_compared_and_asked(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real manifest and commands; on the hub lies a tiny model in the layout of SmolVLM2's repository."""
    folder = tmp_path / "tiny"
    write_tiny_model(folder)
    repo = "HuggingFaceTB/SmolVLM2-256M-Video-Instruct"
    hub.files = {f"{repo}/{path.name}": path.read_bytes() for path in folder.iterdir() if path.is_file()}
    hub.files |= {f"{repo}/{name}": b"{}" for name in ("processor_config.json", "tokenizer_config.json", "chat_template.json")}
    for graph, variant in itertools.product(GRAPHS, ("int8", "uint8")):
        hub.files[f"{repo}/onnx/{graph}_{variant}.onnx"] = (folder / f"onnx/{graph}.onnx").read_bytes()
    cv2.imwrite(str(tmp_path / "picture.png"), np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "store"))
    monkeypatch.setattr("assistant.offline.enforce", lambda: None)  # it would last for the tests after this one
    monkeypatch.setattr("assistant.commands.setup.all_manifests", tuple)  # nothing else is set up

    def run(*arguments: str) -> list[dict[str, Any]]:
        assert main([*arguments, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    [fetched] = run("models", "fetch", "smolvlm2-256m", "--variant", "int8", "uint8")
    assert fetched["variants_here"] == ["int8", "uint8"]
    assert "assistant check" in fetched["next"]
    [measured] = run("setup")
    assert measured["variant"] in ("int8", "uint8")
    assert not measured["remembered"]
    [checked] = [result for result in run("check") if result["check"] == "fastest variant of smolvlm2-256m"]
    assert checked["remembered"]
    assert checked["ranking"] == measured["ranking"]
    [answer] = run("ask", str(tmp_path / "picture.png"), "What is this?", "--model", "smolvlm2-256m", "--raw")
    assert answer["token_ids"]
