"""What a listener is told of a picture in another language: what the small translator is sure of, and nothing that it lost or invented."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.engines.translation.scenes import MOST_LOADED, Limits, SceneTranslator
from assistant.engines.translation.word_lexicon import Entry, WordLexicon, english_words, must_survive
from assistant.export.scene_translator import ABOUT, LEXICON, PIECES, WEIGHTS, check_hashes, write_translators
from assistant.interfaces import SceneTranslator as SceneTranslatorProtocol
from assistant.problems import BadInput, DamagedModel, MissingModel
from tests.support.tiny_translators import write_pieces

LEXICON_OF_TWO = WordLexicon(
    {
        "truck": Entry(170, {"de": ("lkw", "lastw"), "zh": ("卡车",)}),
        "cotton": Entry(10, {"de": ("baumw",), "zh": ("棉",)}),
        "loading": Entry(12, {"de": ("lade", "belad")}),
        "a": Entry(900, {"de": ()}),
    }
)


class TestLostWords:
    def test_a_thing_that_became_something_else_is_lost(self) -> None:
        words = english_words("Loading cotton onto a truck.")
        assert LEXICON_OF_TWO.lost(words, "Fahren auf einem Computer.", "de") == ["loading", "cotton", "onto", "a", "truck"]
        assert "truck" not in LEXICON_OF_TWO.lost(words, "Baumwolle wird auf einen Lastwagen geladen.", "de")

    def test_inflected_and_joined_words_are_found(self) -> None:
        assert LEXICON_OF_TWO.lost(["cotton"], "Ein Hemd aus Biobaumwolle.", "de") == []
        assert LEXICON_OF_TWO.lost(["truck"], "一辆红色的卡车。", "zh") == []

    def test_the_names_of_the_table_of_nouns_count_too(self) -> None:
        assert WordLexicon({}).lost(["dog"], "Zwei Hunde spielen.", "de") == []
        assert WordLexicon({}).lost(["dog"], "Zwei Katzen spielen.", "de") == ["dog"]

    def test_words_that_hardly_anybody_used_are_unknown(self) -> None:
        assert LEXICON_OF_TWO.unknown(["truck", "cotton", "zebra"], 11) == ["cotton", "zebra"]

    def test_things_people_numbers_and_colours_must_survive(self) -> None:
        assert all(map(must_survive, ("dog", "women", "three", "red")))
        assert not any(map(must_survive, ("to", "the", "quickly")))

    def test_a_damaged_table_is_no_table(self) -> None:
        with pytest.raises(ValueError, match="int|many"):
            WordLexicon.read("word\tsentences\tde\ndog\tmany\thund")


def write_tiny(folder: Path) -> Path:
    """What `models/translator` holds, with random weights of width 16 and German alone."""
    import sentencepiece

    folder.mkdir()
    write_pieces(folder / PIECES)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / PIECES))
    vocabulary = [pieces.id_to_piece(number) for number in range(pieces.get_piece_size())] + ["<s>", "<de>"]
    dice, width, inner = np.random.default_rng(0), 16, 32
    weights = {"embedding.weight": dice.normal(size=(len(vocabulary), width)), "output_bias": np.zeros(len(vocabulary))}
    weights["positions"] = np.zeros((96, width))
    sizes = {"query": (width, width), "key_value": (2 * width, width), "output": (width, width)}
    for part in ("encoder", "decoder"):
        attentions = ("attend_self", "attend_source") if part == "decoder" else ("attend_self",)
        named = {f"{part}.0.{attention}.{name}": size for attention in attentions for name, size in sizes.items()}
        named |= {f"{part}.0.inner": (inner, width), f"{part}.0.outer": (width, inner)}
        for name, size in named.items():
            weights |= {f"{name}.weight": dice.normal(size=size) / 4, f"{name}.bias": np.zeros(size[0])}
        norms = [f"{part}.0.norm_{each}" for each in ("self", "source", "inner")] + [f"{part}_norm"]
        for name in norms:
            weights |= {f"{name}.weight": np.ones(width), f"{name}.bias": np.zeros(width)}
    halves: dict[str, Any] = {name: array.astype(np.float16) for name, array in weights.items()}
    np.savez(folder / WEIGHTS, **halves)
    shape = {"encoder_layers": 1, "decoder_layers": 1, "heads": 2}
    about = {"shape": shape, "vocabulary": vocabulary, "pieces": {"de": list(range(len(vocabulary)))}}
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
    (folder / LEXICON).write_text("word\tsentences\tde\nman\t90\tmann\nred\t90\trot\n", encoding="utf-8")
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    assert write_translators(write_tiny(tmp_path / "stored"), tmp_path / "model", "int8") == ["de"]
    return tmp_path / "model"


class TestEngine:
    def test_it_keeps_the_contract(self, tiny: Path) -> None:
        translator = SceneTranslator(tiny, threads=1)
        assert isinstance(translator, SceneTranslatorProtocol)
        assert translator.scene_languages == {"de"}
        assert translator.pairs == frozenset()
        with pytest.raises(BadInput, match="'en' to 'de'"):
            translator.translate("A man.", "en", "de")
        with pytest.raises(BadInput, match="fr"):
            translator.translate_scene("A man.", "fr")

    def test_random_weights_are_never_believed(self, tiny: Path) -> None:
        translator = SceneTranslator(tiny, threads=1)
        assert translator.translate_scene("A red man.", "de") == ""
        assert translator.explain("A red man.", "de").doubt
        assert translator.explain("A red zebra.", "de").doubt == "unknown: zebra"
        assert translator.explain("No man.", "de").doubt

    @pytest.mark.parametrize("odd", ["", " ", "\n", "a\0b", "🙂", "«»", "一只猫。", "man " * 300])
    def test_odd_text_is_no_trouble(self, tiny: Path, odd: str) -> None:
        assert SceneTranslator(tiny, threads=1).translate_scene(odd, "de") == ""

    def test_without_limits_the_words_alone_decide(self, tiny: Path) -> None:
        told = SceneTranslator(tiny, threads=1, limits=Limits(-1e9, -1e9)).explain("A man.", "de")
        assert told.doubt.startswith(("lost: man", "it stammers")) or "mann" in told.text.lower()

    def test_of_many_languages_few_stay_in_memory_and_all_go_on(self, tiny: Path) -> None:
        """All seven took 85 MB where 60 was asked."""
        codes = ("de", "fr", "cs", "pt", "es")
        for code in codes[1:]:
            shutil.copytree(tiny / "de", tiny / code)
        translator = SceneTranslator(tiny, threads=1, limits=Limits(-1e9, -1e9))
        first = [translator.translation("A man.", code) for code in codes]
        assert list(translator._models) == list(codes[-MOST_LOADED:])
        assert [translator.translation("A man.", code) for code in codes] == first
        assert len(translator._models) == MOST_LOADED

    def test_missing_and_damaged_files_are_problems(self, tiny: Path) -> None:
        with pytest.raises(MissingModel, match="assistant setup"):
            SceneTranslator(tiny / "de")
        for path in (tiny / "de/model.bin", tiny / LEXICON, tiny / PIECES):
            content = path.read_bytes()
            path.write_bytes(b"\xff\x00damaged" * 50)
            with pytest.raises(DamagedModel, match="assistant setup"):
                SceneTranslator(tiny, threads=1).explain("A man.", "de")
            path.write_bytes(content)


def test_a_stored_file_that_isnt_as_it_was_is_named(tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  {LEXICON}\n", encoding="utf-8")
    (tmp_path / LEXICON).write_text("other", encoding="utf-8")
    with pytest.raises(ValueError, match=LEXICON):
        check_hashes(tmp_path)
