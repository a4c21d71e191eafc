"""Tells colours: of what is held to the middle, of a named thing where something finds it, and whether two things have the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from assistant.interfaces import Instrument
from assistant.messages import Ask, Detail, Finding, Keyframe, Region, View
from assistant.seeing.colours import are_near, difference, name_probabilities
from assistant.seeing.thing_colours import ThingColours, thing_colours

RELIABILITY = 0.85
"""Share of the plain answers that are right within neighbours: see docs/colour-and-light.md."""
MATCH_RELIABILITY = 0.75
"""Share of the answers about two things that are right."""
HEDGED = 0.7
"""Share of the answers with "or" and "perhaps" that are right."""
PLAIN = 0.7
"""Probability of a name and its neighbours from which no other is told beside it."""
SECOND, MOSTLY = 0.15, 0.65
"""Share of a thing from which a second colour is told, and from which the first is most of it."""
SAME, SIMILAR = 9.0, 25.0
"""CIEDE2000 between two things up to which their colours are nearly the same and similar, from picture to picture."""
SOURCE = "colours"

Finder = Callable[[View, Ask], Region | None]
"""Tells where the thing that is asked about is in the newest keyframe of a View; None where it isn't found."""


class ColourInstrument(Instrument):
    """Implements `interfaces.Instrument`: colours and patterns, and whether two things match. Needs no model."""

    def __init__(self, find: Finder | None = None) -> None:
        """`find`: None where nothing finds things; of a named thing is then told what is in the middle, and that it is that."""
        self._find = find

    def reliability(self, ask: Ask) -> float:
        """Return how often its plain answers are right, within neighbouring names."""
        return {"colour": RELIABILITY, "match": MATCH_RELIABILITY}.get(ask.intent, 0.0)

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        """Yield the colours of what is asked about, and its pattern: of a thing that isn't found those of the middle, and that they are."""
        if ask.intent == "match":
            yield from self._match(view.keyframes)
            return
        if not view.keyframes:
            return
        region = self._find(view, ask) if self._find and ask.thing else None
        measured = thing_colours(view.keyframes[-1].frame.picture, region)
        if ask.thing and region is None:
            yield _phrase("colour_of_middle")
        yield from _told(measured, ask.thing, region)

    def forget(self) -> None:
        """Do nothing: it remembers no picture and holds no memory."""

    def _match(self, keyframes: Sequence[Keyframe]) -> Iterator[Finding]:
        """Of what is in the middle of the two newest keyframes of different scenes."""
        newest = keyframes[-1] if keyframes else None
        before = next((each for each in reversed(keyframes[:-1]) if newest and each.scene != newest.scene), None)
        if newest is None or before is None:
            yield Finding("refusal", "match_show_two", 1.0, SOURCE)
            return
        one, other = (thing_colours(each.frame.picture) for each in (before, newest))
        if one.is_dark or other.is_dark:
            yield Finding("refusal", "colour_too_dark", 1.0, SOURCE)
            return
        if one.fills_picture or other.fills_picture:  # how light they are is then the camera's choice
            yield Finding("refusal", "cant_tell_colour", 1.0, SOURCE)
            yield _phrase("colour_step_back")
            return
        apart = float(difference(one.colours[0], other.colours[0]))
        first, second = (next(iter(name_probabilities(each.colours[0]))) for each in (one, other))
        if first == second:
            yield _colour("match_same" if apart <= SAME else "match_shades", MATCH_RELIABILITY, colour=first)
        else:
            likeness = "match_similar" if apart <= SIMILAR else "match_different"
            yield _colour(likeness, MATCH_RELIABILITY, colour=first, other=second)


def _told(measured: ThingColours, thing: str, region: Region | None) -> Iterator[Finding]:
    """Its colours, surely or not, and its pattern."""
    if measured.is_dark:
        yield Finding("refusal", "colour_too_dark", 1.0, SOURCE, thing, region=region)
        return
    probabilities = name_probabilities(measured.colours[0])
    first = next(iter(probabilities))
    second = _second(measured, first)
    near = sum(share for name, share in probabilities.items() if are_near(name, first))
    is_plain = near >= PLAIN and not measured.fills_picture
    if near < PLAIN:
        told, other = "colour_either", next(name for name in probabilities if not are_near(name, first))
    elif measured.fills_picture:
        told, other = "colour_perhaps", ""
    elif second:
        told, other = ("colour_mostly" if measured.shares[0] >= MOSTLY else "colour_two"), second
    else:
        told, other = "colour_one", ""
    blanks = {"colour": first, "other": other} if other else {"colour": first}
    yield Finding("colour", (told, blanks), RELIABILITY if is_plain else HEDGED, SOURCE, thing, is_doubtful=not is_plain, region=region)
    if second and measured.pattern != "plain":
        yield _phrase(f"pattern_{measured.pattern}")
    if measured.fills_picture:
        yield _phrase("colour_step_back")


def _second(measured: ThingColours, first: str) -> str:
    """The name of the largest other colour that is worth telling; "" without any."""
    names = [next(iter(name_probabilities(colour))) for colour in measured.colours]
    told = (name for name, share in zip(names, measured.shares, strict=True) if share >= SECOND and not are_near(first, name))
    return next(told, "")


def _phrase(key: str) -> Finding:
    return Finding("label", (key, {}), RELIABILITY, SOURCE)


def _colour(key: str, probability: float, **colours: str) -> Finding:
    return Finding("colour", (key, colours), probability, SOURCE)
