"""Measures how much of the wait for an answer's first sound is translation: Portuguese by Firefox's models, Spanish by Apertium.

    python -m assistant.benchmarks.translation_time [--model NAME|DIR] [--rounds N] [--json]

Spoken question to first sound, each step after the other, on the demo's pictures. The translators are timed inside it. Where Whisper
puts the question into English itself (Spanish), that is part of "hear".
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from assistant import assembly
from assistant.answering.translating import find_translator
from assistant.conversation import Conversation
from assistant.engines.tts.espeak import EspeakSynthesizer
from assistant.hearing.listen import whole_utterance
from assistant.interfaces import SpeechSynthesizer, Translator
from assistant.messages import Keyframe, Question, Utterance
from assistant.settings import AnswerSettings, Settings, VoiceSettings
from assistant.speaking.speak import sound_of
from assistant.store.model_store import ModelStore, models_dir
from assistant.understanding import ENGLISH

LANGUAGES = ("pt", "es")
PORTUGUESE, PACE = "O que você está vendo?", 0.85
"""The question, and the pace at which eSpeak speaks it so that Whisper base hears it; the Spanish question is the demo's."""
DEMO = Path(str(resources.files("assistant"))) / "commands" / "demo_files"
EVERY = 7
"""Frames of the clip from one picture to the next."""


class TimedTranslator:
    """Implements `interfaces.Translator` by another one, and counts the seconds spent in it."""

    def __init__(self, inner: Translator) -> None:
        self._inner = inner
        self.pairs = inner.pairs
        self.seconds = 0.0

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Translate as the other one does, and raise what it raises."""
        began_s = time.perf_counter()
        try:
            return self._inner.translate(sentence, source, target)
        finally:
            self.seconds += time.perf_counter() - began_s


@dataclass(frozen=True)
class QuestionTimes:
    """Seconds of one question; `translate_s` is part of `hear_s` (the question) and `answer_s` (the first sentence)."""

    hear_s: float
    answer_s: float
    speak_s: float
    translate_s: float

    @property
    def whole_s(self) -> float:
        """Return the seconds from the question to the answer's first sound."""
        return self.hear_s + self.answer_s + self.speak_s


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or folder")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = measure(options.model, options.rounds)
    print(json.dumps(data) if options.json else format_table(data))


def measure(model: str, rounds: int) -> dict[str, Any]:
    """Return the times for each language that something here translates; the first round loads the models and isn't counted."""
    settings, store = Settings(answers=AnswerSettings(model=model)), ModelStore(models_dir())
    timed = [TimedTranslator(each) for each in assembly.open_translators(store)]
    transcriber = assembly.open_transcriber(settings.ears, store, translators=timed)
    describer, voices = assembly.open_describer(settings.answers, store), assembly.open_synthesizers(settings.voice, store)
    languages = {}
    for language in LANGUAGES:
        translator = find_translator(timed, ENGLISH, language)
        if not isinstance(translator, TimedTranslator):
            continue
        conversation, asked = Conversation(transcriber, describer, settings.ears, language, timed), _spoken(language)
        waits = [
            _wait(conversation, asked, keyframe, language, voices, lambda: sum(each.seconds for each in timed))
            for keyframe in islice(_keyframes(settings), rounds + 1)
        ]
        languages[language] = _medians([wait for wait in waits[1:] if wait])
    return {"model": model, "languages": languages}


def _wait(
    conversation: Conversation,
    utterance: Utterance,
    keyframe: Keyframe,
    language: str,
    voices: list[SpeechSynthesizer],
    translated_s: Callable[[], float],
) -> QuestionTimes | None:
    """None where the question wasn't understood or the answer stayed English."""
    before_s, times_s = translated_s(), [time.perf_counter()]
    asked = conversation.understand(utterance, language)
    times_s.append(time.perf_counter())
    if not isinstance(asked, Question):
        return None
    first = next(conversation.answer(conversation.look([keyframe]), asked))
    times_s.append(time.perf_counter())
    next(sound_of(first, voices))
    times_s.append(time.perf_counter())
    if not first.english or first.language != language:
        return None
    hear_s, answer_s, speak_s = np.diff(times_s).tolist()
    return QuestionTimes(hear_s, answer_s, speak_s, translated_s() - before_s)


def _medians(waits: list[QuestionTimes]) -> dict[str, Any]:
    """Medians, and of the share the median too: that of each question."""
    if not waits:
        return {"answers": 0}
    medians = {name: round(statistics.median(asdict(wait)[name] for wait in waits), 3) for name in asdict(waits[0])}
    share = statistics.median(wait.translate_s / wait.whole_s for wait in waits)
    return {"answers": len(waits), **medians, "whole_s": round(statistics.median(w.whole_s for w in waits), 3), "share": round(share, 3)}


def format_table(data: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = [f"{data['model']}: the share of translation in the wait from a spoken question to the first sound (medians)"]
    for language, figures in data["languages"].items():
        if not figures["answers"]:
            lines.append(f"{language}  no answer was translated")
            continue
        steps = ", ".join(f"{name} {figures[f'{name}_s']:.2f} s" for name in ("hear", "answer", "speak"))
        lines.append(
            f"{language}  {figures['share']:.1%} of {figures['whole_s']:.2f} s: translation takes {figures['translate_s']:.3f} s "
            f"of {steps}; {figures['answers']} answers"
        )
    return "\n".join(lines) if data["languages"] else "nothing here translates: run `assistant setup`, or install Apertium"


def _keyframes(settings: Settings) -> Iterator[Keyframe]:
    """Yield keyframes of cat, coffee and man, no two the same, so that each is looked at anew."""
    camera = assembly.open_camera(str(DEMO / "clip.mp4"), settings.camera)
    for frame in islice(camera.frames(), 0, None, EVERY):
        yield Keyframe(frame, "only")
    camera.close()


def _spoken(language: str) -> Utterance:
    if language == "es":
        return whole_utterance(assembly.open_sound_file(str(DEMO / "question3_es.wav")))
    espeak = EspeakSynthesizer(VoiceSettings(rate=PACE))
    samples = np.concatenate([chunk.samples for chunk in espeak.synthesize(PORTUGUESE, "pt-br")])
    return Utterance(samples, espeak.sample_rate_hz, 0.0, len(samples) / espeak.sample_rate_hz)


if __name__ == "__main__":
    main()
