"""Measures how often a model that was taught the toy world is right: asked by itself, through the whole path, and as it is spoken.

    python -m models.training.evaluate_toy [--model DIR] [--questions N] [--ways WAY ...] [--spoken N] [--variant KIND]

The ways: "raw", as `ask --raw` (what the model itself says to its prompt); "model", the main path without any instrument, after a
self-calibration on other scenes of the world; "all", the same with every instrument that is installed. Every question is about a scene
whose like was never taught. --spoken: so many of the last way's questions and answers are also spoken by the default voice and heard by the
default recogniser, and what is heard is judged.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from assistant import assembly
from assistant.answering.known_pictures import KnownPicture, KnownQuestion
from assistant.answering.self_calibration import calibrate
from assistant.conversation import Conversation
from assistant.devices.sound_files import write_wav
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.export.smolvlm_export import export_smolvlm
from assistant.hearing.listen import whole_utterance
from assistant.interfaces import Instrument, SpeechSynthesizer, Transcriber
from assistant.languages import phrase
from assistant.messages import Frame, Intent, Keyframe, Question, Sentence, Utterance
from assistant.seeing.keyframe_selector import select_keyframes
from assistant.settings import EarSettings, KeyframeSettings, VoiceSettings
from assistant.speaking.speak import say
from assistant.store.model_store import ModelStore, models_dir
from models.training.toy_world import COLOURS, KINDS, NUMBERS, PLACES, PLURALS, THINGS, Asked, draw, questions, scenes

Way = Literal["raw", "model", "all"]
WAYS: tuple[Way, ...] = get_args(Way)
TOY_EYE = Path(__file__).parents[2] / "tests" / "support" / "toy_eye"
SEED, CALIBRATION_SEED = 500, 77
KNOWN_SCENES = 24
"""Scenes for the self-calibration."""
_HEDGE = re.compile(r"^(?:It (?:looks like|might be)|Perhaps|I think:|I don't think(?= I see)) ", re.IGNORECASE)
_YES, _NO = ([["yes"], ["i", "think", "so"]], [["no"], ["i", "don", "t", "think", "so"]])
_HEDGED = frozenset(phrase(key, "en")[0] for key in ("likely_yes", "likely_no"))
SAMPLES = 8


Posed = Sequence[tuple[Frame, Sequence[Asked]]]
"""Pictures, and what is asked of each."""


@dataclass(frozen=True)
class Told:
    """A question of the toy world, and what was said to it."""

    asked: Asked
    said: str
    is_right: bool
    is_plain: bool
    """Whether it was said without a hedge."""


def says_truth(asked: Asked, said: str) -> bool:
    """Tell whether an answer says what is so, whatever its hedge; a number may be a digit, a place also one by the clock."""
    bare = _HEDGE.sub("", said)
    words = re.findall(r"[a-z]+|\d+", bare.lower())
    match asked.kind:
        case "description":
            return any(told in bare.lower() for told in _in_any_order(asked.truth))
        case "what":
            return asked.thing in words and asked.truth.lower().split()[1] in words and not _names_others(asked.thing, words)
        case "there":
            return words in _YES
        case "absent":
            return words in _NO
        case "colour":
            return next((word for word in words if word in COLOURS), "") == asked.truth.lower().rstrip(".")
        case "count":
            number = NUMBERS.index(asked.truth.lower().rstrip("."))
            return next((word for word in words if word in NUMBERS or word.isdecimal()), "") in (NUMBERS[number], str(number))
        case "where":
            return asked.truth.lower().rstrip(".") in bare.lower() and not _is_longer_place(asked.truth, bare)
        case "choice":
            return asked.thing in words and not _names_others(asked.thing, words)
        case "not seen":
            return said.startswith(("I don't see ", "I don't think I see ")) and asked.thing in words


def _names_others(thing: str, words: Sequence[str]) -> bool:
    return any(other in words or PLURALS[other] in words for other in THINGS if other != thing)


def _in_any_order(caption: str) -> Iterator[str]:
    """A caption in small letters, its things in each order."""
    things, ground = caption.lower().rstrip(".").rsplit(" on a ", 1)
    return (f"{' and '.join(order)} on a {ground}" for order in itertools.permutations(things.split(" and ")))


def _is_longer_place(truth: str, said: str) -> bool:
    """Whether what was said is "at the top left" where "at the top" is right."""
    return any(len(place) > len(truth.rstrip(".")) and place in said.lower() for place in PLACES)


def all_questions(number: int, seed: int = SEED) -> Posed:
    """Return pictures of scenes that were never taught, with so many questions altogether."""
    rng, found, left = random.Random(seed), list[tuple[Frame, list[Asked]]](), number
    for place, scene in enumerate(scenes(seed, held_out=True)):
        asked = list(questions(scene, rng))[:left]
        found.append((Frame(draw(scene, seed + place), 0.0), asked))
        left -= len(asked)
        if not left:
            return found
    raise AssertionError("scenes never end")


def known_scenes() -> Iterator[KnownPicture]:
    """Yield scenes with their truth, as the self-calibration at set-up takes them: others than those that are asked about."""
    rng = random.Random(CALIBRATION_SEED)
    intents: dict[str, tuple[Intent, Sequence[str]]] = {
        "colour": ("colour", tuple(COLOURS)),
        "count": ("how_many", NUMBERS),
        "where": ("where", ("left", "right", "top", "bottom")),
    }
    for place, scene in enumerate(itertools.islice(scenes(CALIBRATION_SEED, held_out=False), KNOWN_SCENES)):
        here, asked = [group.thing for group in scene.groups], list[KnownQuestion]()
        for each in questions(scene, rng):
            if each.kind in intents:
                intent, among = intents[each.kind]
                right = frozenset(re.findall("[a-z]+", each.truth.lower())) & frozenset(among)
                asked.append(KnownQuestion(intent, each.question, right, frozenset(among) - right))
        there, absent = ([f"a {thing}" for thing in THINGS if (thing in here) == side] for side in (True, False))
        yield KnownPicture(draw(scene, CALIBRATION_SEED + place), there, absent, asked)


def ask_raw(describer: Smolvlm2Describer, posed: Posed) -> Iterator[Told]:
    """Ask the model itself, with nothing around it, what it can be asked: right is what it was taught, to the letter."""
    for frame, asked in posed:
        for each in asked:
            if each.prompt:
                said = describer.raw([Keyframe(frame, "only")], each.prompt, split=False).text
                yield Told(each, said, said == each.truth, is_plain=True)


def ask_path(describer: Smolvlm2Describer, instruments: Sequence[Instrument], posed: Posed) -> Iterator[Told]:
    """Ask as `assistant ask` does."""
    for frame, asked in posed:
        conversation = Conversation(None, describer, EarSettings(), "en", (), instruments)
        seen = conversation.glance(select_keyframes([frame], KeyframeSettings()))
        for each in asked:
            yield _judged(each, list(conversation.answer(seen, conversation.written(each.question, "en"))))


def ask_spoken(
    describer: Smolvlm2Describer, instruments: Sequence[Instrument], posed: Posed, voice: SpeechSynthesizer, ears: Transcriber
) -> Iterator[Told]:
    """Speak each question into a file, answer what is heard of it, speak the answer, and judge what is heard of that."""
    conversation = Conversation(ears, describer, EarSettings(), "en", (), instruments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "said.wav"

        def hear(text: str) -> Utterance:
            write_wav(place, say(voice, text, "en"))
            return whole_utterance(assembly.open_sound_file(str(place)))

        for frame, asked in posed:
            seen = conversation.glance(select_keyframes([frame], KeyframeSettings()))
            for each in asked:
                understood = conversation.understand(hear(each.question), "en")
                sentences = list(conversation.answer(seen, understood)) if isinstance(understood, Question) else [understood]
                told = _judged(each, sentences)
                sound = hear(told.said)
                heard = ears.transcribe(sound.samples, sound.sample_rate_hz, "en").text
                yield replace(told, said=heard, is_right=says_truth(each, heard))


def _judged(asked: Asked, sentences: Sequence[Sentence]) -> Told:
    """All that is told of a scene or a thing counts, else the first sentence that tells something, and not why nothing can be told."""
    first = next((sentence for sentence in sentences if not _is_about_the_answer(sentence)), sentences[0])
    text = " ".join(sentence.text for sentence in sentences) if asked.kind in ("description", "what") else first.text
    is_hedged = text in _HEDGED or _HEDGE.match(text) is not None or bool(first.finding and first.finding.is_doubtful)
    return Told(asked, text, says_truth(asked, text), not is_hedged)


def _is_about_the_answer(sentence: Sentence) -> bool:
    finding = sentence.finding
    return finding is None or finding.kind == "refusal" or finding.value == ("colour_of_middle", {})


def report(way: str, told: Sequence[Told]) -> Iterator[str]:
    """Yield the table of one way: how many were right, and how many of those plainly, by kind; and some that were wrong."""
    right = sum(each.is_right for each in told)
    yield f"{way}: {right} of {len(told)} right ({right / len(told):.1%})"
    for kind in KINDS:
        if each := [one for one in told if one.asked.kind == kind]:
            plainly = sum(one.is_right and one.is_plain for one in each)
            yield f"  {kind:<12}{len(each):>5}{sum(one.is_right for one in each):>6} right, {plainly} of them plainly"
    for one in [one for one in told if not one.is_right][:SAMPLES]:
        yield f"  wrong: {one.asked.question} -> {one.said!r}; right: {one.asked.truth!r}"


def open_toy(folder: Path, made: Path, variant: str = "fp32") -> Smolvlm2Describer:
    """Export a transformers folder to the new folder `made`, calibrate the model on scenes of its world, and open it so."""
    export_smolvlm(folder, made, [variant], lambda line: None, compare=False)
    suffix = "" if variant == "fp32" else variant
    return Smolvlm2Describer(made, 1, suffix, calibration=calibrate(Smolvlm2Describer(made, 1, suffix), known_scenes()))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=TOY_EYE, help="as transformers saves it")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--spoken", type=int, default=0, metavar="N")
    parser.add_argument("--variant", default="fp32", help="fp32, int8 or q4")
    options = parser.parse_args(arguments)
    store, posed = ModelStore(models_dir(None)), all_questions(options.questions)
    with tempfile.TemporaryDirectory() as made:
        describer = open_toy(options.model, Path(made) / "toy", options.variant)
        print(f"calibrated: {describer.thresholds}, {dict(describer.reliability)}")
        instruments = assembly.open_instruments(store, 1, describer=describer) if "all" in options.ways or options.spoken else []
        ask: dict[Way, Callable[[], Iterator[Told]]] = {
            "raw": lambda: ask_raw(describer, posed),
            "model": lambda: ask_path(describer, (), posed),
            "all": lambda: ask_path(describer, instruments, posed),
        }
        for way in options.ways:
            print(*report(way, list(ask[way]())), sep="\n", flush=True)
        if options.spoken:
            voice, ears = assembly.open_synthesizers(VoiceSettings(), store)[0], assembly.open_transcriber(EarSettings(), store)
            told = list(ask_spoken(describer, instruments, all_questions(options.spoken), voice, ears))
            print(*report("spoken and heard again", told), sep="\n")


if __name__ == "__main__":
    main()
