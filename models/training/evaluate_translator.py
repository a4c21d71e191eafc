"""Measure the caption translator on the validation captions, beside word for word, Apertium (es) and Firefox's model (pt).

    python -m models.training.evaluate_translator --data ../shared/data [--sentences 500] [--outputs FILE] [--json]

BLEU and chrF are sacrebleu's, cased, tokenised as usual ("zh" for Chinese), on captions with one full stop at their end. "told" is what
the safety check lets pass; the rest a listener gets in English. Half of the captions chose the check's limits; these are the others.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import sacrebleu

from assistant.answering.translating import translate_faithfully
from assistant.assembly import open_translators
from assistant.engines.translation.scenes import SceneTranslator, Told
from assistant.engines.translation.word_lexicon import english_words
from assistant.export.scene_translator import write_translators
from assistant.interfaces import Translator
from assistant.languages.normalized import normalize
from assistant.store.model_store import ModelStore, models_dir
from models.training.align_words import align
from models.training.translation_data import TARGETS, Row, caption_rows

SHOWN = 30
SEED = 23


def held_out(data: Path, language: str, half: str, sentences: int) -> list[Row]:
    """Return validation captions of a language: "fit" for choosing limits, "report" for figures; none is in both."""
    rows = sorted((row for row in caption_rows(data, "val") if language in row.translations), key=lambda row: row.english)
    random.Random(SEED).shuffle(rows)
    return rows[half == "report" :: 2][:sentences]


def scores(texts: Sequence[str], rows: Sequence[Row], language: str) -> dict[str, float]:
    """Return BLEU and chrF of translations against the only reference."""
    if not texts:
        return {}
    references = [[row.translations[language] for row in rows]]
    bleu = sacrebleu.corpus_bleu(list(texts), references, tokenize="zh" if language == "zh" else "13a")
    return {"bleu": round(bleu.score, 1), "chrf": round(sacrebleu.corpus_chrf(list(texts), references).score, 1)}


def word_for_word(training: Sequence[Row], language: str) -> Callable[[str], str]:
    """Return what puts for each English word the one that stands for it most often; nothing where none does."""
    split = (lambda text: list(normalize(text).replace(" ", ""))) if language == "zh" else _words
    table = align([(english_words(row.english), split(row.translations[language])) for row in training if language in row.translations])
    best = {word: max(found, key=lambda each: found[each]) for word, found in table.items()}
    space = "" if language == "zh" else " "

    def translate(english: str) -> str:
        text = space.join(best[word] for word in english_words(english) if word in best)
        return text[:1].upper() + text[1:] + ("。" if language == "zh" else ".")

    return translate


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def measure(data: Path, translator: SceneTranslator, language: str, sentences: int) -> tuple[dict[str, Any], list[tuple[Row, Told]]]:
    """Return a language's figures, and the translations."""
    rows = held_out(data, language, "report", sentences)
    before = psutil.Process().memory_info().rss
    began_s = time.perf_counter()
    translator.explain("A dog.", language)
    load_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    all_told = [translator.explain(row.english, language) for row in rows]
    seconds = (time.perf_counter() - began_s) / len(rows)
    memory = psutil.Process().memory_info().rss - before
    free = [translator.translation(row.english, language) for row in rows]
    told = [(row, one) for row, one in zip(rows, all_told, strict=True) if not one.doubt]
    figures = {
        "sentences": len(rows),
        "everything": scores(free, rows, language),
        "told_share": round(len(told) / len(rows), 3),
        "told": scores([one.text for _, one in told], [row for row, _ in told], language),
        "doubts": dict(Counter(one.doubt.split(":")[0] for one in all_told if one.doubt)),
        "seconds": round(seconds, 4),
        "load_s": round(load_s, 3),
        "memory_mb": round(memory / 1e6, 1),
    }
    return figures, list(zip(rows, all_told, strict=True))


def peers(data: Path, language: str, sentences: int, translators: Sequence[Translator]) -> dict[str, Any]:
    """Return the same figures for what else translates into a language."""
    rows = held_out(data, language, "report", sentences)
    by_words = word_for_word(caption_rows(data, "train"), language)
    found = {"word for word": scores([by_words(row.english) for row in rows], rows, language)}
    for translator in translators:
        if ("en", language) in translator.pairs:
            texts = [translate_faithfully(translator, row.english, "en", language).text for row in rows]
            found[type(translator).__name__] = scores(texts, rows, language)
    return found


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stored", type=Path, default=Path("models/translator"))
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--languages", nargs="+", default=list(TARGETS))
    parser.add_argument("--outputs", type=Path, help=f"write {SHOWN} translations a language here")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        write_translators(options.stored, Path(folder), "int8")
        translator = SceneTranslator(Path(folder), threads=1)
        others = open_translators(ModelStore(models_dir()))
        for language in options.languages:
            figures, told = measure(options.data, translator, language, options.sentences)
            if not options.without_peers:
                figures["peers"] = peers(options.data, language, options.sentences, others)
            print(json.dumps({language: figures}) if options.json else format_line(language, figures), flush=True)
            for row, one in random.Random(SEED).sample(told, SHOWN):
                lines.append("\t".join((language, one.doubt or "told", row.english, one.text, row.translations[language])))
    if options.outputs:
        options.outputs.write_text("language\tdoubt\tenglish\ttranslation\treference\n" + "\n".join(lines) + "\n", encoding="utf-8")


def format_line(language: str, figures: dict[str, Any]) -> str:
    """Return a language's figures for people."""
    beside = "; ".join(f"{name} {found['bleu']}/{found['chrf']}" for name, found in figures.get("peers", {}).items())
    told = figures["told"] or {"bleu": "-", "chrf": "-"}
    everything = figures["everything"]
    return (
        f"{language}  BLEU/chrF of {figures['sentences']}: {everything['bleu']}/{everything['chrf']}; "
        f"told {figures['told_share']:.0%} at {told['bleu']}/{told['chrf']}; {beside or 'no peers measured'}; "
        f"{figures['seconds'] * 1000:.0f} ms a sentence, load {figures['load_s']} s, {figures['memory_mb']} MB; doubts {figures['doubts']}"
    )


if __name__ == "__main__":
    main()
