"""The fittest instrument answers; what nobody may or can answer is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from assistant.answering.router import CLOSED, answer, fittest
from assistant.interfaces import Instrument
from assistant.languages.nouns import find_noun
from assistant.messages import AnswerThresholds, Ask, Detail, Finding, Intent, SingleObject, View


class Told(Instrument):
    """An Instrument that knows some intents and tells of each what it is given."""

    def __init__(self, share: float, **findings: Sequence[Finding]) -> None:
        self._share, self._findings = share, findings
        self.asked: list[str] = []

    def reliability(self, ask: Ask) -> float:
        return self._share if ask.intent in self._findings else 0.0

    def examine(self, view: View, ask: Ask, detail: Detail = "brief") -> Iterator[Finding]:
        self.asked.append(ask.intent)
        yield from self._findings[ask.intent]

    def forget(self) -> None:
        self.asked = []


NOTHING = Finding("things", (), 1.0, "test")
BROWN, RED, SCENE = (Finding("text", text, 0.9, "test") for text in ("Brown.", "Red.", "A dog."))


def there(probability: float) -> Finding:
    return Finding("presence", True, probability, "test", "dog")


def found(instruments: Sequence[Instrument], intent: Intent, thing: str = "") -> list[tuple[str, object]]:
    findings = answer(instruments, View(), Ask(intent, thing), AnswerThresholds(absent=0.3))
    return [(finding.kind, finding.value) for finding in findings]


def test_the_most_reliable_is_asked_first_and_nobody_after_one_that_found_something() -> None:
    model, meter = Told(0.7, colour=[RED]), Told(0.95, colour=[BROWN])
    assert found([model, meter], "colour") == [("text", "Brown.")]
    assert model.asked == []


def test_where_the_fittest_finds_nothing_the_next_is_asked() -> None:
    assert found([Told(0.7, colour=[RED]), Told(0.95, colour=[])], "colour") == [("text", "Red.")]


def test_who_it_is_is_never_told_but_how_many_people_there_are() -> None:
    counter = Told(0.9, who=[RED], how_many=[Finding("count", 2, 0.9, "test")])
    assert found([counter], "who") == [("refusal", "cant_recognise"), ("count", 2)]


def test_people_whom_a_description_leaves_out_are_told_where_they_are_surely_there() -> None:
    tripod = Finding("name", SingleObject(find("tripod")), 0.9, "test")
    rider = Finding("text", "A man rides a horse.", 0.8, "test")
    for people, told in ((2, [("count", 2)]), (0, [])):
        counter = Told(0.9, things=[NOTHING], how_many=[Finding("count", people, 0.9, "test")])
        assert found([Told(0.9, scene=[tripod]), counter], "scene") == [("name", tripod.value), *told]
        assert found([Told(0.9, scene=[rider]), counter], "scene") == [("text", "A man rides a horse.")]
        assert found([Told(0.9, scene=[tripod]), counter], "safety")[2:] == told
    unsure = Told(0.9, things=[NOTHING], how_many=[Finding("count", 1, 0.3, "test", is_doubtful=True)])
    assert found([Told(0.9, scene=[tripod]), unsure], "scene") == [("name", tripod.value)]


def test_a_sentence_about_what_should_have_been_found_is_dropped_for_what_was() -> None:
    riders = Finding("text", "A group of people riding horses.", 0.8, "test")
    cow = Finding("things", (find("cow"),), 0.9, "test")
    finder = Told(0.9, things=[cow], how_many=[Finding("count", 0, 0.9, "test")], is_there=[there(0.1)])
    assert found([Told(0.9, scene=[riders]), finder], "scene") == [("things", cow.value)]
    seen = Told(0.9, things=[cow], how_many=[], is_there=[there(0.6)])
    assert found([Told(0.9, scene=[riders]), seen], "scene") == [("text", riders.value), ("things", cow.value)]


def test_of_a_garment_its_colour_is_told_too() -> None:
    shirt, mug = (Finding("name", SingleObject(find(name)), 0.9, "test") for name in ("shirt", "mug"))
    meter = Told(0.9, colour=[RED])
    assert found([Told(0.9, what=[shirt]), meter], "what") == [("name", shirt.value), ("text", "Red.")]
    assert found([Told(0.9, what=[mug]), meter], "what") == [("name", mug.value)]


@pytest.mark.parametrize(("said", "told"), [("A door with an exit sign.", False), ("A door that existed.", True), ("A door.", True)])
def test_large_letters_that_a_model_has_worded_already_arent_told_again(said: str, told: bool) -> None:
    sign = Finding("label", ("it_says", {"text": "EXIT"}), 0.9, "text")
    model, reader = Told(0.6, what=[Finding("text", said, 0.8, "model")]), Told(0.9, sign=[sign])
    assert (("label", sign.value) in found([model, reader], "what")) is told


def find(name: str) -> str:
    noun = find_noun(name, "en")
    assert noun
    return noun.synset


def test_what_is_right_less_than_six_times_in_ten_is_not_asked() -> None:
    assert fittest([Told(0.59, colour=[RED])], Ask("colour")) == []
    assert found([Told(0.59, colour=[RED]), Told(1.0, scene=[SCENE])], "colour") == [("refusal", "cant_tell_colour"), ("text", "A dog.")]


@pytest.mark.parametrize("intent", sorted(CLOSED))
def test_no_instrument_is_asked_for_leave_money_or_persons_however_reliable_it_says_it_is(intent: Intent) -> None:
    eager = Told(1.0, **{intent: [RED]})
    assert found([eager], intent)[0][0] == "refusal"
    assert eager.asked == []


def test_a_thing_that_isnt_there_has_no_colour() -> None:
    meter = Told(0.95, colour=[BROWN], is_there=[there(0.1)])
    assert found([meter], "colour", "dog") == [("seen", True)]
    assert meter.asked == ["is_there"]


def test_of_a_thing_that_is_there_the_measured_value_is_all_that_is_told() -> None:
    assert found([Told(0.95, colour=[BROWN], is_there=[there(0.9)])], "colour", "dog") == [("text", "Brown.")]


def test_of_a_thing_that_nobody_knows_nothing_is_taken_for_granted() -> None:
    assert found([Told(1.0, scene=[SCENE])], "where", "flibbertigibbet") == [("refusal", "cant_tell_that"), ("text", "A dog.")]


def test_without_anything_that_answers_there_is_still_a_word() -> None:
    assert found([], "scene") == [("refusal", "no_answer")]
    assert found([], "safety") == [("refusal", "cant_judge_safety")]
