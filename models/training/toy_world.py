"""A toy world whose truth is known to the last detail: coloured things on plain grounds, captions of them, and questions with answers.

A model of SmolVLM2's shape that was taught on it (`train_toy`) is a test double whose answers can be right or wrong, where random weights
only have tokens. Pure but for drawing; needs no torch. A fifth of all scenes, by what is in them, is never taught
(of those with two kinds of things a twenty-fifth).
"""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import cv2
import numpy as np

from assistant.answering.answer_checks import presence_questions
from assistant.engines.vlm.prompt import IMAGE_PROMPTS
from assistant.messages import Picture

Kind = Literal["description", "what", "there", "absent", "colour", "count", "where", "choice", "not seen"]
"""Of a question; "not seen": it takes a thing for granted that isn't there."""
KINDS: tuple[Kind, ...] = get_args(Kind)
THINGS = ("ball", "box", "kite", "ring", "flag")
"""Names that people's own things have, for what is asked goes the way of all questions."""
PLURALS = {"ball": "balls", "box": "boxes", "kite": "kites", "ring": "rings", "flag": "flags"}
COLOURS = {
    "red": (214, 30, 36),
    "green": (30, 150, 60),
    "blue": (30, 60, 210),
    "yellow": (245, 215, 30),
    "purple": (130, 40, 160),
    "black": (18, 18, 18),
}
GROUNDS = {"white": (244, 244, 242), "grey": (158, 158, 158), "brown": (139, 94, 60)}
NUMBERS = ("no", "one", "two", "three", "four")
PLACES = ("at the top left", "at the top", "at the top right", "at the bottom left", "at the bottom", "at the bottom right")
"""Of the six cells, row by row."""
HEIGHT, WIDTH = 240, 320
_CELL = WIDTH // 3, HEIGHT // 2
_MOST = 4
_HELD_OUT = 5


@dataclass(frozen=True)
class Group:
    """Some of a thing, all of one colour."""

    thing: str
    colour: str
    cells: tuple[int, ...]

    @property
    def told(self) -> str:
        """Return it as a caption has it: "a red ball", "two blue boxes"."""
        number = len(self.cells)
        return f"a {self.colour} {self.thing}" if number == 1 else f"{NUMBERS[number]} {self.colour} {PLURALS[self.thing]}"


@dataclass(frozen=True)
class Scene:
    """What a picture shows."""

    ground: str
    groups: tuple[Group, ...]

    @property
    def is_held_out(self) -> bool:
        """Tell whether scenes like it are kept for measuring, in whatever order the things are."""
        orders = (replace(self, groups=order) for order in itertools.permutations(self.groups))
        return all(zlib.crc32(repr(order).encode()) % _HELD_OUT == 0 for order in orders)

    @property
    def caption(self) -> str:
        """Return one sentence about it."""
        told = " and ".join(group.told for group in self.groups)
        return f"{told[0].upper()}{told[1:]} on a {self.ground} ground."

    @property
    def long_caption(self) -> str:
        """Return the sentence, and where each single thing is."""
        places = [f"The {group.thing} is {PLACES[group.cells[0]]}." for group in self.groups if len(group.cells) == 1]
        return " ".join([self.caption, *places])


@dataclass(frozen=True)
class Asked:
    """A question as a user asks it, and the truth."""

    kind: Kind
    question: str
    prompt: str
    """What the model is asked for it."""
    truth: str
    """As the model is taught to say it."""
    thing: str = ""
    """What it is about; "" for all that is to be seen."""


def make_scene(rng: random.Random, number: int) -> Scene:
    """Return so many groups, one or two, in cells of their own and in the order in which they are read."""
    cells, left = rng.sample(range(6), 6), _MOST
    things, groups = rng.sample(THINGS, number), list[Group]()
    colours = rng.sample(list(COLOURS), len(things))
    for thing, colour in zip(things, colours, strict=True):
        count = min(rng.choice((1, 1, 1, 2, 3)), left - (len(things) - len(groups) - 1))
        groups.append(Group(thing, colour, tuple(sorted(cells[:count]))))
        cells, left = cells[count:], left - count
    return Scene(rng.choice(list(GROUNDS)), tuple(sorted(groups, key=lambda group: group.cells)))


def scenes(seed: int, *, held_out: bool, numbers: Sequence[int] = (1, 1, 2)) -> Iterator[Scene]:
    """Yield scenes without end, those that are kept for measuring or the others, of as many kinds of things as the numbers say."""
    rng = random.Random(seed)
    while True:
        number = rng.choice(numbers)
        scene = make_scene(rng, number)
        while scene.is_held_out != held_out:
            scene = make_scene(rng, number)
        yield scene


def draw(scene: Scene, seed: int) -> Picture:
    """Draw a scene as uint8 [240, 320, 3]: sizes, places within the cells, shades and noise differ from seed to seed."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), GROUNDS[scene.ground], np.float32)
    picture *= np.linspace(1 - rng.uniform(0, 0.12), 1, WIDTH, dtype=np.float32)[:, None]  # light from one side
    for group in scene.groups:
        for cell in group.cells:
            row, column = divmod(cell, 3)
            centre = ((column + 0.5) * _CELL[0] + rng.uniform(-10, 10), (row + 0.5) * _CELL[1] + rng.uniform(-10, 10))
            colour = np.clip(np.array(COLOURS[group.colour]) * rng.uniform(0.88, 1.06), 0, 255)
            _draw_thing(picture, group.thing, centre, rng.uniform(29, 40), colour.tolist())
    picture += rng.normal(0, 5, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def questions(scene: Scene, rng: random.Random) -> Iterator[Asked]:
    """Yield a question of each kind that the scene answers."""
    here, away = [group.thing for group in scene.groups], [thing for thing in THINGS if thing not in [g.thing for g in scene.groups]]
    group, absent = rng.choice(scene.groups), rng.choice(away)
    thing, number = group.thing, len(group.cells)
    brief, yes_or_no, inside = IMAGE_PROMPTS.briefly, IMAGE_PROMPTS.yes_or_no, IMAGE_PROMPTS.inside
    yield Asked("description", "What is in front of me?", IMAGE_PROMPTS.scene["brief"], scene.caption)
    if len(here) == number == 1:
        yield Asked("what", "What is this?", f"What is this?{brief}", f"A {group.colour} {thing}.", thing)
    yield Asked("there", f"Is there a {thing}?", f"Is there a {thing}{inside}?{yes_or_no}", "Yes.", thing)
    yield Asked("absent", f"Is there a {absent}?", f"Is there a {absent}{inside}?{yes_or_no}", "No.", absent)
    verb, named = ("is", thing) if number == 1 else ("are", PLURALS[thing])
    colour = rng.choice((f"What colour {verb} the {named}?", f"Which colour {verb} the {named}?"))
    yield Asked("colour", colour, colour + brief, f"{group.colour.capitalize()}.", thing)
    count = f"How many {PLURALS[thing]} are there?"
    yield Asked("count", count, count + brief, f"{NUMBERS[number].capitalize()}.", thing)
    if number == 1:
        where = f"Where is the {thing}?"
        yield Asked("where", where, where + brief, f"{PLACES[group.cells[0]].capitalize()}.", thing)
    pair = [thing, absent]
    rng.shuffle(pair)
    yield Asked("choice", f"Is this a {pair[0]} or a {pair[1]}?", "", thing, thing)
    yield Asked("not seen", f"What colour is the {absent}?", "", absent, absent)


def lessons(scene: Scene, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (what the model is asked, what it is to say): the questions, and presence in both polarities, each as often yes as no."""
    for asked in questions(scene, rng):
        if asked.prompt:
            yield asked.prompt, asked.truth
        if asked.kind in ("there", "absent"):
            _, is_it_absent = presence_questions(f"a {asked.thing}", IMAGE_PROMPTS)
            yield is_it_absent, "No." if asked.kind == "there" else "Yes."


def long_lessons(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield the same of what is told when there is time."""
    yield from ((IMAGE_PROMPTS.scene[detail], scene.long_caption) for detail in ("normal", "full"))


def _draw_thing(picture: np.ndarray, thing: str, centre: tuple[float, float], size: float, colour: list[float]) -> None:
    x, y = centre
    shift = 4  # fractional bits, for smooth edges
    if thing in ("ball", "ring"):
        place, width = (round(x * 16), round(y * 16)), -1 if thing == "ball" else round(size * 0.42)
        radius = size if thing == "ball" else size - width / 2
        cv2.circle(picture, place, round(radius * 16), colour, width, cv2.LINE_AA, shift)
        return
    corners = {
        "box": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
        "kite": ((0, -1.1), (0.75, -0.2), (0, 1.1), (-0.75, -0.2)),
        "flag": ((-0.8, -0.9), (1, -0.4), (-0.8, 0.1)),
    }[thing]
    points = np.array([(x + size * right, y + size * down) for right, down in corners])
    cv2.fillPoly(picture, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, shift)
    if thing == "flag":
        pole = np.array([(x + size * right, y + size * down) for right, down in ((-0.95, -0.95), (-0.75, -0.95), (-0.75, 1), (-0.95, 1))])
        cv2.fillPoly(picture, [np.round(pole * 16).astype(np.int32)], colour, cv2.LINE_AA, shift)
