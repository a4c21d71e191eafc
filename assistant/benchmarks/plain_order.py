"""Answers spoken questions the plain way, on the devices of `assistant run`: each step begins when the one before has ended.

    python -m assistant.benchmarks.plain_order [--camera SRC] [--language xx] [--settings FILE] [--models-dir DIR]

What `assistant run` is compared with: the same engines wait for the end of speech, recognise, look, answer in full, synthesise in full and
play. It prints what happens as `assistant run --json` does, as far as a measurement needs it, and ends with the microphone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from assistant import assembly
from assistant.conversation import Conversation
from assistant.hearing.listen import listen
from assistant.hearing.utterances import UtteranceSegmenter
from assistant.interfaces import SpeechSynthesizer
from assistant.messages import AudioChunk, Frame, Keyframe, Question, Sentence, Utterance
from assistant.settings import Settings, load_settings
from assistant.speaking.speak import choose_synthesizer, say
from assistant.store.model_store import ModelStore, models_dir


def answer_plainly(conversation: Conversation, utterance: Utterance, frame: Frame) -> Iterator[list[Sentence]]:
    """Yield when the question has been recognised, when the picture has been looked at and, with all its sentences, when it is answered."""
    asked = conversation.understand(utterance)
    yield []
    seen = conversation.look([Keyframe(frame, "only")])
    yield []
    yield list(conversation.answer(seen, asked)) if isinstance(asked, Question) else [asked]


def synthesize_whole(voices: Sequence[SpeechSynthesizer], sentences: Sequence[Sentence]) -> list[AudioChunk]:
    """Return the sound of all sentences."""
    return [chunk for each in sentences for chunk in say(choose_synthesizer(voices, each.language), each.text, each.language)]


def answer_on_devices(settings: Settings, store: ModelStore, camera: str) -> None:
    """Answer until the microphone ends, and print what happens."""
    voices = assembly.open_synthesizers(settings.voice, store)
    translators = assembly.open_translators(store)
    transcriber = assembly.open_transcriber(settings.ears, store, language=settings.language, translators=translators)
    describer = assembly.open_describer(settings.answers, store)
    instruments = assembly.open_instruments(store)
    conversation = Conversation(transcriber, describer, settings.ears, settings.language, translators, instruments)
    frames = assembly.open_camera(camera, settings.camera).frames()
    speaker, microphone = assembly.open_speaker(None), assembly.open_microphone(None)
    _tell("heard", 0)  # ready, as the greeting that has been heard
    heard = listen(microphone.chunks(), assembly.open_voice_detector(), UtteranceSegmenter(settings.ears))
    for turn, utterance in enumerate((event for event in heard if isinstance(event, Utterance)), 1):
        *_, sentences = answer_plainly(conversation, utterance, next(frames))
        sound = synthesize_whole(voices, sentences)
        _tell("sound", turn)
        speaker.play(iter(sound), lambda: False)
        _tell("heard", turn)


def _tell(event: str, turn: int) -> None:
    print(json.dumps({"event": event, "turn": turn, "time_s": time.monotonic(), "share": 1.0}), flush=True)


def main() -> None:
    """Answer on the devices that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--camera", default="0", metavar="SRC")
    parser.add_argument("--language", default="en", metavar="xx")
    parser.add_argument("--models-dir", type=Path, metavar="DIR")
    parser.add_argument("--settings", type=Path, metavar="FILE")
    options = parser.parse_args()
    settings = load_settings(options.settings) if options.settings else Settings()
    answer_on_devices(replace(settings, language=options.language), ModelStore(models_dir(options.models_dir)), options.camera)


if __name__ == "__main__":
    main()
