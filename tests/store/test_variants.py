"""Variants of a model: fetched singly or together; and, from the hub to an answer, the fastest of them."""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from assistant import assembly
from assistant.command_line import main
from assistant.commands import models
from assistant.engines.vlm.model_files import VARIANTS
from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.settings import AnswerSettings
from assistant.store.eye_choice import Machine
from assistant.store.manifests import find_manifest
from assistant.store.model_store import ModelStore
from tests.support.hub_server import COMMIT, Hub
from tests.support.manifest_files import CONFIG, HEAD, WEIGHTS, fetch, file_table, hub_source, sha256, write_manifest
from tests.support.tiny_onnx import GRAPHS, write_tiny_model

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
        (("{ q4 = 7 }", "{ q5 = 7 }"), "unknown variant 'q5' under size_bytes of graph{suffix}.onnx. The variants are q4, fp32"),
        (("{ q4 = 7 }", "{ q4 = -7 }"), "bad field size_bytes = {'q4': -7}"),
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
    monkeypatch.setattr("assistant.commands.setup.Machine.this", lambda folder: Machine(16, 100, 300))

    def run(*arguments: str) -> list[dict[str, Any]]:
        assert main([*arguments, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    [fetched] = run("models", "fetch", "smolvlm2-256m", "--variant", "int8", "uint8")
    assert fetched["variants_here"] == ["int8", "uint8"]
    assert "assistant check" in fetched["next"]
    measured, calibrated, eye = run("setup", "--small")
    assert eye == {"eye": "smolvlm2-256m"}
    assert calibrated["name"] == "smolvlm2-256m" and 0 <= calibrated["presence_right"] <= 1
    assert measured["variant"] in ("int8", "uint8")
    assert not measured["remembered"]
    [checked] = [result for result in run("check") if result["check"] == "fastest variant of smolvlm2-256m"]
    assert checked["remembered"]
    assert checked["ranking"] == measured["ranking"]
    [answer] = run("ask", str(tmp_path / "picture.png"), "What is this?", "--model", "smolvlm2-256m", "--raw")
    assert answer["token_ids"]
