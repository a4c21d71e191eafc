"""Finds out at set-up how far a model that nobody measured may be believed: on drawn scenes and on the demo's film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from assistant import assembly
from assistant.answering.known_pictures import KnownPicture, drawn_pictures
from assistant.answering.self_calibration import calibrate
from assistant.commands.demo import demo_file
from assistant.commands.output import Result, Stopwatch
from assistant.messages import Picture, SelfCalibration
from assistant.settings import Settings
from assistant.store import calibrations
from assistant.store.model_store import ModelStore
from assistant.translatable import Translatable, joined

FILM = {
    1.5: (("a cat", "an animal"), ("a person", "text", "a cup", "a car")),
    6.0: (("a cup",), ("a person", "a dog", "a bus")),
    10.5: (("text",), ("a person", "a cat", "a bicycle")),
    16.5: (("a person", "a woman"), ("a cat", "a cup", "a bicycle")),
    19.5: (("a person", "a man", "a camera"), ("a dog", "a cup", "a bus")),
}
"""Seconds of demo.mp4 -> things that are there, and things that aren't."""
COULD_TELL = 0.75
"""Share of things told rightly from which a model is said to know what is there."""


def calibrate_models(models: Sequence[str], store: ModelStore) -> Iterator[Result]:
    """Yield a result for each model (name or folder) whose folder doesn't say how sure it must be; asked once, then remembered."""
    for model in dict.fromkeys(models):
        if assembly.is_address(model):
            continue  # it tells no likelihoods
        folder, variants = assembly.find_variants(model, store)
        if not variants or (folder / "answer_thresholds.json").is_file():
            continue
        watch, found = Stopwatch(), _calibrated(model, store)
        watch.lap("ask")
        if found:
            told = "; ".join(f"{intent} {share:.0%}" for intent, share in found.reliability.items())
            verdict = "" if found.presence_right >= COULD_TELL else Translatable(": it can't tell what is there, so it mostly says so")
            line = Translatable(
                "{name}: of things in known pictures {share:.0%} told rightly{verdict}; of other answers right: {told}",
                **{"name": model, "share": found.presence_right, "verdict": verdict, "told": told},
            )
            if found.takes_hints:
                line = joined([line, Translatable("it is told what instruments find")], "; ")
            more = {
                "reliability": dict(found.reliability),
                "presence_right": found.presence_right,
                "takes_hints": found.takes_hints,
                "times_s": watch.total(),
            }
            yield line, {"name": model, **more}


def _calibrated(model: str, store: ModelStore) -> SelfCalibration | None:
    settings = replace(Settings().answers, model=model)
    folder, variants = assembly.find_variants(model, store)
    variant = assembly.chosen_variant(folder, variants, store)
    if known := calibrations.recall(store.root, folder, variant, variants[variant]):
        return known
    describer = assembly.open_smolvlm2(settings, store, variant)
    if (found := calibrate(describer, known_pictures())) is not None:
        calibrations.remember(store.root, folder, variant, variants[variant], found)
    describer.unload()
    return found


def known_pictures() -> Iterator[KnownPicture]:
    """Yield the drawn scenes, and what the demo's film shows."""
    yield from drawn_pictures()
    frames = _frames(list(FILM))
    yield from (KnownPicture(picture, *things) for picture, things in zip(frames, FILM.values(), strict=True))


def _frames(times_s: list[float]) -> list[Picture]:
    camera, found = assembly.open_camera(str(demo_file("demo.mp4")), Settings().camera), list[Picture]()
    for frame in camera.frames():
        if frame.time_s >= times_s[len(found)]:
            found.append(frame.picture)
        if len(found) == len(times_s):
            break
    camera.close()
    return found
