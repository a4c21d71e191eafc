"""Whichever engine translates: it says which pairs it has, gives text for text and nothing for nothing, and refuses others in words."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import assembly
from assistant.answering.translating import Translation, find_translator, translate_faithfully
from assistant.engines.translation import apertium as apertium_translator
from assistant.engines.translation.apertium import ApertiumTranslator
from assistant.engines.translation.ctranslate import CTranslateTranslator
from assistant.engines.translation.firefox import FirefoxTranslator
from assistant.engines.translation.scenes import SceneTranslator
from assistant.export.firefox import build_translators
from assistant.interfaces import Translator
from assistant.problems import BadInput, DamagedModel, MissingModel
from assistant.store.model_store import ModelStore
from tests.support.tiny_translators import write_ctranslate_folder, write_firefox_files

needs_apertium = pytest.mark.skipif(shutil.which("apertium") is None, reason="Apertium is not installed")
ENGINES = [
    "tiny firefox",
    "tiny ctranslate",
    pytest.param("firefox", marks=pytest.mark.models),
    pytest.param("apertium", marks=needs_apertium),
]
SENTENCES = {"en": "A man in a red shirt.", "pt": "Um homem de camisa vermelha.", "es": "Un hombre con una camisa roja."}
OPEN: dict[str, Callable[[Path], Translator]] = {
    "tiny firefox": FirefoxTranslator,
    "tiny ctranslate": lambda folder: CTranslateTranslator(folder, "en", "fr", threads=1),
    "apertium": lambda _: ApertiumTranslator(),
    "firefox": FirefoxTranslator,
}


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if engine == "firefox":
        models: Path = request.getfixturevalue("models_dir")
        return models / "firefox-en-pt"
    folder = tmp_path_factory.mktemp("translator")
    if engine == "tiny ctranslate":
        write_ctranslate_folder(folder / "model")
    elif engine == "tiny firefox":
        write_firefox_files(folder / "published")
        build_translators(folder / "published", folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def translator(engine: str, folder: Path) -> Translator:
    return OPEN[engine](folder)


@pytest.mark.parametrize("engine", ENGINES, indirect=True, scope="module")
class TestEveryTranslator:
    def test_a_sentence_becomes_another(self, translator: Translator) -> None:
        for source, target in translator.pairs:
            translated = translator.translate(SENTENCES[source], source, target)
            assert translated.strip()
            assert translated != SENTENCES[source]

    @pytest.mark.parametrize("nothing", ["", "  ", "\n"])
    def test_nothing_becomes_nothing(self, translator: Translator, nothing: str) -> None:
        for source, target in translator.pairs:
            assert translator.translate(nothing, source, target) == ""

    def test_a_pair_that_it_has_not_is_refused_in_words(self, translator: Translator) -> None:
        assert ("en", "xx") not in translator.pairs
        with pytest.raises(BadInput, match="'en' to 'xx'"):
            translator.translate("A man.", "en", "xx")

    @pytest.mark.parametrize("text", ["a\0b", "🙂", "[x] ^a/b$ {c} @d \\ <b>", "ab" * 300, "the bike " * 100, "«»", "一只猫。"])
    def test_odd_text_is_no_trouble(self, translator: Translator, text: str) -> None:
        source, target = sorted(translator.pairs)[0]
        assert isinstance(translator.translate(text, source, target), str)

    def test_two_threads_get_what_one_gets(self, translator: Translator) -> None:
        source, target = sorted(translator.pairs)[0]
        sentences = ["A man in a red shirt.", "Two dogs play near 3 trees."]
        alone = [translator.translate(sentence, source, target) for sentence in sentences]
        together: dict[str, list[str]] = {sentence: [] for sentence in sentences}

        def work(sentence: str) -> None:
            together[sentence] += [translator.translate(sentence, source, target) for _ in range(3)]

        threads = [threading.Thread(target=work, args=(sentence,)) for sentence in sentences]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(together.values()) == [[result] * 3 for result in alone]


@pytest.mark.parametrize("engine", ["tiny firefox", "tiny ctranslate"], indirect=True, scope="module")
class TestFolders:
    def test_every_missing_or_damaged_file_is_named_and_not_loaded(self, engine: str, folder: Path) -> None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            for damage in (None, b"", b"\xff\x00damaged" * 50):
                path.unlink()
                if damage is not None:
                    path.write_bytes(damage)
                with pytest.raises(MissingModel):
                    self.translate(engine, folder)
                path.write_bytes(content)
        assert self.translate(engine, folder)

    def translate(self, engine: str, folder: Path) -> str:
        translator = OPEN[engine](folder)
        [(source, target)] = translator.pairs
        return translator.translate("a man", source, target)


def test_an_empty_folder_is_missing_a_translator(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="assistant setup"):
        FirefoxTranslator(tmp_path)


def test_without_the_program_apertium_says_how_to_get_it() -> None:
    with pytest.raises(MissingModel, match="apt install"):
        ApertiumTranslator("no-such-program")


def test_an_apertium_that_fails_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    program = tmp_path / "apertium"
    program.write_text('#!/bin/sh\n[ "$1" = -l ] && echo eng-spa && exit 0\nexit 1\n')
    program.chmod(0o755)
    with pytest.raises(MissingModel, match="Apertium failed"):
        ApertiumTranslator(str(program)).translate("A man.", "en", "es")


@needs_apertium
def test_apertium_is_started_once_for_many_sentences(tmp_path: Path) -> None:
    """And says the same as when it is started for a sentence, which takes most of the time."""
    sentences = ["A cat.", "There are 3 [red] dogs, $5 / 2^3 \\ {x} <y>.", "Nul\0l.", "", 'It says "X1".', "A cat."]
    log, program = tmp_path / "log", tmp_path / "apertium"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec apertium "$@"\n')
    program.chmod(0o755)
    translator = ApertiumTranslator(str(program))
    translated = [translator.translate(sentence, "en", "es") for sentence in sentences]
    alone = [
        subprocess.run(["apertium", "-u", "eng-spa"], input=sentence.replace("\0", " "), capture_output=True, text=True).stdout.strip()
        for sentence in sentences
    ]
    assert translated == alone
    assert log.read_text().splitlines() == ["-l", "-z -u -f none eng-spa"]


@pytest.mark.parametrize("trouble", ["sleep 60", "exit 0"])
def test_an_apertium_that_cannot_be_kept_running_is_started_for_each_sentence(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apertium_translator, "PIPE_TIMEOUT_S", 0.3)
    program = tmp_path / "apertium"
    program.write_text(f'#!/bin/sh\ncase "$1" in -l) echo eng-spa;; -z) {trouble};; *) echo Un gato.;; esac\n')
    program.chmod(0o755)
    translator = ApertiumTranslator(str(program))
    assert [translator.translate("A cat.", "en", "es") for _ in range(2)] == ["Un gato."] * 2


@needs_apertium
@pytest.mark.parametrize(
    ("source", "target", "sentence", "translation"),
    [
        ("en", "es", "A man in a red shirt is riding a bike.", "Un hombre en una camisa roja está montando una bici."),
        ("en", "es", "A xylographic qwerty.", "Un xylographic qwerty."),
        ("es", "en", "No hay ningún gato en la mesa.", "There is not any cat in the table."),
    ],
)
def test_apertium_between_english_and_spanish(source: str, target: str, sentence: str, translation: str) -> None:
    assert ApertiumTranslator().translate(sentence, source, target) == translation


@pytest.fixture(scope="module")
def firefox(models_dir: Path) -> FirefoxTranslator:
    return FirefoxTranslator(models_dir / "firefox-en-pt")


@pytest.mark.models
@pytest.mark.parametrize(
    ("source", "target", "sentence", "translation"),
    [
        ("en", "pt", "A man in a red shirt is riding a bike on a dirt path.",
         "Um homem em uma camisa vermelha está andando de bicicleta em um caminho de terra."),
        ("en", "pt", "It looks like an espresso.", "Parece um espresso."),
        ("en", "pt", "There is no cat in the picture.", "Não há gato na foto."),
        ("pt", "en", "O que é isso na mesa?", "What is that on the table?"),
        ("pt", "en", "Há um cachorro na foto?", "Is there a dog in the picture?"),
    ],
)  # fmt: skip
def test_firefox_between_english_and_portuguese(
    source: str, target: str, sentence: str, translation: str, firefox: FirefoxTranslator
) -> None:
    assert firefox.translate(sentence, source, target) == translation


@pytest.mark.models
def test_what_is_installed_is_opened_and_apertium_beside_it_where_it_is(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translators = assembly.open_translators(ModelStore(models_dir))
    assert find_translator(translators, "en", "pt") is not None
    assert find_translator(translators, "en", "xx") is None
    monkeypatch.setenv("PATH", "/nonexistent")
    without = assembly.open_translators(ModelStore(models_dir))
    assert [type(translator) for translator in without] == [FirefoxTranslator, SceneTranslator]


@pytest.mark.models
def test_a_portuguese_answer_keeps_what_a_sign_says(firefox: FirefoxTranslator) -> None:
    translated = translate_faithfully(firefox, 'The sign says "Exit only", and there are 1,234.5 litres.', "en", "pt")
    assert translated == Translation('O sinal diz "Exit only", e há 1.234,5 litros.', "pt")


def test_a_model_of_another_kind_is_refused_at_set_up(tmp_path: Path) -> None:
    write_firefox_files(tmp_path / "published", settings={"dec-cell": "gru"})
    with pytest.raises(DamagedModel, match="dec-cell: gru"):
        build_translators(tmp_path / "published", tmp_path / "model")
