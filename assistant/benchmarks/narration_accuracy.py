"""Measures what a user who asked to be told of changes hears: real changes spoken in time, and words about nothing.

    python -m assistant.benchmarks.narration_accuracy [--model NAME|DIR] [--pictures DIR] [--people DIR] [--json]

Films made to a script play before the live loop in real time, the model describes, the voice speaks and is listened to, and
what goes to the loudspeaker is compared with the script. A scene counts as told when the narration begins to speak of a
picture of it within 3 s of its start. With --people (a folder with images.tar and boxes.tsv) people who come and go are played too, before
pictures of it that nobody is in: how many of their arrivals and departures are told as such within 3 s, and what else is told of any.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant import assembly
from assistant.benchmarks.pictures import made_up_pictures, people_and_background, photographs
from assistant.benchmarks.scripted_videos import BAD_CAMERAS, NOBODY, Film, cuts, objects, pan, still, visitors
from assistant.benchmarks.simulated_devices import FilmCamera, RealTimeSpeaker, SilentMicrophone
from assistant.conversation import Conversation
from assistant.languages import phrase
from assistant.live.loop import Devices, LiveLoop
from assistant.messages import Picture
from assistant.settings import AnswerSettings, NarrationSettings, Settings
from assistant.store.model_store import ModelStore, models_dir
from assistant.understanding import ENGLISH

PICTURES = 24
SCENE_S = 7.0
"""Seconds of each scene: long enough to be spoken of."""
VISITORS = 10
STILL_S = 40.0
FIRST_S = 10.0
"""Seconds within which the first description is over; whatever comes later in a still film is about nothing."""
TOLD_WITHIN_S = 3.0


class NarratedLoop:
    """Runs the live loop on films, with models that all of them share."""

    def __init__(self, model: str) -> None:
        self._settings = Settings(narration=NarrationSettings(mode="changes"), answers=AnswerSettings(model=model))
        store = ModelStore(models_dir())
        self._describer = assembly.open_describer(self._settings.answers, store, live=True)
        self._instruments = assembly.open_instruments(store, live=True)
        self._voices = assembly.open_synthesizers(self._settings.voice, store)

    def narrated_at_s(self, film: Film) -> list[float]:
        """Play a film, and return when the narration began to speak, in the film's time; that the loop is ready doesn't count."""
        return [time_s for time_s, _ in self.narrated(film)]

    def narrated(self, film: Film) -> list[tuple[float, str]]:
        """Play a film, and return each sentence of the narration with when it began, in the film's time."""
        camera, told, ready = FilmCamera(film), list[tuple[float, str]](), phrase("ready", ENGLISH)[0]
        seen = threading.Event()

        def report(event: str, details: dict[str, Any]) -> None:
            if event == "look":
                seen.set()
            elif event == "sound" and seen.is_set() and details["text"] != ready:
                told.append((time.monotonic() - camera.began_s, details["text"]))

        conversation = Conversation(None, self._describer, self._settings.ears, instruments=self._instruments)
        devices = Devices(camera, SilentMicrophone(), RealTimeSpeaker(), assembly.open_voice_detector(), self._voices, True)
        LiveLoop(devices, conversation, self._settings, report).run(film.duration_s)
        return told


def measure(model: str, pictures: Callable[[int, int], list[Picture]], people: Path | None = None) -> dict[str, Any]:
    """Return the share of changes spoken of in time, by film, how often a minute it spoke about nothing, by the camera's fault, and what
    was told of people who came and went."""
    loop, some = NarratedLoop(model), pictures(PICTURES, 3)
    films = [
        cuts(some[:8], [SCENE_S] * 8),
        pan(some[8:14], [SCENE_S] * 6),
        objects(some[14], some[15:20], [SCENE_S] * 5, away_s=SCENE_S),
    ]
    told = {film.name: _narrated_in_time(film, loop.narrated_at_s(film)) for film in films}
    stills = [
        replace(still(some[20 + number % 4], STILL_S, camera), name=kind) for number, (kind, camera) in enumerate(BAD_CAMERAS.items())
    ]
    late = {film.name: [time_s for time_s in loop.narrated_at_s(film) if time_s > FIRST_S] for film in stills}
    return {
        "model": model,
        "changes": {name: len(each) for name, each in told.items()},
        "told_within_3_s": {name: round(sum(each) / len(each), 3) for name, each in told.items()},
        "false_per_still_minute": {name: round(len(each) * 60 / (STILL_S - FIRST_S), 2) for name, each in late.items()},
    } | ({"people": _visits(loop, people)} if people else {})


def _visits(loop: NarratedLoop, folder: Path) -> dict[str, Any]:
    """How people who come and go are told of."""
    background, crops = people_and_background(folder, VISITORS)
    film = visitors(background, crops, SCENE_S, SCENE_S)
    came, gone = (phrase(key, ENGLISH)[0] for key in ("somebody_came", "nobody_now"))
    told = [each for each in loop.narrated(film) if each[1] in (came, gone)]
    expected = [(scene.start_s, gone if scene.name == NOBODY else came) for scene in film.scenes[1:]]
    right = [any(text == said and 0 < time_s - start_s <= TOLD_WITHIN_S for time_s, text in told) for start_s, said in expected]
    return {
        "arrivals": round(sum(right[::2]) / VISITORS, 3),
        "departures": round(sum(right[1::2]) / VISITORS, 3),
        "of": VISITORS,
        "others_per_minute": round((len(told) - sum(right)) * 60 / film.duration_s, 2),
    }


def _narrated_in_time(film: Film, times_s: list[float]) -> list[bool]:
    """Return for each scene but the first whether the narration began to speak of it in time."""
    return [any(scene.start_s < time_s <= scene.start_s + TOLD_WITHIN_S for time_s in times_s) for scene in film.scenes[1:]]


def format_table(data: dict[str, Any]) -> str:
    """Return the figures for people."""
    told = ", ".join(f"{name} {share:.0%} of {data['changes'][name]}" for name, share in data["told_within_3_s"].items())
    false = ", ".join(f"{name} {count:.1f}" for name, count in data["false_per_still_minute"].items())
    lines = [f"{data['model']}: changes spoken of within 3 s: {told}", f"spoken about nothing, per still minute: {false}"]
    if visits := data.get("people"):
        within = f"arrivals {visits['arrivals']:.0%} and departures {visits['departures']:.0%} of {visits['of']}"
        lines.append(f"told within 3 s: {within}; others, a minute: {visits['others_per_minute']}")
    return "\n".join(lines)


def main() -> None:
    """Measure as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or folder")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="collections of photographs (default: made-up pictures)")
    parser.add_argument("--people", type=Path, metavar="DIR", help="photographs with boxes.tsv of people: who comes and goes is told too")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder: Path | None = options.pictures
    pictures = (lambda count, seed: photographs(folder, count, seed)) if folder else made_up_pictures
    data = measure(options.model, pictures, options.people)
    print(json.dumps(data) if options.json else format_table(data))


if __name__ == "__main__":
    main()
