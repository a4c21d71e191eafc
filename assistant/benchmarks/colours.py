"""Measures the instruments of colour and light: `python -m assistant.benchmarks.colours`.

On rendered garments whose colours, fabrics and grounds nothing was fitted on, and on photographs that somebody has judged by eye. A plain
answer that is wrong counts apart from one with an "or" or a "perhaps".
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from assistant import assembly
from assistant.benchmarks.labelled_pictures import opened_pictures, read_rows
from assistant.benchmarks.rendered_garments import LAMPS, Garment, Part, render
from assistant.benchmarks.rendered_light import EXPOSURES, exposed, lit
from assistant.devices.picture_file import open_picture
from assistant.instruments.colour import ColourInstrument
from assistant.instruments.objects import ObjectInstrument
from assistant.messages import Ask, Finding, Frame, Keyframe, Picture, View
from assistant.seeing.colours import are_near
from assistant.seeing.light_levels import bright_lamp, light_level
from assistant.store.model_store import ModelStore, models_dir

HALF = 0.65
"""Share of a garment's main colour from which the other one may as well be called the main one, as of stripes."""


SAID = {"gray": "grey", "tan": "beige", "blond": "cream", "golden": "light_brown"}
"""Words of captions -> keys of colours."""
_COLOUR = "black|white|brown|red|blue|green|yellow|orange|gr[ea]y|pink|purple|tan|golden"
_COLOURED = re.compile(rf"\b(?:({_COLOUR}) and )?({_COLOUR}) (dog|car|bicycle|bike|horse|cat|bus|truck|boat|bird|ball|motorcycle)\b")


@dataclass(frozen=True)
class Truth:
    """What is right to say of a thing."""

    colours: frozenset[str]
    """Keys of colours of which the one told first must be one, or a neighbour of one."""
    patterns: frozenset[str]


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400, help="rendered garments (default: 400)")
    parser.add_argument("--part", choices=("fit", "report"), default="report", help="which set of rendered garments (default: report)")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="photographs of single things, with --judged")
    parser.add_argument("--judged", type=Path, metavar="TSV", help="file, colours with | between, other colours, patterns with , between")
    parser.add_argument("--captions", type=Path, metavar="DIR", help="Flickr8k: things of its dev pictures that are found")
    options = parser.parse_args()
    lamps = list(LAMPS)
    garments = [render(seed, options.part, lamps[seed % len(lamps)]) for seed in range(options.count)]
    answers = [ask("colour", [each.picture]) for each in garments]
    print(table("rendered, all lamps", zip(answers, map(truth_of, garments), strict=True)))
    for lamp in lamps:
        of_lamp = [(answer, truth_of(each)) for answer, each in zip(answers, garments, strict=True) if each.lamp == lamp]
        print(table(lamp, of_lamp))
    print(patterns((answer, each.pattern) for answer, each in zip(answers, garments, strict=True)))
    print(matches(options.part, options.count // 4))
    if options.captions:
        print(table("things that two of five captions give one colour", captioned(options.captions)))
    if options.pictures and options.judged:
        print(table("photographs", judged(options.pictures, options.judged)))
    print(light(garments[:100]))
    print(speed(garments[:20]))


def ask(intent: str, pictures: Iterable[Picture]) -> list[Finding]:
    """Return what the instrument finds in pictures of different scenes."""
    keyframes = [Keyframe(Frame(picture, float(place)), "change", scene=place) for place, picture in enumerate(pictures)]
    asked = Ask("match") if intent == "match" else Ask("colour")
    return list(ColourInstrument().examine(View(tuple(keyframes)), asked))


def truth_of(garment: Garment) -> Truth:
    """Return what is right to say of a rendered garment: of stripes and the like either colour may be told first."""
    colours = {garment.name} | ({garment.other} if garment.other else set())
    return Truth(frozenset(colours), frozenset((garment.pattern,)))


def told(findings: list[Finding]) -> tuple[str, list[str]]:
    """Return the key of the phrase about the colours, and the colours in it; that of the refusal, and none."""
    for finding in findings:
        if finding.kind == "colour":
            key, colours = cast(tuple[str, dict[str, str]], finding.value)
            return key, list(colours.values())
    return str(findings[0].value), []


def outcome(findings: list[Finding], truth: Truth) -> str:
    """Return "plain right", "plain wrong", "hedged right", "hedged wrong" or "refused"."""
    key, colours = told(findings)
    if not colours:
        return "refused"
    is_hedged = key in ("colour_either", "colour_perhaps")
    may_be = colours if key == "colour_either" else colours[:1]
    is_right = any(are_near(colour, right) for colour in may_be for right in truth.colours)
    return f"{'hedged' if is_hedged else 'plain'} {'right' if is_right else 'wrong'}"


def table(name: str, answers: Iterable[tuple[list[Finding], Truth]]) -> str:
    """Return a line of shares."""
    outcomes = Counter(outcome(findings, truth) for findings, truth in answers)
    total = max(outcomes.total(), 1)
    right, plain = outcomes["plain right"] + outcomes["hedged right"], outcomes["plain right"] + outcomes["plain wrong"]
    shares = ", ".join(f"{kind} {outcomes[kind] / total:.0%}" for kind in sorted(outcomes))
    return f"{name}: {total} answers; right {right / total:.0%}; of plain ones {outcomes['plain right'] / max(plain, 1):.0%}; {shares}"


def patterns(answers: Iterable[tuple[list[Finding], str]]) -> str:
    """Return how often each pattern is told so, otherwise or not at all."""
    told_of: dict[str, Counter[str]] = {}
    for findings, pattern in answers:
        keys = [str(cast(tuple[str, dict[str, str]], each.value)[0]) for each in findings if each.kind == "label"]
        named = next((key.removeprefix("pattern_") for key in keys if key.startswith("pattern_")), "nothing")
        told_of.setdefault(pattern, Counter())[named] += 1
    return "\n".join(f"{pattern} told as: {dict(counts.most_common())}" for pattern, counts in sorted(told_of.items()))


def matches(part: Part, count: int) -> str:
    """Return how two showings are compared: of one garment, and of two of different colours."""
    lamps = list(LAMPS)
    same, other = Counter[str](), Counter[str]()
    for seed in range(count):
        lamp = lamps[seed % len(lamps)]
        shown = render(seed, part, lamp)
        same[told(ask("match", [shown.picture, render(seed, part, lamp, 1).picture]))[0]] += 1
        second = render(seed + 10_000, part, lamp)
        if not any(are_near(one, two) for one in truth_of(shown).colours for two in truth_of(second).colours):
            other[told(ask("match", [shown.picture, second.picture]))[0]] += 1
    return f"one garment twice: {dict(same)}\ntwo of different colours: {dict(other)}"


def judged(folder: Path, file: Path) -> Iterator[tuple[list[Finding], Truth]]:
    """Yield what is told of photographs, and what somebody saw in them."""
    for line in file.read_text(encoding="utf-8").splitlines():
        name, colours, _, named = line.split("\t")
        picture = open_picture(folder / name).picture
        yield ask("colour", [picture]), Truth(frozenset(colours.split("|")), frozenset(named.split(",")))


def captioned(folder: Path) -> Iterator[tuple[list[Finding], Truth]]:
    """Yield what is told of things in Flickr8k's dev pictures, where they are found, and what colour people gave them in captions."""
    given = defaultdict[tuple[str, str], Counter[str]](Counter)
    for name, split, caption in read_rows(folder / "captions.tsv"):
        pairs = set(_COLOURED.findall(caption.lower())) if split == "dev" else set()
        for *colours, thing in pairs:
            given[name, thing].update(SAID.get(colour, colour) for colour in colours if colour)
    agreed = {key: colours for key, colours in given.items() if max(colours.values()) >= 2}
    objects = ObjectInstrument(assembly.open_detector(ModelStore(models_dir())), 70.0)
    instrument, shown = ColourInstrument(objects.find), dict(opened_pictures(folder, sorted({name for name, _ in agreed})))
    for (name, thing), colours in agreed.items():
        view, asked = View((Keyframe(Frame(shown[name], 0.0), "only"),)), Ask("colour", thing, language="en")
        found = next(objects.examine(view, Ask("how_many", thing, language="en")), None)
        if objects.find(view, asked) and found and found.value == 1:  # of several nobody knows which one a caption means
            right = frozenset(colour for colour, count in colours.items() if count >= 2)
            yield list(instrument.examine(view, asked)), Truth(right, frozenset())


def light(garments: list[Garment]) -> str:
    """Return what is told of rendered rooms in less and less light, and how often a lamp is seen where there is one and where not."""
    lines = []
    for exposure in EXPOSURES:
        levels = Counter(light_level(exposed(each.picture, exposure))[0] for each in garments)
        lines.append(f"exposure {exposure:.3f}: {dict(levels)}")
    with_lamp = [bright_lamp(lit(each.picture, seed)) is not None for seed, each in enumerate(garments)]
    without = [bright_lamp(each.picture) is not None for each in garments]
    return "\n".join([*lines, f"lamp seen where there is one: {np.mean(with_lamp):.0%}; where there is none: {np.mean(without):.0%}"])


def speed(garments: list[Garment]) -> str:
    """Return the median time of an answer about a 1280 x 720 picture."""
    pictures = [np.asarray(cv2.resize(each.picture, (1280, 720)), np.uint8) for each in garments]
    timed: dict[str, list[float]] = {"colour": [], "light": []}
    for picture in pictures:
        begun = time.perf_counter()
        ask("colour", [picture])
        timed["colour"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        light_level(picture)
        bright_lamp(picture)
        timed["light"].append(time.perf_counter() - begun)
    return "; ".join(f"{name}: {np.median(times) * 1000:.0f} ms" for name, times in timed.items()) + " for a 1280 x 720 picture"


if __name__ == "__main__":
    main()
