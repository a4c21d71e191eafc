"""How long a user waits: from the end of their speech to the first sound of the answer, and from their speech to silence.

    python -m assistant.benchmarks.response_time [--model NAME|DIR] [--questions N] [--json]

The live loop against the plain order of work (wait for the end, recognise, look, answer in full, synthesise in full, play), with
the same models, questions, pictures and microphone in one run. The questions are spoken by Piper in real time; the loudspeaker
takes no time, so what is told leaves out what a sound card adds to both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant import assembly
from assistant.benchmarks.plot import draw_waits
from assistant.conversation import Conversation
from assistant.devices.resampling import Resampler
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.hearing.listen import listen
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.interfaces import SpeechSynthesizer, Transcriber
from assistant.live.loop import Devices, LiveLoop
from assistant.live.timed_describer import timed
from assistant.live.turn_trace import TurnTrace
from assistant.messages import AudioChunk, Frame, Keyframe, Question, Sound, Utterance
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
RATE_HZ, CHUNK = 16_000, 512
GAP_S = 1.2
"""Of silence before each question."""
LONGEST_WAIT_S = 30.0
ROOM_NOISE = 0.0005


@dataclass(frozen=True)
class _Engines:
    transcriber: Transcriber
    describer: Smolvlm2Describer
    voices: Sequence[SpeechSynthesizer]


@dataclass(frozen=True)
class Waits:
    """Of one order of work."""

    first_sound_s: list[float]
    """From the end of speech, one a question."""
    steps_s: dict[str, list[float]]
    """The same for each step on the way: "recognised", "first token", "first sentence"."""
    unanswered: int

    def told(self) -> dict[str, Any]:
        return {
            "questions": len(self.first_sound_s),
            "unanswered": self.unanswered,
            "first_sound_median_s": round(statistics.median(self.first_sound_s), 3),
            "first_sound_p95_s": round(float(np.quantile(self.first_sound_s, 0.95)), 3),
            "steps_median_s": {name: round(statistics.median(each), 3) for name, each in self.steps_s.items() if each},
        }


class SpokenQuestions:
    """A microphone in real time: silence, a question when the last one has been answered, silence."""

    def __init__(self, questions: list[Sound]) -> None:
        self._questions = questions
        self.count = len(questions)
        self._closed = threading.Event()
        self._answered = threading.Event()
        self.speech_end_s: list[float] = []
        """When the last sample of each question was heard, by time.monotonic()."""
        self.unanswered = 0

    def answered(self) -> None:
        """The first sound of an answer is there: the next question may come."""
        self._answered.set()

    def chunks(self) -> Iterator[AudioChunk]:
        rng = np.random.default_rng(0)
        self._began_s, self._sent = time.monotonic(), 0
        for question in self._questions:
            yield from self._play(np.zeros(round(GAP_S * RATE_HZ), np.float32), rng)
            self._answered.clear()
            yield from self._play(question, rng)
            self.speech_end_s.append(time.monotonic())
            give_up_s = time.monotonic() + LONGEST_WAIT_S
            while not self._answered.is_set() and not self._closed.is_set():
                if time.monotonic() > give_up_s:
                    self.unanswered += 1
                    break
                yield from self._play(np.zeros(CHUNK, np.float32), rng)

    def close(self) -> None:
        self._closed.set()

    def _play(self, samples: Sound, rng: np.random.Generator) -> Iterator[AudioChunk]:
        padded = np.pad(samples, (0, -len(samples) % CHUNK)).reshape(-1, CHUNK)
        for block in padded:
            time_s = self._sent * CHUNK / RATE_HZ
            self._sent += 1
            self._closed.wait(max(0.0, self._began_s + self._sent * CHUNK / RATE_HZ - time.monotonic()))
            if self._closed.is_set():
                return
            yield AudioChunk((block + rng.normal(0, ROOM_NOISE, CHUNK)).astype(np.float32), RATE_HZ, time_s)


class InstantSpeaker:
    """Takes every sound at once."""

    def play(self, chunks: Iterator[AudioChunk], is_stale: Callable[[], bool]) -> float:
        heard_s = 0.0
        for chunk in chunks:
            if is_stale():
                break
            heard_s += chunk.duration_s
        return heard_s

    def close(self) -> None: ...


class StillCamera:
    """A live camera on one scene, with a sensor's noise."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        rng = np.random.default_rng(1)
        scene = np.kron(rng.integers(40, 215, (9, 16, 3)), np.ones((40, 40, 1)))
        while not self._closed.wait(0.1):
            yield Frame(np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8), time.monotonic())

    def close(self) -> None:
        self._closed.set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or folder")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw when each step came")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = measure(options.model, options.questions)
    if options.plot:
        waits = {order: {**data[order]["steps_median_s"], "sound": data[order]["first_sound_median_s"]} for order in ("live", "plain")}
        draw_waits(waits, options.plot)
    print(json.dumps(data) if options.json else table(data))


def measure(model: str, count: int) -> dict[str, Any]:
    settings = Settings(ears=EarSettings(headphones=True), answers=AnswerSettings(model=model))
    store = ModelStore(models_dir())
    engines = _Engines(
        assembly.open_transcriber(settings.ears, store, settings.answers.threads),
        assembly.open_describer(settings.answers, store, live=True),
        assembly.open_synthesizers(settings.voice, store),
    )
    asked = [_spoken(engines.voices, QUESTIONS[number % len(QUESTIONS)]) for number in range(count)]
    live = live_waits(engines, settings, SpokenQuestions(asked))
    plain = plain_waits(engines, settings, SpokenQuestions(asked))
    ratio = statistics.median(plain.first_sound_s) / statistics.median(live.first_sound_s)
    return {"model": model, "live": live.told(), "plain": plain.told(), "times_sooner": round(ratio, 2)}


def live_waits(engines: _Engines, settings: Settings, microphone: SpokenQuestions) -> Waits:
    """The loop of `assistant run`."""
    trace, records = TurnTrace(), list[dict[str, Any]]()

    def report(event: str, details: dict[str, Any]) -> None:
        records.extend(trace.feed({"event": event, "time_s": time.monotonic(), **details}))
        if event == "sound" and details["turn"] > 0:
            microphone.answered()

    conversation = Conversation(engines.transcriber, timed(engines.describer, report), settings.ears, by_clause=True)
    devices = Devices(StillCamera(), microphone, InstantSpeaker(), assembly.open_voice_detector(), engines.voices, True)
    LiveLoop(devices, conversation, settings, report).run()
    records.extend(trace.flush())
    told = [record for record in records if record["turn"] > 0 and record["first_sound_s"] is not None]
    ends = [max(end for end in microphone.speech_end_s if end <= record["first_sound_s"]) for record in told]
    steps = ("text_s", "first_token_s", "first_sentence_s", "first_sound_s")
    since = {step: [record[step] - end for record, end in zip(told, ends, strict=True) if record[step] is not None] for step in steps}
    return Waits(since.pop("first_sound_s"), since, microphone.unanswered)


def plain_waits(engines: _Engines, settings: Settings, microphone: SpokenQuestions) -> Waits:
    """One step after the other, each begun when the one before has ended."""
    conversation = Conversation(engines.transcriber, engines.describer, settings.ears)
    steps: dict[str, list[float]] = {"text_s": [], "view_s": [], "answer_s": []}
    sounds = []
    frames = StillCamera().frames()
    newest = [next(frames) for _ in range(microphone.count)]  # of one scene, but no two the same: each is looked at anew
    for event in listen(microphone.chunks(), assembly.open_voice_detector(), UtteranceSegmenter(settings.ears)):
        if not isinstance(event, Utterance):
            continue
        end_s = microphone.speech_end_s[-1]
        asked = conversation.understand(event)
        times_s = [time.monotonic()]
        seen = conversation.look([Keyframe(newest.pop(), "only")])
        times_s.append(time.monotonic())
        said = list(conversation.answer(seen, asked)) if isinstance(asked, Question) else [asked]
        times_s.append(time.monotonic())
        for sentence in said:
            list(say(choose_synthesizer(engines.voices, sentence.language), sentence.text, sentence.language))
        sounds.append(time.monotonic() - end_s)
        for step, time_s in zip(steps.values(), times_s, strict=True):
            step.append(time_s - end_s)
        microphone.answered()
    return Waits(sounds, steps, microphone.unanswered)


def table(data: dict[str, Any]) -> str:
    lines = [f"{data['model']}: end of speech to first sound of the answer"]
    for order in ("live", "plain"):
        told = data[order]
        steps = ", ".join(f"{name.removesuffix('_s').replace('_', ' ')} {s:.2f}" for name, s in told["steps_median_s"].items())
        lines.append(
            f"{order:<6} median {told['first_sound_median_s']:.2f} s, p95 {told['first_sound_p95_s']:.2f} s of {told['questions']} "
            f"questions, {told['unanswered']} unanswered (medians: {steps})"
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
