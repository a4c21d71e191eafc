"""Answers how many faces there are and whether one is turned to the camera. Whose face it is, nobody here can tell."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.instruments.objects import told_place
from assistant.interfaces import Instrument, ObjectDetector
from assistant.languages.nouns import FACE, find_noun, name, nouns
from assistant.messages import FACING, Ask, Detail, DetectedThing, Finding, View

FOUND = 0.6
"""Probability from which a face counts as found."""
RELIABILITY = 0.8
"""Share of what it tells that is right (docs/objects.md)."""
SOURCE = "faces"
_ABOUT_FACES = ("how_many", "is_there", "where")
"""Intents that it answers of faces."""


class FaceInstrument(Instrument):
    """Implements `interfaces.Instrument` with an ObjectDetector of faces; it remembers nothing."""

    def __init__(self, detector: ObjectDetector, opening_degrees: float) -> None:
        """`opening_degrees`: how wide the camera sees from left to right."""
        self._detector = detector
        self._opening_degrees = opening_degrees

    def reliability(self, ask: Ask) -> float:
        """Return how often what it tells is right: it answers only what asks about faces."""
        is_about = ask.intent == "facing" or (ask.intent in _ABOUT_FACES and find_noun(ask.thing, ask.language) == nouns()[FACE])
        return RELIABILITY if is_about else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield what is found of faces in the newest picture."""
        picture = view.keyframes[-1].frame.picture
        faces = [face for face in self._detector.detect(picture) if face.probability >= FOUND]
        facing = [face for face in faces if face.label == FACING]
        match ask.intent:
            case "how_many":
                yield Finding("count", len(faces), RELIABILITY, SOURCE, ask.thing)
            case "is_there" if faces:
                yield Finding("presence", True, faces[0].probability, SOURCE, ask.thing, ask.in_full, region=faces[0].region)
            case "is_there":
                yield Finding("presence", True, 1 - RELIABILITY, SOURCE, ask.thing, ask.in_full)
            case "where":
                yield from (told_place(face, ask.thing, picture, self._opening_degrees) for face in faces)
            case "facing":
                yield Finding("label", (_answer(faces, facing), {}), RELIABILITY, SOURCE, region=facing[0].region if facing else None)
                called = name(nouns()[FACE], ask.language, article=False) or ""
                yield from (told_place(face, called, picture, self._opening_degrees) for face in facing)

    def forget(self) -> None:
        """Free the detector's memory until it is asked again."""
        self._detector.unload()


def _answer(faces: list[DetectedThing], facing: list[DetectedThing]) -> str:
    if facing:
        return "facing"
    return "not_facing" if faces else "no_face"
