"""Names of things: what is called how in which language, what is a kind of what, and what is told with which article."""

from __future__ import annotations

import csv
import re
import time
from collections import defaultdict

import pytest

from assistant.languages import languages
from assistant.languages.nouns import (
    GENDERS,
    LANGUAGES,
    Noun,
    ancestors,
    find_noun,
    labels_to_nouns,
    name,
    nouns,
    nouns_by_label,
    one_of,
    sayable,
)
from tests.support.folders import PROJECT

EVERYDAY = [noun for noun in nouns().values() if noun.checked == LANGUAGES]
"""Nouns whose names were checked in every language."""
LETTERS = {
    "ru": "\u0400-\u04ff",
    "uk": "\u0400-\u04ff",
    "ar": "\u0600-\u06ff",
    "hi": "\u0900-\u097f\u200c\u200d",
    "zh": "\u3400-\u9fff",
    "ko": "\uac00-\ud7a3",
}
ARTICLES = {
    "en": "a an the",
    "es": "un una unos unas el la los las",
    "pt": "um uma uns umas o a os as",
    "fr": "un une des le la les",
    "de": "ein eine der die das",
    "it": "un uno una il lo la i gli le",
    "nl": "een de het",
}
AMBIGUOUS = {
    "en": ["button", "cap", "cover", "dish", "glass", "handle", "mouse", "mug", "paper", "plaster", "scooter", "trolley", "weapon", "wood"],
    "es": ["bote", "botón", "calzado", "gallina", "mango", "orilla", "pañuelo", "puzle", "ratón", "valla", "zapatilla"],
    "pt": ["bolsa", "botão", "caneca", "lenço", "quarto", "raquete", "vaso de planta"],
    "fr": ["bois", "bouton", "bureau", "chambre", "glace", "mug", "pièce", "portable", "poule", "puzzle", "souris", "verre"],
    "cs": ["kolo", "krabice"],
    "de": ["becher", "decke", "glas", "henne", "karton", "maus", "mütze", "pflaster", "puzzle", "rad", "salat", "schiff", "see", "sessel"],
    "it": ["borsa", "gallina", "puzzle", "strada"],
    "nl": ["beker", "glas", "hek", "jas", "mok", "muis", "pak", "pleister"],
    "pl": ["kubek", "kura", "plaster"],
    "ru": ["дерево", "кружка", "курица", "пазл", "пакет", "пластырь", "рука", "салат", "шапка"],
    "uk": ["будинок", "взуття", "дерево", "курка", "кухоль", "лист", "пазл", "пластир", "рука", "салат"],
    "tr": ["bulmaca", "fare", "kapı", "kupa", "merdiven", "yapboz", "çubuk"],
    "ar": ["أحذية", "حمام", "زر", "زهرة"],
    "hi": ["आदमी", "कोट", "टोपी", "डिब्बा", "दीवार घड़ी", "पटरी", "पेटी", "मुर्गी", "सड़क", "सीढ़ी"],
    "zh": ["创可贴", "台阶", "母鸡", "烟", "红酒"],
    "ja": ["あし", "くも", "さく", "はな", "ふね", "タイヤ", "マグカップ", "木", "笛"],
    "ko": ["강아지", "나무", "눈", "다리", "반창고", "배", "손잡이", "차", "톱", "화분"],
    "vi": ["băng", "chậu cây"],
    "id": ["tangga"],
}
"""Names that two everyday things share: a button of a coat and one to press, Japanese words that sound alike."""
each_language = pytest.mark.parametrize("language", LANGUAGES)


def known(english: str) -> Noun:
    noun = find_noun(english, "en")
    assert noun, english
    return noun


def test_every_language_of_the_assistant_has_names() -> None:
    assert set(LANGUAGES) == set(languages())


@pytest.mark.parametrize(
    ("english", "names"),
    [
        ("dog", "perro cão chien Hund cane hond pies собака собака köpek كلب कुत्ता 狗 いぬ 개 chó anjing pes"),
        ("cat", "gato gato chat Katze gatto kat kot кошка кіт kedi قطة बिल्ली 猫 ねこ 고양이 mèo kucing kočka"),
        ("cup", "taza xícara tasse Tasse tazza kop filiżanka чашка чашка fincan كوب प्याला 杯子 カップ 컵 tách cangkir šálek"),
        ("chair", "silla cadeira chaise Stuhl sedia stoel krzesło стул стілець sandalye كرسي कुर्सी 椅子 いす 의자 ghế kursi židle"),
        ("person", "persona pessoa personne Person persona persoon osoba человек людина kişi شخص व्यक्ति 人 ひと 사람 người orang člověk"),
        ("car", "coche carro voiture Auto macchina auto samochód машина автомобіль araba سيارة कार 汽车 くるま 자동차 ô_tô mobil auto"),
        ("door", "puerta porta porte Tür porta deur drzwi дверь двері kapı باب दरवाज़ा 门 ドア 문 cửa_ra_vào pintu dveře"),
    ],
)
def test_everyday_things_are_called_what_people_call_them(english: str, names: str) -> None:
    said = [name(known(english), language, article=False) for language in LANGUAGES[1:]]
    assert said == [each.replace("_", " ") for each in names.split()]


@pytest.mark.parametrize(
    ("english", "language", "said"),
    [
        ("dog", "en", "a dog"),
        ("apple", "en", "an apple"),
        ("umbrella", "en", "an umbrella"),
        ("unicycle", "en", "a unicycle"),
        ("hourglass", "en", "an hourglass"),
        ("European gallinule", "en", "a European gallinule"),
        ("scissors", "en", "scissors"),
        ("water", "en", "water"),
        ("dog", "de", "ein Hund"),
        ("cat", "de", "eine Katze"),
        ("knife", "de", "ein Messer"),
        ("water", "de", "Wasser"),
        ("cat", "es", "un gato"),
        ("hand", "es", "una mano"),
        ("eagle", "es", "un águila"),
        ("scissors", "es", "unas tijeras"),
        ("Egyptian cat", "es", "un gato egipcio"),
        ("dog", "pt", "um cão"),
        ("hand", "pt", "uma mão"),
        ("glasses", "pt", "uns óculos"),
        ("cat", "fr", "un chat"),
        ("car", "fr", "une voiture"),
        ("scissors", "fr", "des ciseaux"),
        ("water", "fr", "de l'eau"),
        ("milk", "fr", "du lait"),
        ("meat", "fr", "de la viande"),
        ("dog", "it", "un cane"),
        ("backpack", "it", "uno zaino"),
        ("mirror", "it", "uno specchio"),
        ("orange", "it", "un'arancia"),
        ("trousers", "it", "dei pantaloni"),
        ("glasses", "it", "degli occhiali"),
        ("scissors", "it", "delle forbici"),
        ("dog", "nl", "een hond"),
        ("water", "nl", "water"),
        ("dog", "pl", "pies"),
    ],
)
def test_a_name_has_its_indefinite_article(english: str, language: str, said: str) -> None:
    assert name(known(english), language) == said


@each_language
@pytest.mark.parametrize("collection", ["coco", "grocery", "clothing", "doors"])
def test_what_an_instrument_can_see_has_a_name_everywhere(collection: str, language: str) -> None:
    assert [noun.synset for noun in nouns_by_label(collection).values() if not name(noun, language)] == []


def test_all_labels_of_the_collections_are_known() -> None:
    assert {collection: len(nouns_by_label(collection)) for collection in ("coco", "grocery", "clothing", "doors")} == {
        "coco": 80,
        "grocery": 98,
        "clothing": 17,
        "doors": 4,
    }


@each_language
def test_names_are_written_in_the_languages_letters(language: str) -> None:
    letters = LETTERS.get(language)
    for noun in nouns().values():
        for text in (known.text for known in noun.names(language)):
            assert not re.search(r"[\d/()\[\]{}<>|]", text), text
            assert not re.search(r"\b(m|f|n|c|pl|u)$", text), "a mark was taken for a part of the name"
            if letters and (language in noun.checked) and not re.fullmatch(r"T恤衫?", text):
                assert re.fullmatch(rf"[{letters} '’·-]+", text), text


@each_language
def test_no_name_begins_with_an_article(language: str) -> None:
    articles = set(ARTICLES.get(language, "").split())
    names = [known.text for noun in EVERYDAY for known in noun.names(language)]
    assert [text for text in names if " " in text and text.split()[0] in articles] == []


def test_japanese_names_are_said_in_kana() -> None:
    """eSpeak can't read kanji."""
    assert [said for noun in EVERYDAY if not re.fullmatch("[\u3040-\u30ff ]+", said := noun.names("ja")[0].text)] == []


def test_german_nouns_have_capitals() -> None:
    names = [known.text for noun in EVERYDAY for known in noun.names("de")]
    assert [text for text in names if not re.search(r"[A-ZÄÖÜ]", text)] == ["jemand"]


@pytest.mark.parametrize("language", ["es", "pt", "fr", "de", "it", "nl"])
def test_every_name_to_say_has_a_gender_where_articles_need_one(language: str) -> None:
    said = [noun.names(language)[0] for noun in EVERYDAY]
    assert [known.text for known in said if known.gender not in GENDERS and known.number != "pl"] == []
    if language != "nl":  # no other language here has a common gender, and only German has neuter
        assert [known.text for known in said if known.gender == "c" or known.gender == "n" and language != "de"] == []


@each_language
def test_no_two_everyday_things_share_a_name_but_for_those_that_do(language: str) -> None:
    owners = defaultdict[str, set[str]](set)
    for noun in EVERYDAY:
        for each in noun.names(language):
            owners[each.text.casefold()].add(noun.synset)
    assert sorted(text for text, synsets in owners.items() if len(synsets) > 1) == AMBIGUOUS[language]


@pytest.mark.parametrize(
    ("text", "language", "english"),
    [
        ("the dogs", "en", "dog"),
        ("Knives", "en", "knife"),
        ("wine glasses", "en", "wine glass"),
        ("people", "en", "person"),
        ("hotdog", "en", "hot dog"),
        ("eine Katze", "de", "cat"),
        ("KATZEN", "de", "cat"),
        ("Bücher", "de", "book"),
        ("Apfel", "de", "apple"),
        ("gatos", "es", "cat"),
        ("semaforos", "es", "traffic light"),
        ("unas tijeras", "es", "scissors"),
        ("osos de peluche", "es", "teddy bear"),
        ("cães", "pt", "dog"),
        ("l'eau", "fr", "water"),
        ("des vélos", "fr", "bicycle"),
        ("chevaux", "fr", "horse"),
        ("cani", "it", "dog"),
        ("le macchine", "it", "car"),
        ("de fietsen", "nl", "bicycle"),
        ("katten", "nl", "cat"),
        ("psa", "pl", "dog"),
        ("кошку", "ru", "cat"),
        ("книгу", "ru", "book"),
        ("arabalar", "tr", "car"),
        ("السيارة", "ar", "car"),
        ("كلاب", "ar", "dog"),
        ("कुत्ते", "hi", "dog"),
        ("一只猫", "zh", "cat"),
        ("红绿灯", "zh", "traffic light"),
        ("犬", "ja", "dog"),
        ("信号", "ja", "traffic light"),
        ("의자를", "ko", "chair"),
        ("con chó", "vi", "dog"),
        ("dưa", "vi", "melon"),
        ("dứa", "vi", "pineapple"),
        ("mobil-mobil", "id", "car"),
    ],
)
def test_a_noun_is_found_by_any_of_its_names_and_forms(text: str, language: str, english: str) -> None:
    assert find_noun(text, language) == known(english)


@pytest.mark.parametrize(
    ("text", "language"), [("", "en"), ("the", "en"), ("qwertz", "en"), ("artifact", "en"), ("Hund", "en"), ("?", "ja"), ("一", "zh")]
)
def test_what_names_nothing_is_not_found(text: str, language: str) -> None:
    assert find_noun(text, language) is None


@pytest.mark.parametrize(
    ("things", "one"),
    [("boxes", "box"), ("mugs", "mug"), ("box", None), ("bus", None), ("scissors", None), ("glasses", None), ("men", None), ("wugs", None)],
)
def test_several_things_are_told_by_the_name_of_one(things: str, one: str | None) -> None:
    assert one_of(things, "en") == one


@each_language
def test_every_everyday_name_finds_its_noun(language: str) -> None:
    shared = set(AMBIGUOUS[language])
    names = [(noun, each.text) for noun in EVERYDAY for each in noun.names(language) if each.text.casefold() not in shared]
    assert [text for noun, text in names if find_noun(text, language) != noun] == []


def test_every_label_of_the_encoders_head_is_a_noun() -> None:
    labels = (PROJECT / "models" / "starter" / "seen_labels.txt").read_text(encoding="utf-8").splitlines()
    heads = labels_to_nouns()
    assert len(heads) == len(labels) == 1000
    assert [name(heads[place], "en") for place in (281, 207, 968)] == ["a tabby cat", "a golden retriever", "a cup"]


@each_language
def test_every_label_of_the_encoders_head_can_be_told(language: str) -> None:
    assert [noun.synset for noun in labels_to_nouns() if sayable(noun, language) is None] == []


@pytest.mark.parametrize(
    ("label", "language", "told"),
    [
        ("redbone", "en", "redbone"),
        ("redbone", "pt", "cão"),
        ("redbone", "zh", "狗"),
        ("junco", "es", "pájaro"),
        ("hognose snake", "de", "Schlange"),
        ("can opener", "fr", "ouvre-boîte"),
        ("rain barrel", "it", "contenitore"),
        ("minibus", "es", "autobús"),
    ],
)
def test_an_unknown_name_gives_way_to_the_kind_above(label: str, language: str, told: str) -> None:
    above = sayable(known(label), language)
    assert above and name(above, language, article=False) == told


def test_ancestors_go_from_the_nearest_to_the_root() -> None:
    kinds = [each.synset for each in ancestors(known("beagle"))]
    assert kinds.index(known("dog").synset) < kinds.index(known("animal").synset) < kinds.index("00001740")
    assert not nouns()["00001740"].sayable, "an entity is something that I can't name"
    said = [each.names("en")[0].text for each in ancestors(known("beagle")) if each.sayable]
    assert said == ["dog", "animal"]


def test_the_tree_has_one_root_and_no_rings() -> None:
    roots = [noun.synset for noun in nouns().values() if not noun.parents]
    assert roots == ["00001740"]
    assert all(noun not in ancestors(noun) for noun in nouns().values())


def test_the_checked_names_are_those_of_the_correction_files() -> None:
    """Corrections win; `python -m models.training.build_nouns` puts them into the table."""
    for language in LANGUAGES:
        path = PROJECT / "models" / "training" / "nouns" / f"{language}.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = {row["synset"]: row["names"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
        column = LANGUAGES.index(language)
        assert {noun.synset: noun.cells.split("\t")[column] for noun in nouns().values() if language in noun.checked} == rows


def test_the_table_is_read_in_thirty_milliseconds() -> None:
    spent = []
    for _ in range(5):
        nouns.cache_clear()
        began = time.process_time()
        nouns()
        spent.append(time.process_time() - began)
    assert min(spent) < 0.03
