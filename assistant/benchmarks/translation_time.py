"""Measures how much of the wait for an answer's first sound is translation, and what a translator takes to load: seconds and memory.

Portuguese by Firefox's models, Spanish by Apertium, the other languages of scenes by the translator trained here.

    python -m assistant.benchmarks.translation_time [--model NAME|DIR] [--rounds N] [--json]

Spoken question to first sound, each step after the other, on the demo's pictures. The translators are timed inside it. Where Whisper
puts the question into English itself (Spanish), that is part of "hear". eSpeak's questions in other languages are heard for the time that
it takes, and then something is asked that the model describes, for Whisper doesn't understand them.
"""

from __future__ import annotations

import argparse
import json
import resource
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
from assistant.answering.answer_checks import MORE_QUESTION
from assistant.answering.translating import tells_scenes
from assistant.conversation import Conversation
from assistant.engines.tts.espeak import EspeakSynthesizer
from assistant.hearing.listen import whole_utterance
from assistant.interfaces import SceneTranslator, SpeechSynthesizer, Translator
from assistant.messages import Ask, Keyframe, Question, Utterance
from assistant.settings import AnswerSettings, Settings, VoiceSettings
from assistant.speaking.speak import sound_of
from assistant.store.model_store import ModelStore, models_dir

ASKED = {
    "pt": "O que você está vendo?",
    "es": "¿Qué es esto?",
    "de": "Was macht der Mann?",
    "fr": "Que fait l'homme ?",
    "cs": "Co dělá ten muž?",
    "uk": "Що робить чоловік?",
    "ar": "ماذا يفعل الرجل؟",
}
"""Questions; the Portuguese and Spanish ones are asked as they are heard, the others want a description."""
PACE = 0.85
"""At which eSpeak speaks so that Whisper base hears its Portuguese; the Spanish question is the demo's."""
DEMO = Path(str(resources.files("assistant"))) / "commands" / "demo_files"
AS_HEARD = ("pt", "es")
EVERY = 7
"""Frames of the clip from one picture to the next."""


class TimedTranslator:
    """Implements `interfaces.Translator` and `SceneTranslator` by another one, and counts the seconds spent in it."""

    def __init__(self, inner: Translator) -> None:
        self._inner = inner
        self.pairs = inner.pairs
        self.scene_languages = inner.scene_languages if isinstance(inner, SceneTranslator) else frozenset[str]()
        self.seconds = 0.0

    def translate(self, sentence: str, source: str, target: str) -> str:
        """Translate as the other one does, and raise what it raises."""
        return self._timed(lambda: self._inner.translate(sentence, source, target))

    def translate_scene(self, description: str, language: str) -> str:
        """Tell a description as the other one does."""
        assert isinstance(self._inner, SceneTranslator)
        inner = self._inner
        return self._timed(lambda: inner.translate_scene(description, language))

    def _timed(self, translate: Callable[[], str]) -> str:
        began_s = time.perf_counter()
        try:
            return translate()
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
    languages, loading = dict[str, Any](), _loading(timed)
    for language in ASKED:
        if not tells_scenes(timed, language):
            continue
        conversation, asked = Conversation(transcriber, describer, settings.ears, language, timed), _spoken(language)
        waits = [
            _wait(conversation, asked, keyframe, language, voices, lambda: sum(each.seconds for each in timed))
            for keyframe in islice(_keyframes(settings), rounds + 1)
        ]
        languages[language] = _medians([wait for wait in waits[1:] if wait])
    return {"model": model, "languages": languages, "loading": loading}


def _loading(translators: list[TimedTranslator]) -> dict[str, dict[str, float]]:
    """Load the translator of scenes, a language after the other; seconds of the first sentence and MB of memory that came with each."""
    found = {}
    for translator in translators:
        for language in sorted(translator.scene_languages):
            before_mb, before_s = _memory_mb(), translator.seconds
            translator.translate_scene("A dog runs on the grass.", language)
            found[language] = {"load_s": round(translator.seconds - before_s, 3), "memory_mb": round(_memory_mb() - before_mb, 1)}
    return found


def _memory_mb() -> float:
    """What this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def _wait(
    conversation: Conversation,
    utterance: Utterance,
    keyframe: Keyframe,
    language: str,
    voices: list[SpeechSynthesizer],
    translated_s: Callable[[], float],
) -> QuestionTimes | None:
    """None where a question that is asked as it is heard wasn't understood; of others the first sentence counts, whatever its language."""
    before_s, times_s = translated_s(), [time.perf_counter()]
    asked = conversation.understand(utterance, language)
    times_s.append(time.perf_counter())
    if language not in AS_HEARD:
        asked = Question(ASKED[language], language, MORE_QUESTION, asks=(Ask("free", text=MORE_QUESTION, english=MORE_QUESTION),))
    if not isinstance(asked, Question):
        return None
    first = next(conversation.answer(conversation.look([keyframe]), asked, "full"))
    times_s.append(time.perf_counter())
    next(sound_of(first, voices))
    times_s.append(time.perf_counter())
    if language in AS_HEARD and (not first.english or first.language != language):
        return None
    hear_s, answer_s, speak_s = np.diff(times_s).tolist()
    return QuestionTimes(hear_s, answer_s, speak_s, translated_s() - before_s)


def _medians(waits: list[QuestionTimes]) -> dict[str, Any]:
    """Medians, and of the share the median too: that of each question."""
    if not waits:
        return {"answers": 0}
    medians = {name: round(statistics.median(asdict(wait)[name] for wait in waits), 3) for name in asdict(waits[0])}
    shares = [wait.translate_s / wait.whole_s for wait in waits]
    whole_s = statistics.median(wait.whole_s for wait in waits)
    share, most = round(statistics.median(shares), 3), round(max(shares), 3)
    return {"answers": len(waits), **medians, "whole_s": round(whole_s, 3), "share": share, "most": most}


def format_table(data: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = [f"{data['model']}: the share of translation in the wait from a spoken question to the first sound (medians)"]
    for language, figures in data["languages"].items():
        if not figures["answers"]:
            lines.append(f"{language}  no answer was translated")
            continue
        steps = ", ".join(f"{name} {figures[f'{name}_s']:.2f} s" for name in ("hear", "answer", "speak"))
        share = f"{figures['share']:.1%} (at most {figures['most']:.1%}) of {figures['whole_s']:.2f} s"
        lines.append(f"{language}  {share}: it takes {figures['translate_s']:.3f} s of {steps}; {figures['answers']} answers")
    loading = [f"{code} {one['load_s']} s {one['memory_mb']} MB" for code, one in data["loading"].items()]
    if loading:
        whole = sum(one["memory_mb"] for one in data["loading"].values())
        lines.append(f"the translator of scenes loads, one language after the other: {', '.join(loading)}; {whole:.0f} MB in all")
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
    samples = np.concatenate([chunk.samples for chunk in espeak.synthesize(ASKED[language], "pt-br" if language == "pt" else language)])
    return Utterance(samples, espeak.sample_rate_hz, 0.0, len(samples) / espeak.sample_rate_hz)


if __name__ == "__main__":
    main()
