"""Spoken commands: what is one, in whatever case, accent and politeness, and what is a question for the model."""

from __future__ import annotations

import itertools
import random
import tomllib

import pytest

from assistant.answering.commands import match_command
from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.messages import Command
from models.training.data import CAPTION_QUESTIONS, MORE_QUESTIONS, NAME_QUESTIONS
from models.training.questions import cant_tell_question, presence_question
from models.training.things import COLOURED, DOERS, PLURALS, THINGS
from tests.support import folders

SPOKEN = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in folders.SPOKEN.glob("*.toml")}


@pytest.mark.parametrize("text", ["stop", "Stop.", "STOP!", "Stop, stop, stop!", "please stop", "Hey, can you stop now, please?", "Párate"])
def test_case_accents_punctuation_and_politeness_do_not_count(text: str) -> None:
    assert match_command(text, ("en", "es")) == Command("stop")


def test_the_event_is_kept_in_the_users_words() -> None:
    assert match_command("Could you tell me when a Dálmata appears, please?", ("en",)) == Command("tell_when", "a Dálmata appears")
    assert match_command("Avísame cuando llegue el autobús.", ("es",)) == Command("tell_when", "llegue el autobús")


@pytest.mark.parametrize("name", ["Portuguese", "português", "portugues", "PORTUGUÊS"])
def test_a_language_may_be_called_by_its_own_name_or_that_of_the_speaker(name: str) -> None:
    assert match_command(f"Speak {name}, please.", ("en",)) == Command("language", "pt")


def test_a_word_heard_in_another_language_is_tried_in_each_one_given() -> None:
    assert match_command("Stop.", ("nl", "pt", "en")) == Command("stop")
    assert match_command("Otra vez.", ("it", "en")) is None
    assert match_command("Otra vez.", ("it", "es", "en")) == Command("repeat")


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("İleri!", "ileri"),
        ("WIĘCEJ", "więcej"),
        ("再说 一遍。", "再说一遍"),
        ("もういちど", "もう いちど"),
        ("हिन्दी बोलो।", "हिन्दी बोलो"),
        ("Ещё", "еще"),
    ],
)
def test_words_of_any_script_are_compared_without_case_accents_and_spaces(heard: str, written: str) -> None:
    assert normalize(heard).replace(" ", "") == normalize(written).replace(" ", "")
    assert normalize("हिन्दी") != normalize("हन्द"), "the vowels of Hindi are marks and count"
    assert normalize("stop stop") == "stop"
    assert normalize("谢谢") == "谢 谢", "a character is a part of a word, no word said twice"


@pytest.mark.parametrize("text", ["", "...", "please", "Is there a bus stop?", "Describe the toaster.", "What does the sign read?"])
def test_a_question_is_left_to_the_model(text: str) -> None:
    assert match_command(text, ("en", "es", "pt")) is None


def test_politeness_without_end_is_no_trouble() -> None:
    assert match_command("hey please " * 1000, ("en",)) is None
    assert match_command("hey please " * 1000 + "stop", ("en",)) == Command("stop")


@pytest.mark.parametrize("code", SPOKEN)
def test_what_people_say_to_command_it_is_recognised(code: str) -> None:
    said = [(kind, text) for kind, texts in SPOKEN[code]["commands"].items() for text in texts]
    assert len(said) >= 60
    missed = {text: kind for kind, text in said if _told(match_command(text, (code, "en"))) != kind and kind != "tell_when"}
    missed |= {text: kind for kind, text in said if kind == "tell_when" and _told(match_command(text, (code, "en"))).split()[0] != kind}
    assert not missed


@pytest.mark.parametrize("code", SPOKEN)
def test_what_people_ask_is_no_command_in_any_language(code: str) -> None:
    order = (code, *languages())
    assert [text for text in SPOKEN[code]["questions"] if match_command(text, order)] == []


def test_no_question_the_model_was_trained_on_is_taken_for_a_command() -> None:
    rng = random.Random(5)
    asked = {presence_question(thing, there, rng).question for thing, there, _ in itertools.product(THINGS, (True, False), range(20))}
    asked |= {f"What colour is the {noun}?" for noun in COLOURED.values()} | {f"What is the {noun} doing?" for noun in DOERS.values()}
    asked |= {f"How many {noun} are there?" for noun in PLURALS.values()} | {cant_tell_question(rng).question for _ in range(500)}
    asked |= {question for question in CAPTION_QUESTIONS if "escribe" not in question} | {*NAME_QUESTIONS}
    assert len(asked) > 500
    assert [text for text in asked if match_command(text, tuple(languages()))] == []


@pytest.mark.parametrize("text", ["What's change?", "didn't catch that.", "Where's the camera pointing?", "Let's detail."])
def test_one_letter_that_whisper_got_wrong_does_not_matter_in_a_long_phrase(text: str) -> None:
    """As Whisper base heard "What's changed?" and others from the voice joe-medium."""
    assert match_command(text, ("en",)) is not None


@pytest.mark.parametrize("text", ["Flower.", "Powder.", "Step.", "Shop!", "What did you see?"])
def test_another_word_is_not_a_command_misheard(text: str) -> None:
    assert match_command(text, ("en", "es", "pt")) is None


def test_to_ask_for_a_description_is_a_command_to_describe() -> None:
    for text in (question for question in CAPTION_QUESTIONS if "escribe" in question):
        assert match_command(text, ("en",)) == Command("describe"), text
    assert [match_command(text, ("en",)) for text in MORE_QUESTIONS] == [Command("more")] * 2


def _told(command: Command | None) -> str:
    return "" if command is None else f"{command.kind} {command.argument}".strip()


SAME = tomllib.loads((folders.SUPPORT / "same_in_each_language.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", languages())
def test_the_usual_commands_are_understood_in_each_language_and_questions_are_left_alone(code: str) -> None:
    order = (code, *languages())
    assert [_told(match_command(text, order)) for text in SAME[code]["commands"]] == SAME["kinds"]
    assert [text for text in SAME[code]["questions"] if match_command(text, order)] == []


@pytest.mark.parametrize("text", ["What is this? Stop.", "What is in front of me? Please be quiet.", "¿Qué es esto? Para."])
def test_who_asks_and_then_says_stop_means_stop(text: str) -> None:
    assert match_command(text, ("en", "es")) == Command("stop")


@pytest.mark.parametrize("text", ["What is this? Louder.", "Where do the buses stop?", "Is that a stop. Sign?"])
def test_no_other_command_and_no_word_within_a_question_is_taken_for_it(text: str) -> None:
    assert match_command(text, ("en",)) is None
