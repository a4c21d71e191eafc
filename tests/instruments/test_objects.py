"""What a user hears of things and people that a detector finds, and of those that it doesn't."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from assistant.conversation import Conversation
from assistant.instruments.objects import ObjectInstrument
from assistant.languages import languages
from assistant.languages.nouns import PERSON, name, nouns, nouns_by_label
from assistant.messages import DetectedThing, Frame, Keyframe, Picture, Region, View
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedDescriber

LEFT, MIDDLE, RIGHT = (Region(left, 0.4, 0.1, 0.2) for left in (0.05, 0.45, 0.85))


class Found:
    """An ObjectDetector of pictures in which it finds what it was told."""

    def __init__(self, things: Iterable[DetectedThing], labels: Iterable[str] = ("person", "cup", "chair", "dog", "cat", "car")) -> None:
        self._things, self._labels = tuple(things), frozenset(labels)
        self.looks = self.unloads = 0

    @property
    def labels(self) -> frozenset[str]:
        return self._labels

    def detect(self, picture: Picture) -> Sequence[DetectedThing]:
        self.looks += 1
        return self._things

    def unload(self) -> None:
        self.unloads += 1


def seen(label: str, region: Region = MIDDLE, probability: float = 0.95) -> DetectedThing:
    return DetectedThing(label, probability, region)


def shown() -> Keyframe:
    return Keyframe(Frame(np.full((720, 1280, 3), 100, np.uint8), 0.0), "only")


def heard(question: str, *things: DetectedThing, language: str = "en") -> str:
    """What is said to a question about a picture of these things."""
    talk = Conversation(None, ScriptedDescriber(["A room."]), EarSettings(), language, instruments=[ObjectInstrument(Found(things), 70.0)])
    return " ".join(sentence.text for sentence in talk.answer(talk.glance([shown()]), talk.written(question, language)))


@pytest.mark.parametrize(
    ("question", "things", "said"),
    [
        ("Where is my cup?", [seen("cup", LEFT)], "A cup: at 11 o'clock, close."),
        ("Where is my red cup?", [seen("cup", RIGHT)], "A cup: at 1 o'clock, close."),
        (
            "Find the chair",
            [seen("chair", MIDDLE), seen("chair", LEFT)],
            "A chair: straight ahead, far away. A chair: at 11 o'clock, far away.",
        ),
        ("Where is the armchair?", [seen("chair", MIDDLE)], "A chair: straight ahead, far away."),
        ("Where is the cup?", [seen("dog")], "I don't see a cup."),
        ("How many people are there?", [seen("person", LEFT), seen("person", RIGHT), seen("dog")], "2 people."),
        ("How many people are there?", [seen("person")], "One person."),
        ("How many people are there?", [seen("person"), seen("person", LEFT, 0.3)], "Perhaps 1."),
        ("How many cups are there?", [seen("cup", LEFT), seen("cup"), seen("cup", RIGHT)], "Cups: 3."),
        ("How many people are there?", [], "I see nobody."),
        ("How many people are there?", [seen("person")] * 7, "About 7 people."),
        ("How many people are there?", [seen("person")] * 30, "Many people."),
        ("Is anybody there?", [seen("person")], "Yes."),
        ("Is anybody there?", [seen("dog")], "No."),
        ("Is there a cat?", [seen("cat", probability=0.2)], "I think so."),
        ("Is there a cat?", [], "I don't think so."),
        ("Is there an animal?", [seen("dog")], "Yes."),
        ("What is to my left?", [seen("chair", LEFT), seen("dog", RIGHT)], "I see a chair."),
        ("What is on my right?", [seen("chair", LEFT)], "Nothing there that I recognise."),
        ("What is on the chair?", [seen("chair", Region(0.2, 0.5, 0.5, 0.4)), seen("cat", Region(0.4, 0.4, 0.2, 0.2))], "I see a cat."),
        ("What is on the shelf?", [seen("chair", LEFT), seen("cup")], "I can't tell that. I see a chair, a cup."),
        ("What is on my plate?", [], "I can't tell that. A room."),
        ("Who is there?", [seen("person"), seen("person", LEFT)], "I don't recognise people. 2 people."),
        ("Who is there?", [], "I don't recognise people. I see nobody."),
    ],
)
def test_what_is_found_is_told_plainly_and_what_isnt_is_told_not_to_be_seen(question: str, things: list[DetectedThing], said: str) -> None:
    assert heard(question, *things) == said


@pytest.mark.parametrize("question", ["Is there an animal?", "Is there a toaster?", "Is there a red cup?", "Where is the toaster?"])
def test_of_what_the_detector_doesnt_know_it_says_nothing(question: str) -> None:
    [ask] = Conversation(None, ScriptedDescriber([""]), EarSettings()).written(question, "en").asks
    assert list(ObjectInstrument(Found([]), 70.0).examine(View((shown(),)), ask)) == []


@pytest.mark.parametrize("code", languages())
def test_people_are_counted_and_found_in_every_language_without_a_translator(code: str) -> None:
    person, cup = name(nouns()[PERSON], code, article=False), name(nouns_by_label("coco")["cup"], code, article=False)
    where = {"en": "Where is the {}?", "de": "Wo ist die {}?"}
    assert person and cup and where
    instrument = ObjectInstrument(Found([seen("person"), seen("person", LEFT)]), 70.0)
    talk = Conversation(None, ScriptedDescriber(["A room."]), EarSettings(), code, instruments=[instrument])
    question = talk.written("?", code)
    for intent in ("where", "how_many"):
        asked = [type(question.asks[0])(intent, person, language=code)]
        sentences = list(talk.answer(talk.glance([shown()]), type(question)("?", code, "?", asks=tuple(asked))))
        assert {sentence.language for sentence in sentences} == {code}
        assert all(sentence.text.strip() for sentence in sentences)


def test_a_picture_is_looked_at_once_and_forgotten_on_request() -> None:
    detector = Found([seen("cup")])
    instrument = ObjectInstrument(detector, 70.0)
    view = View((shown(),))
    [ask] = Conversation(None, ScriptedDescriber([""]), EarSettings()).written("Where is the cup?", "en").asks
    list(instrument.prepare(view))
    list(instrument.examine(view, ask))
    assert detector.looks == 1
    instrument.forget()
    list(instrument.examine(view, ask))
    assert (detector.looks, detector.unloads) == (2, 1)


def test_what_may_be_a_monitor_is_called_a_screen_unasked_and_found_by_either_name() -> None:
    """COCO calls the screens of computers "tv", too: they were told as televisions."""

    def said(question: str) -> str:
        instrument = ObjectInstrument(Found([seen("tv")], ["tv", "person"]), 70.0)
        talk = Conversation(None, ScriptedDescriber(["A room."]), EarSettings(), "en", instruments=[instrument])
        return " ".join(sentence.text for sentence in talk.answer(talk.glance([shown()]), talk.written(question, "en")))

    assert said("What is in front of me?") == "A room. I see a screen."
    assert said("Is there a television?") == said("Is there a screen?") == "Yes."
