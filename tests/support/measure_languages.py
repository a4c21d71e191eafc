"""Measures how well each language is heard: `python -m tests.support.measure_languages [xx ...] [--records FILE.jsonl] [--phrases]`.

eSpeak says ten commands and ten questions (same_in_each_language.toml), Whisper hears them as the assistant does. Then the table of
assistant/languages/README.md is printed. With `--records`, one line a sentence is added to the file; what stands there isn't
measured again, so that it may be stopped and continued. eSpeak's voices are poorer than people's, most of all for tones and
unwritten vowels: a low figure can be the voice's fault, a high one can't. `--phrases`: every phrase of the given languages is
spoken, and only its language is noticed.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from assistant.answering.commands import match_command
from assistant.answering.english_questions import in_question_order, spelled_as_question
from assistant.answering.translating import find_translator
from assistant.assembly import open_translators
from assistant.engines.asr.whisper import WhisperTranscriber, _at_16_khz
from assistant.engines.tts.espeak import EspeakSynthesizer
from assistant.engines.vad.silero import SileroVad
from assistant.hearing.language_choice import LanguageChoice
from assistant.interfaces import Translator
from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.messages import Sound
from assistant.settings import EarSettings, VoiceSettings
from assistant.speaking.speak import say
from assistant.store.model_store import ModelStore, models_dir
from tests.support import folders

SAME = tomllib.loads((folders.SUPPORT / "same_in_each_language.toml").read_text(encoding="utf-8"))
LITTLE_WORDS = frozenset(["is", "are", "the", "a", "in", "of", "on", "to", "it", "there", "what", "next"])
RATE = 0.7
"""Times eSpeak's own pace, which is faster than most people's."""
FEW = ("en", "es", "pt")
"""Heard beside the user's own language when only few are enabled."""
Record = dict[str, Any]


class NoticingTranscriber(WhisperTranscriber):
    """Keeps what it thought of the languages."""

    shares: dict[str, float]

    def _detect(self, encoded: Any) -> tuple[str, float]:
        found = {token.strip("<|>"): share for token, share in self._whisper.model.detect_language(encoded)[0]}
        self.shares = {code: float(found[code]) for code in languages()}
        return super()._detect(encoded)

    def notice(self, sound: Sound, rate_hz: int) -> None:
        """The language alone, told by `shares`."""
        self._detect(self._encode(_at_16_khz(sound, rate_hz)))


def measure(code: str, voice: EspeakSynthesizer, transcriber: NoticingTranscriber) -> Iterator[Record]:
    """One record for each sentence."""
    pronounced = SAME[code].get("pronounced", SAME[code])
    for part in ("commands", "questions"):
        for number, (text, spoken) in enumerate(zip(SAME[code][part], pronounced[part], strict=True)):
            sound = speak(voice, spoken, code)
            detected = transcriber.transcribe(sound, voice.sample_rate_hz)
            heard = detected
            if detected.language != code:
                heard = transcriber.transcribe(sound, voice.sample_rate_hz, code)
            yield {
                "language": code, "part": part, "number": number, "said": text, "heard": heard.text, "english": heard.english,
                "confidence": heard.confidence, "detected": detected.language, "heard_as_detected": detected.text,
                "shares": transcriber.shares,
            }  # fmt: skip


def speak(voice: EspeakSynthesizer, text: str, code: str) -> Sound:
    """With the pause around it that a microphone hears."""
    pause = np.zeros(voice.sample_rate_hz // 2, np.float32)
    return np.concatenate([pause, *(chunk.samples for chunk in say(voice, text, code)), pause])


def error_rate(said: str, heard: str, by_words: bool = False) -> float:
    """Levenshtein's distance over the length of what was said, case, accents and punctuation aside; at most 1."""
    a, b = (normalize(text).split() if by_words else list(normalize(text).replace(" ", "")) for text in (said, heard))
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
    return min(row[-1] / max(len(a), 1), 1.0)


def figures(records: list[Record]) -> dict[str, float]:
    """Of one language, as shares; the names are the columns of the table.

    Noticed, and taken as another language: among few languages and among all, and among all when the user has named this one.
    """
    code = records[0]["language"]
    few, every = tuple(dict.fromkeys((code, *FEW))), tuple(languages())
    return {
        "characters wrong": mean(error_rate(r["said"], r["heard"]) for r in records),
        "words wrong": mean(error_rate(r["said"], r["heard"], True) for r in records),
        "commands recognised": mean(is_command(r, r["heard"], (code, "en")) for r in records if r["part"] == "commands"),
        "noticed among few": mean(likeliest(r, few)[0] == code for r in records),
        "among all": mean(likeliest(r, every)[0] == code for r in records),
        "taken wrongly among few": wrong_choices(records, few),
        "wrongly among all": wrong_choices(records, every),
        "wrongly if named": wrong_choices(records, every, named=True),
    }


def is_command(record: Record, heard: str, order: tuple[str, ...]) -> bool:
    command = match_command(heard, order)
    return command is not None and f"{command.kind} {command.argument}".strip() == SAME["kinds"][record["number"]]


def likeliest(record: Record, enabled: tuple[str, ...]) -> tuple[str, float]:
    """As the transcriber tells it when these are enabled."""
    best = max(enabled, key=record["shares"].__getitem__)
    return best, record["shares"][best]


def wrong_choices(records: list[Record], enabled: tuple[str, ...], named: bool = False) -> float:
    """Share of sentences that would be taken as another language by a conversation that is in theirs, which the user may have named."""
    code = records[0]["language"]
    choice = LanguageChoice(code, EarSettings().language_floor)
    if named:
        choice.tell(code)
    chosen = [choice.choose(*likeliest(record, enabled), float(number)) for number, record in enumerate(records)]
    return mean(language not in (None, code) for language in chosen)


def table(records: list[Record]) -> str:
    """In Markdown."""
    found = {code: figures(own) for code in languages() if (own := [record for record in records if record["language"] == code])}
    names = list(next(iter(found.values())))
    rows = [
        ["", *names],
        ["---"] * (len(names) + 1),
        *([code, *(f"{100 * own[name]:.0f} %" for name in names)] for code, own in found.items()),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def english_of_questions(records: list[Record], translators: list[Translator]) -> str:
    """Which makes better English of what was heard: Whisper's own translation, or a translator's of Whisper's words.

    The share of the words that matter in the English question that are in the translation; "as said": of the words as they were
    spoken, the best that the translator could do.
    """
    rows = ["language  by Whisper  by the translator  (as said)"]
    for code in languages():
        asked = [record for record in records if record["language"] == code and record["part"] == "questions"]
        translator = find_translator(translators, code, "en")
        if asked and translator:
            made = [(r["english"], *(to_english(r[words], code, translator) for words in ("heard", "said"))) for r in asked]
            shares = [
                mean(kept(SAME["en"]["questions"][r["number"]], m[way]) for r, m in zip(asked, made, strict=True)) for way in range(3)
            ]
            rows.append(f"{code}  " + "  ".join(f"{100 * share:.0f} %" for share in shares))
    return "\n".join(rows)


def to_english(text: str, code: str, translator: Translator) -> str:
    """As the conversation does."""
    return in_question_order(translator.translate(spelled_as_question(text, code), code, "en"))


def kept(question: str, translation: str) -> float:
    """The share of a question's words that matter which its translation has."""
    words = {word for word in normalize(question).split() if word not in LITTLE_WORDS}
    return len(words & set(normalize(translation).replace("color", "colour").split())) / len(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", metavar="xx", default=list(languages()))
    parser.add_argument("--records", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--phrases", action="store_true")
    options = parser.parse_intermixed_args()
    voice = EspeakSynthesizer(VoiceSettings(rate=RATE))
    folder = ModelStore(models_dir(None)).folder("whisper-base")
    transcriber = NoticingTranscriber(folder, SileroVad(), EarSettings(), threads=1, languages=tuple(languages()))
    if options.phrases:
        for code in options.languages:
            print(code, noticed_phrases(code, voice, transcriber), flush=True)
        return
    records = read(options.records) if options.records else []
    done = {record["language"] for record in records}
    for code in options.languages:
        if code not in done:
            new = list(measure(code, voice, transcriber))
            if options.records:
                write(new, options.records)
            records += new
    print(table(records), english_of_questions(records, open_translators(ModelStore(models_dir(None)))), sep="\n\n")


def noticed_phrases(code: str, voice: EspeakSynthesizer, transcriber: NoticingTranscriber) -> str:
    """How many of a language's phrases are noticed as that language, and the keys of the others."""
    phrases = languages()[code].phrases
    missed: dict[str, list[str]] = {"few": [], "all": []}
    for key, text in phrases.items():
        transcriber.notice(speak(voice, text, code), voice.sample_rate_hz)
        for name, enabled in (("few", tuple(dict.fromkeys((code, *FEW)))), ("all", tuple(languages()))):
            if likeliest({"shares": transcriber.shares}, enabled)[0] != code:
                missed[name].append(key)
    counts = "; ".join(f"among {name} {len(phrases) - len(keys)} of {len(phrases)}" for name, keys in missed.items())
    return f"{counts}; missed among few: {', '.join(missed['few'])}"


def read(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def write(records: list[Record], path: Path) -> None:
    with path.open("a", encoding="utf-8") as out:
        out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


if __name__ == "__main__":
    main()
