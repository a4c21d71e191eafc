"""Remembers things of the user's own that are shown to it, and finds them again: "This is my wallet", "Where is my wallet?"."""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from assistant.instruments.objects import SOURCE, told_place
from assistant.interfaces import Instrument, ObjectDetector, PictureMemory
from assistant.languages import FALLBACK
from assistant.languages.nouns import PERSON, find_noun, heads, is_kind_of, nouns
from assistant.messages import Ask, Detail, DetectedThing, Finding, Picture, Region, View
from assistant.seeing.held_thing import cut_out
from assistant.seeing.own_things import MOST_VIEWS, NEARER, Vector, nearest, parts, shown_part, unit
from assistant.written_files import OWN_THINGS, told_of_write_errors, write_file

RELIABILITY = 0.95
"""Share of the places told that are right: more than of anything else that finds things, so that it is asked first."""
FOUND, ABSENT = 0.9, 0.1
"""Probability of being there of a thing that stands out from the rest, and of one that doesn't."""
MOST_THINGS = 50


class MyThings(Instrument):
    """Implements `interfaces.Instrument`. Nothing is written unless the user asks for it; then features, and no picture."""

    def __init__(self, encoder: PictureMemory, detector: ObjectDetector, opening_degrees: float, file: Path) -> None:
        """Take note of what to use; what was kept for good is recalled with the first question.

        Args:
            encoder: makes features of parts of pictures; what another one kept isn't known again.
            detector: tells where something stands.
            opening_degrees: how wide the camera sees.
            file: where things are kept for good, an .npz.
        """
        self._encoder, self._detector = encoder, detector
        self._opening_degrees, self._file = opening_degrees, file
        self._last = ""
        """The key of the thing shown last, and how the user named it."""
        self._last_thing = ""
        self._seen: tuple[Callable[[], Picture | None], Sequence[Region], Sequence[Vector]] = (lambda: None, (), ())

    @functools.cached_property
    def _kept(self) -> dict[str, list[Vector]]:
        return self._read()

    @functools.cached_property
    def _views(self) -> dict[str, list[Vector]]:
        return {key: list(views) for key, views in self._kept.items()}

    def reliability(self, ask: Ask) -> float:
        """Return how often what it tells is right: it knows only what was shown to it."""
        if ask.intent in ("remember_thing", "keep_thing", "forget_thing"):
            return RELIABILITY
        return RELIABILITY if ask.intent in ("where", "is_there") and _key(ask) in self._views else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield that a thing is remembered, kept or forgotten; or where it is, or that it isn't there."""
        match ask.intent:
            case "remember_thing":
                yield self._remember(view.keyframes[-1].frame.picture, ask)
            case "keep_thing":
                yield self._keep(ask)
            case "forget_thing":
                yield self._forget(ask)
            case _:
                yield from self._find(view.keyframes[-1].frame.picture, ask)

    def forget(self) -> None:
        """Drop all that isn't kept for good."""
        self.__dict__.pop("_views", None)
        self._last = self._last_thing = ""
        self._seen = (lambda: None, (), ())

    def _remember(self, picture: Picture, ask: Ask) -> Finding:
        key = _key(ask)
        if refusal := _refusal(key):
            return Finding("refusal", refusal, 1.0, "rule")
        self._last, self._last_thing = key, ask.thing
        views = self._views.setdefault(key, [])
        views.append(self._vector(cut_out(picture, shown_part(picture))))
        del views[:-MOST_VIEWS]
        while len(self._views) > MOST_THINGS:
            self._views.pop(next(iter(self._views)))
        return _told("thing_remembered", ask.thing)

    def _keep(self, ask: Ask) -> Finding:
        key, thing = (_key(ask), ask.thing) if ask.thing else (self._last, self._last_thing)
        if key not in self._views:
            return _told("thing_unknown", thing or "?")
        self._kept[key] = list(self._views[key])
        self._write()
        return _told("thing_kept", thing)

    def _forget(self, ask: Ask) -> Finding:
        key = _key(ask)
        was_known = self._views.pop(key, None) is not None
        if self._kept.pop(key, None) is not None:
            self._write()
        return _told("thing_forgotten" if was_known else "thing_unknown", ask.thing)

    def _find(self, picture: Picture, ask: Ask) -> Iterator[Finding]:
        regions, seen = self._parts(picture)
        best, times_nearer = nearest(self._views[_key(ask)], seen)
        is_there = times_nearer >= NEARER
        if ask.intent == "is_there":
            yield Finding("presence", True, FOUND if is_there else ABSENT, SOURCE, ask.thing, ask.in_full)
        elif is_there:
            yield told_place(DetectedThing("", FOUND, regions[best]), ask.thing, picture, self._opening_degrees)

    def _parts(self, picture: Picture) -> tuple[Sequence[Region], Sequence[Vector]]:
        """The parts of a picture and what the encoder makes of them; of the last picture without looking again."""
        last, regions, seen = self._seen
        if last() is not picture:
            found = [thing.region for thing in self._detector.detect(picture)]
            regions = parts(found, picture.shape[1] / picture.shape[0])
            seen = [self._vector(cut_out(picture, region)) for region in regions]
            self._seen = weakref.ref(picture), regions, seen
        return regions, seen

    def _vector(self, picture: Picture) -> Vector:
        return unit(self._encoder.see(picture).features)

    def _read(self) -> dict[str, list[Vector]]:
        """What was kept by the same encoder; nothing where there is none, or it can't be read."""
        with contextlib.suppress(OSError, ValueError, KeyError, EOFError, BadZipFile), np.load(self._file) as kept:
            if str(kept["encoder"]) == self._encoder.encoder_id:
                return {key.removeprefix("thing:"): list(kept[key]) for key in kept.files if key.startswith("thing:")}
        return {}

    def _write(self) -> None:
        things = {f"thing:{key}": np.stack(views) for key, views in self._kept.items()}
        content = BytesIO()
        np.savez(content, encoder=np.array(self._encoder.encoder_id), **things)  # type: ignore[arg-type]
        with told_of_write_errors(self._file, OWN_THINGS):
            self._file.parent.mkdir(parents=True, exist_ok=True)
        write_file(self._file, content.getvalue(), OWN_THINGS, force=True)


def _key(ask: Ask) -> str:
    """What a thing is remembered by: its kind, so that it may be asked about in another language; "" where nothing known is named."""
    names = [ask.thing, *(heads(ask.thing) if ask.language == FALLBACK else ())]
    return next((noun.synset for name in names if name and (noun := find_noun(name, ask.language))), "")


def _refusal(key: str) -> str:
    """Why it isn't remembered: people aren't, and what has no known name might be somebody's."""
    if not key:
        return "cant_tell_that"
    return "cant_recognise" if is_kind_of(nouns()[key], nouns()[PERSON]) else ""


def _told(key: str, thing: str) -> Finding:
    return Finding("label", (key, {"thing": thing}), 1.0, SOURCE)
