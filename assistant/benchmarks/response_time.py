"""Measures how long a user waits: from the end of their speech to the first sound of the answer.

    python -m assistant.benchmarks.response_time [--model NAME|DIR] [--questions N] [--json]

The live loop against the plain order of work (wait for the end, recognise, look, answer in full, synthesise in full, play), with
the same models, questions, pictures and microphone in one run. The questions are spoken by Piper in real time; the loudspeaker
takes no time, so what is told leaves out what a sound card adds to both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant import assembly
from assistant.benchmarks.plain_order import answer_plainly, synthesize_whole
from assistant.benchmarks.plot import draw_response_times
from assistant.benchmarks.simulated_devices import RATE_HZ, InstantSpeaker, QuestionMicrophone, StillCamera
from assistant.conversation import Conversation
from assistant.devices.resampling import Resampler
from assistant.hearing.listen import listen
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.interfaces import SceneDescriber, SpeechSynthesizer, Transcriber
from assistant.live.loop import Devices, LiveLoop
from assistant.live.timed_describer import timed
from assistant.live.turn_trace import TurnTrace
from assistant.messages import Sentence, Sound, Utterance
from assistant.settings import AnswerSettings, EarSettings, Settings
from assistant.speaking.speak import choose_synthesizer, say
from assistant.store.model_store import ModelStore, models_dir

QUESTIONS = (
    "What is in front of me?",
    "Is there a person in front of me?",
    "What colour is the cup?",
    "Where am I?",
    "What is this?",
    "How many people are there?",
    "What am I holding?",
    "Can you see a dog?",
    "What do you see now?",
    "Who is there?",
)


@dataclass(frozen=True)
class _Engines:
    transcriber: Transcriber
    describer: SceneDescriber
    voices: Sequence[SpeechSynthesizer]


@dataclass(frozen=True)
class ResponseTimes:
    """Seconds from the end of speech, measured over all questions, with one order of work."""

    first_sound_s: list[float]
    """Until the answer's first sound, one a question."""
    steps_s: dict[str, list[float]]
    """Until each step on the way ("text_s", "first_token_s", ...), one a question that got there."""
    unanswered: int

    def to_dict(self) -> dict[str, Any]:
        """Return medians and the 95th percentile for programs."""
        return {
            "questions": len(self.first_sound_s),
            "unanswered": self.unanswered,
            "first_sound_median_s": round(statistics.median(self.first_sound_s), 3),
            "first_sound_p95_s": round(float(np.quantile(self.first_sound_s, 0.95)), 3),
            "steps_median_s": {name: round(statistics.median(each), 3) for name, each in self.steps_s.items() if each},
        }


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or folder")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw when each step came")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = measure(options.model, options.questions)
    if options.plot:
        waits = {order: {**data[order]["steps_median_s"], "sound": data[order]["first_sound_median_s"]} for order in ("live", "plain")}
        draw_response_times(waits, options.plot)
    print(json.dumps(data) if options.json else format_table(data))


def measure(model: str, count: int) -> dict[str, Any]:
    """Return the response times of the live loop and of the plain order of work over `count` questions."""
    settings = Settings(ears=EarSettings(headphones=True), answers=AnswerSettings(model=model))
    store = ModelStore(models_dir())
    engines = _Engines(
        assembly.open_transcriber(settings.ears, store, settings.answers.threads),
        assembly.open_describer(settings.answers, store, live=True),
        assembly.open_synthesizers(settings.voice, store),
    )
    asked = [_spoken(engines.voices, QUESTIONS[number % len(QUESTIONS)]) for number in range(count)]
    live = measure_live(engines, settings, QuestionMicrophone(asked))
    plain = measure_sequential(engines, settings, QuestionMicrophone(asked))
    ratio = statistics.median(plain.first_sound_s) / statistics.median(live.first_sound_s)
    return {"model": model, "live": live.to_dict(), "plain": plain.to_dict(), "times_sooner": round(ratio, 2)}


def measure_live(engines: _Engines, settings: Settings, microphone: QuestionMicrophone) -> ResponseTimes:
    """Return the response times of the loop of `assistant run`."""
    trace, records = TurnTrace(), list[dict[str, Any]]()

    def report(event: str, details: dict[str, Any]) -> None:
        records.extend(trace.feed({"event": event, "time_s": time.monotonic(), **details}))
        if event == "sound" and details["turn"] > 0:
            microphone.answered()

    conversation = Conversation(engines.transcriber, timed(engines.describer, report), settings.ears, by_clause=True)
    devices = Devices(StillCamera(), microphone, InstantSpeaker(), assembly.open_voice_detector(), engines.voices, True)
    LiveLoop(devices, conversation, settings, report).run()
    records.extend(trace.flush())
    answered = [record for record in records if record["turn"] > 0 and record["first_sound_s"] is not None]
    ends = [max(end for end in microphone.speech_end_s if end <= record["first_sound_s"]) for record in answered]
    steps = ("text_s", "first_token_s", "first_sentence_s", "first_sound_s")
    since = {step: [record[step] - end for record, end in zip(answered, ends, strict=True) if record[step] is not None] for step in steps}
    return ResponseTimes(since.pop("first_sound_s"), since, microphone.unanswered)


def measure_sequential(engines: _Engines, settings: Settings, microphone: QuestionMicrophone) -> ResponseTimes:
    """Return the response times of one step after the other, each begun when the one before has ended."""
    conversation = Conversation(engines.transcriber, engines.describer, settings.ears)
    steps: dict[str, list[float]] = {"text_s": [], "view_s": [], "answer_s": []}
    sounds = []
    frames = StillCamera().frames()
    newest = [next(frames) for _ in range(microphone.count)]  # of one scene, but no two the same: each is looked at anew
    for event in listen(microphone.chunks(), assembly.open_voice_detector(), UtteranceSegmenter(settings.ears)):
        if not isinstance(event, Utterance):
            continue
        end_s = microphone.speech_end_s[-1]
        times_s, said = [], list[list[Sentence]]()
        for sentences in answer_plainly(conversation, event, newest.pop()):
            times_s.append(time.monotonic())
            said.append(sentences)
        synthesize_whole(engines.voices, said[-1])
        sounds.append(time.monotonic() - end_s)
        for step, time_s in zip(steps.values(), times_s, strict=True):
            step.append(time_s - end_s)
        microphone.answered()
    return ResponseTimes(sounds, steps, microphone.unanswered)


def format_table(data: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = [f"{data['model']}: end of speech to first sound of the answer"]
    for order in ("live", "plain"):
        figures = data[order]
        steps = ", ".join(f"{name.removesuffix('_s').replace('_', ' ')} {s:.2f}" for name, s in figures["steps_median_s"].items())
        lines.append(
            f"{order:<6} median {figures['first_sound_median_s']:.2f} s, p95 {figures['first_sound_p95_s']:.2f} s "
            f"of {figures['questions']} questions, {figures['unanswered']} unanswered (medians: {steps})"
        )
    return "\n".join([*lines, f"{data['times_sooner']:.1f} times sooner"])


def _spoken(voices: Sequence[SpeechSynthesizer], text: str) -> Sound:
    """At 16 kHz, without the silence round it."""
    chunks = list(say(choose_synthesizer(voices, "en"), text, "en"))
    resampler = Resampler(RATE_HZ)
    samples = np.concatenate([*(resampler.feed(chunk.samples, chunk.sample_rate_hz) for chunk in chunks), resampler.flush()])
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return samples[loud[0] : loud[-1] + 1]


if __name__ == "__main__":
    main()
