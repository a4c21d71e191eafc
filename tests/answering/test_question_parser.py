"""What is asked is parsed once, in the user's own words: in every language what people say is understood as they mean it."""

from __future__ import annotations

import re
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.answering import templates
from assistant.answering.commands import match_command
from assistant.answering.question_grammar import beginnings_of, grammar_of
from assistant.answering.question_parser import MOST_ASKS, awaited_thing, is_unfinished, parse_question
from assistant.languages import languages
from assistant.languages.normalized import normalize
from assistant.languages.nouns import find_noun
from assistant.messages import LEFT, RIGHT
from tests.support import folders

ASKED: dict[str, dict[str, Any]] = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((folders.SUPPORT / "asked").glob("*.toml"))
}
AT_A_PLACE: dict[str, list[list[str]]] = tomllib.loads((folders.SUPPORT / "at_a_place.toml").read_text(encoding="utf-8"))
HOW_FAR: dict[str, list[list[str]]] = tomllib.loads((folders.SUPPORT / "how_far.toml").read_text(encoding="utf-8"))
WHICH_ONE: dict[str, list[str]] = tomllib.loads((folders.SUPPORT / "which_one.toml").read_text(encoding="utf-8"))
PARSED = [(code, intent) for code, table in ASKED.items() for intent in table if intent not in ("safety", "ordinary")]


def intents(text: str, language: str = "en", english: str = "") -> list[str]:
    return [ask.intent for ask in parse_question(text, language, english)]


@pytest.mark.parametrize("code", ASKED)
def test_the_first_question_of_a_language_compiles_few_of_its_templates(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them took a second or two of Python each, in which nothing could be played."""
    compile_, compiled = re.compile, list[str]()

    def counted(pattern: str) -> re.Pattern[str]:
        compiled.append(pattern)
        return compile_(pattern)

    monkeypatch.setattr(templates, "re", SimpleNamespace(**vars(re) | {"compile": counted}))
    for cache in (grammar_of, beginnings_of):
        cache.cache_clear()
    question = ASKED[code]["colour"][0][0]
    assert not is_unfinished(question, code) and intents(question, code) == ["colour"]
    assert 0 < len(compiled) < (len(grammar_of(code).patterns) + len(beginnings_of(code))) / 4


def test_every_language_is_tried() -> None:
    assert ASKED.keys() == AT_A_PLACE.keys() == HOW_FAR.keys() == WHICH_ONE.keys() == languages().keys()


@pytest.mark.parametrize("code", ASKED)
def test_whatever_asks_for_leave_or_for_a_danger_is_one_about_safety(code: str) -> None:
    assert len(ASKED[code]["safety"]) >= 40
    assert [sentence for sentence in ASKED[code]["safety"] if "safety" not in intents(sentence, code)] == []


@pytest.mark.parametrize("code", ASKED)
def test_what_only_sounds_like_it_is_not(code: str) -> None:
    assert len(ASKED[code]["ordinary"]) >= 10
    assert [sentence for sentence in ASKED[code]["ordinary"] if "safety" in intents(sentence, code)] == []


@pytest.mark.parametrize(("code", "intent"), PARSED)
def test_what_is_wanted_and_of_what_thing_is_understood(code: str, intent: str) -> None:
    rows = ASKED[code][intent]
    assert len(rows) >= 6
    parsed = {sentence: parse_question(sentence, code)[0] for sentence, _ in rows}
    assert {sentence: ask.intent for sentence, ask in parsed.items() if ask.intent != intent} == {}
    wrong = {
        sentence: parsed[sentence].thing for sentence, thing in rows if thing and normalize(parsed[sentence].thing) != normalize(thing)
    }
    assert wrong == {}


@pytest.mark.parametrize("code", WHICH_ONE)
def test_which_of_several_things_has_a_colour_is_not_about_safety(code: str) -> None:
    assert len(WHICH_ONE[code]) >= 6
    assert [sentence for sentence in WHICH_ONE[code] if "safety" in intents(sentence, code)] == []


@pytest.mark.parametrize("code", HOW_FAR)
def test_how_far_it_is_to_a_thing_asks_where_it_is(code: str) -> None:
    assert len(HOW_FAR[code]) >= 3
    for sentence, thing in HOW_FAR[code]:
        [ask] = parse_question(sentence, code)
        assert ask.intent == "where", sentence
        assert find_noun(ask.thing, code) == find_noun(thing, code) is not None, sentence


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How far is it to London from here?", "en"),
        ("Wie weit ist es bis nach Berlin?", "de"),
        ("¿Cuánto hay de aquí a Madrid?", "es"),
        ("Quelle distance jusqu'à Paris ?", "fr"),
        ("Quanto manca a Natale?", "it"),
        ("Jak daleko do Krakowa?", "pl"),
        ("Как далеко до Москвы?", "ru"),
        ("Berapa jauh ke Jakarta?", "id"),
    ],
)
def test_how_far_it_is_to_a_town_is_not_about_the_picture(text: str, language: str) -> None:
    assert intents(text, language) == ["not_about_the_picture"]


STILL_GOOD = {
    "en": ("Is it still good?", "Is it past its date?"),
    "es": ("¿Está caducado?", "¿Todavía está bueno?"),
    "pt": ("Está vencido?", "Ainda está bom?"),
    "fr": ("C'est périmé ?", "C'est encore bon ?"),
    "de": ("Ist das abgelaufen?", "Ist das noch gut?"),
    "it": ("È scaduto?", "È ancora buono?"),
    "nl": ("Is het over de datum?", "Is dit nog goed?"),
    "pl": ("Czy to jest przeterminowane?", "Czy to jest jeszcze dobre?"),
    "ru": ("Это просрочено?", "Срок годности не истёк?"),
    "uk": ("Це прострочене?", "Термін придатності ще не минув?"),
    "tr": ("Tarihi geçmiş mi?", "Bu hâlâ iyi mi?"),
    "ar": ("هل انتهت صلاحيته؟", "هل ما زال صالحا؟"),
    "hi": ("क्या यह एक्सपायर हो गया है?", "क्या यह अभी भी ठीक है?"),
    "zh": ("这个过期了吗？", "这个还能吃吗？"),
    "ja": ("賞味期限は切れていますか？", "これはまだ食べられますか？"),
    "ko": ("유통기한 지났어?", "이거 아직 괜찮아?"),
    "vi": ("Cái này hết hạn chưa?", "Cái này còn tốt không?"),
    "id": ("Apakah ini sudah kedaluwarsa?", "Ini masih bagus?"),
    "cs": ("Je to prošlé?", "Je to ještě dobré?"),
}


@pytest.mark.parametrize("code", STILL_GOOD)
def test_whether_it_is_still_good_is_about_safety_though_its_date_is_not(code: str) -> None:
    assert [text for text in STILL_GOOD[code] if "safety" not in intents(text, code)] == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What's the best-before date of this medicine?", "en"),
        ("What's the use-by date, and can I still eat it?", "en"),
        ("When does it expire? Is it still good?", "en"),
        ("Kannst du sehen, ob ich gehen kann, und das dann übersetzen?", "de"),
        ("Bunu yiyebilir miyim, son kullanma tarihi ne?", "tr"),
        ("Какой срок годности у этого лекарства?", "ru"),
    ],
)
def test_what_else_is_asked_beside_a_date_keeps_a_question_about_safety(text: str, language: str) -> None:
    assert "safety" in intents(text, language)


def test_what_stands_on_a_sign_is_text_and_what_stands_on_a_table_is_not() -> None:
    ask = parse_question("Was steht auf dem roten Schild?", "de")[0]
    assert (ask.intent, ask.thing) == ("read", "Schild")
    assert "read" not in intents("Was steht auf dem Tisch?", "de")


def test_several_questions_in_one_breath_are_several() -> None:
    assert intents("What is this? And what colour is it?") == ["what", "colour"]
    assert intents("What is this and is there a dog too?") == ["what", "is_there"]
    assert intents("Is there a dog? Is there a cat? Is there a bird? Is there a fish?") == ["is_there"] * MOST_ASKS
    assert intents("Is there salt and pepper?") == ["is_there"], "what isn't two questions is one"


@pytest.mark.parametrize(
    "text",
    [
        "What is this? What colour is it? Is there a dog? Is there a cat? Can I cross now?",
        "I was walking along here with my friend " * 10 + "and can I cross now?",
        "What is this? " * 40 + "Is it poisonous?",
    ],
)
def test_leave_that_is_asked_for_last_is_never_overheard(text: str) -> None:
    found = intents(text)
    assert "safety" in found and len(found) <= MOST_ASKS + 1
    assert "safety" in intents("Qu'est-ce que c'est ?", "fr", text), "nor in the translation"


def test_a_bad_translation_does_not_decide() -> None:
    ask = parse_question("¿Hay un perro?", "es", "There is a dear?")[0]
    assert (ask.intent, ask.thing, ask.language) == ("is_there", "perro", "es")


@pytest.mark.parametrize(
    ("sentence", "language", "thing"),
    [
        ("Wo ist die Schüssel?", "de", "Schüssel"),
        ("Có con chó không?", "vi", "chó"),
        ("杯子在哪里？", "zh", "杯子"),
        ("Is there a TV?", "en", "TV"),
    ],
)
def test_the_thing_is_told_back_in_the_users_own_letters(sentence: str, language: str, thing: str) -> None:
    assert parse_question(sentence, language)[0].thing == thing


def test_what_only_the_translation_tells_is_taken_from_it() -> None:
    ask = parse_question("Pokaż mi, proszę, czy gdzieś tu nie leży jakiś pies", "pl", "Is there a dog here?")[0]
    assert (ask.intent, ask.thing, ask.language) == ("is_there", "dog", "en")
    assert intents("xyzzy", "pl", "Can I cross the road now?") == ["safety"]


def test_absence_is_asked_for_the_other_way_round() -> None:
    assert parse_question("Is there no dog?", "en")[0].in_full
    assert not parse_question("Is there a dog?", "en")[0].in_full


@pytest.mark.parametrize("code", AT_A_PLACE)
def test_a_thing_at_a_place_is_looked_for_and_told_without_a_yes(code: str) -> None:
    """ "Is the dog on the sofa?" was refused as one about safety, "Ist der Hund auf dem Sofa?" answered "Ja." of a dog on the floor."""
    rows = AT_A_PLACE[code]
    assert len(rows) >= 4
    parsed = {sentence: parse_question(sentence, code)[0] for sentence, _ in rows}
    assert {sentence: (ask.intent, ask.in_full, ask.thing) for sentence, ask in parsed.items()} == {
        sentence: ("is_there", True, thing) for sentence, thing in rows
    }


def test_a_sentence_that_a_recogniser_ended_at_a_pause_goes_on_in_the_next() -> None:
    assert intents("Where is the? Cup?") == ["where"]
    assert intents("Is there? A dog in the picture?") == ["is_there"]
    assert len(intents("Who is? At the door.")) == 1
    assert intents("What color? Is the car?") == ["colour"]
    assert intents("How many people? Do you see?") == ["how_many"]
    assert intents("Is there a chair? Near the window?") == ["is_there"]
    assert intents("Wie viele? Leute siehst du?", "de") == ["how_many"]
    assert intents("Is there a dog? What colour is it?") == ["is_there", "colour"]
    assert intents("Is there a chair near the window? What colour is it?") == ["is_there", "colour"]
    assert intents("What is this? A book?")[0] == "what"


def test_a_state_of_a_device_stays_one_about_safety_wherever_it_stands() -> None:
    for text in ("Is the stove on?", "Is the stove on the left on?", "Is the pan on the stove hot?", "Is the iron on my table still on?"):
        assert intents(text) == ["safety"]


@pytest.mark.parametrize("text", ["", "?", "...", "a" * 5000, "and and and", "is there", "is there a?", "(((", "{thing}", "what " * 500])
def test_anything_at_all_is_parsed_to_something(text: str) -> None:
    assert intents(text)


@pytest.mark.parametrize(
    ("code", "told", "synset"),
    [
        ("en", "Tell me when a person appears", "00007846"),
        ("en", "Watch for a dog", "02084071"),
        ("de", "Sagen Sie mir, wenn jemand kommt", "00007846"),
        ("fr", "Dis-moi quand un chien apparaît", "02084071"),
        ("es", "Avísame cuando llegue el autobús", "02924116"),
        ("pt", "Me avise quando alguém chegar", "00007846"),
        ("it", "Dimmi quando c'è un cane", "02084071"),
        ("nl", "Zeg het me als er een hond komt", "02084071"),
        ("pl", "Powiedz mi, kiedy ktoś przyjdzie", "00007846"),
        ("cs", "Řekni mi, až někdo přijde", "00007846"),
        ("ru", "Скажи, когда кто-то придёт", "00007846"),
        ("uk", "Скажи мені, коли з'явиться собака", "02084071"),
        ("tr", "Biri gelince haber ver", "00007846"),
        ("ar", "أخبرني عندما يأتي شخص", "00007846"),
        ("hi", "जब कुत्ता आए तो बताओ", "02084071"),
        ("zh", "有人来的时候告诉我", "00007846"),
        ("ja", "人が来たら教えて", "00007846"),
        ("ko", "개가 나타나면 알려줘", "02084071"),
        ("vi", "Cho tôi biết khi có người đến", "00007846"),
        ("id", "Beri tahu saya kalau ada orang datang", "00007846"),
    ],
)
def test_what_is_awaited_is_known_where_it_only_comes_into_sight(code: str, told: str, synset: str) -> None:
    command = match_command(told, (code, "en"))
    assert command and command.kind == "tell_when"
    noun = find_noun(awaited_thing(command.argument, code), code)
    assert noun and noun.synset == synset


@pytest.mark.parametrize("event", ["a dog jumps", "the man sits down", "it rains", "somebody waves", "the light goes out"])
def test_what_happens_with_a_thing_is_more_than_that_it_is_there(event: str) -> None:
    assert awaited_thing(event, "en") == ""


@pytest.mark.parametrize(
    ("code", "on", "left", "right"),
    [
        ("en", "What is on the table?", "What is to my left?", "What's on my right?"),
        ("de", "Was liegt auf dem Tisch?", "Was ist links von mir?", "Was ist rechts?"),
        ("fr", "Qu'est-ce qu'il y a sur la table ?", "Qu'est-ce qu'il y a à ma gauche ?", "Qu'y a-t-il à droite ?"),
        ("es", "¿Qué hay sobre la mesa?", "¿Qué hay a mi izquierda?", "¿Qué hay a la derecha?"),
        ("pt", "O que está em cima da mesa?", "O que há à minha esquerda?", "O que tem à direita?"),
        ("it", "Che cosa c'è sul tavolo?", "Cosa c'è alla mia sinistra?", "Che cosa c'è a destra?"),
        ("nl", "Wat ligt er op de tafel?", "Wat is er links van mij?", "Wat staat er rechts?"),
        ("pl", "Co leży na stole?", "Co jest po mojej lewej stronie?", "Co jest po prawej?"),
        ("cs", "Co leží na stole?", "Co je po mé levé straně?", "Co je vpravo?"),
        ("ru", "Что лежит на столе?", "Что слева от меня?", "Что находится справа?"),
        ("uk", "Що лежить на дивані?", "Що ліворуч від мене?", "Що є праворуч?"),
        ("tr", "Masanın üstünde ne var?", "Solumda ne var?", "Sağda ne var?"),
        ("ar", "ماذا يوجد على الطاولة؟", "ماذا يوجد على يساري؟", "ماذا يوجد على اليمين؟"),
        ("hi", "मेज़ पर क्या है?", "मेरे बाईं ओर क्या है?", "दाईं ओर क्या है?"),
        ("zh", "桌子上有什么？", "我左边有什么？", "右边有什么？"),
        ("ja", "テーブルの上に何がありますか？", "左に何がありますか？", "右側に何がありますか？"),
        ("ko", "탁자 위에 뭐가 있어요?", "왼쪽에 뭐가 있어요?", "오른쪽에 뭐가 있나요?"),
        ("vi", "Có gì ở trên bàn?", "Bên trái tôi có gì?", "Có gì ở bên phải?"),
        ("id", "Apa yang ada di atas meja?", "Apa yang ada di sebelah kiri saya?", "Ada apa di kanan?"),
    ],
)
def test_what_is_on_a_thing_or_a_side_is_asked_in_every_language(code: str, on: str, left: str, right: str) -> None:
    asks = [parse_question(question, code)[0] for question in (on, left, right)]
    assert [ask.intent for ask in asks] == ["things"] * 3
    assert asks[0].thing not in ("", LEFT, RIGHT)
    assert [ask.thing for ask in asks[1:]] == [LEFT, RIGHT]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *[(text, "en") for text in ("Is there", "Is there?", "What is", "Where is", "Where is the", "Is there a", "How many")],
        *[("¿Hay?", "es"), ("Dónde están las", "es"), ("Há um", "pt"), ("Est-ce qu'il y a", "fr"), ("Où est", "fr"), ("Gibt es", "de")],
        *[("Wo ist der", "de"), ("C'è", "it"), ("Is er", "nl"), ("Waar is de", "nl"), ("Czy jest", "pl"), ("Gdzie jest", "pl")],
        *[("Есть ли", "ru"), ("Чи є", "uk"), ("أين", "ar"), ("هل هناك", "ar"), ("这是", "zh"), ("Di mana", "id"), ("Apakah ada", "id")],
    ],
)  # fmt: skip
def test_who_only_begins_a_question_hasnt_asked_one(text: str, language: str) -> None:
    assert is_unfinished(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *[(text, "en") for text in ("Is there a dog?", "Is there an armadillo?", "What is this?", "Where is it?", "Can I cross?", "")],
        *[("¿Dónde está?", "es"), ("Hay un perro", "es"), ("Wo ist der Hund?", "de"), ("Qu'est-ce que c'est ?", "fr")],
        ("这是什么？", "zh"),
        *[("これは何ですか", "ja"), ("Bu ne?", "tr"), ("यह क्या है?", "hi"), ("이게 뭐예요?", "ko"), ("Cái gì đây?", "vi")],
    ],
)  # fmt: skip
def test_who_has_asked_isnt_waited_for(text: str, language: str) -> None:
    assert not is_unfinished(text, language)


def test_what_only_a_translation_takes_for_a_question_of_yes_or_no_is_answered_in_full() -> None:
    """A "what" of which the translator made an "is there" was answered "Nein."."""
    assert parse_question("Was wohl da so liegt?", "de", "Is there a dog?")[0].in_full
    assert not parse_question("Gibt es einen Hund?", "de", "Is there a dog?")[0].in_full
