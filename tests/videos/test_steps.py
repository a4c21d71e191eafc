"""What a user hears of an instruction video: its steps in order, with times, and the step that a question asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from assistant import assembly
from assistant.command_line import main
from assistant.commands.media import read_through
from assistant.commands.media_reader import MediaReader, Stop
from assistant.commands.steps import _Moment, _moments, _shown, answer_from_steps, told_step
from assistant.languages import languages
from assistant.messages import Frame, Keyframe, Picture, TextLine
from assistant.settings import Settings
from assistant.store.model_store import ModelStore
from assistant.videos.step_questions import StepQuestion, parse_step_question
from assistant.videos.step_scenes import Said, Scene
from assistant.videos.steps import Step, steps_of
from tests.support.howto_videos import FRESH, Speak, write_how_to
from tests.support.instruction_videos import VIDEOS, piper, write_instruction_video


def said(*parts: tuple[float, float, str], language: str = "en") -> list[Said]:
    return [Said(start_s, end_s, text, language) for start_s, end_s, text in parts]


def told(steps: list[Step]) -> list[str]:
    return [f"{step.number} {step.start_s:.0f}: {step.text}" for step in steps]


def test_numbered_slides_are_the_steps_and_what_comes_before_them_is_the_introduction() -> None:
    scenes = [Scene(0, 4, "Omelette"), Scene(4, 10, "1. Crack\n4 eggs"), Scene(10, 16, "2. Whisk"), Scene(16, 20, "Enjoy!")]
    spoken = said((0.2, 3, "Hello."), (4.3, 9, "Crack four eggs."), (10.2, 15, "Then whisk them."), (16.5, 19, "Enjoy your meal."))
    assert told(steps_of(scenes, spoken, 20)) == [
        "0 0: Hello.",
        "1 4: Crack four eggs.",
        "2 10: Then whisk them. Enjoy your meal.",
    ]


def test_words_for_the_next_step_begin_one_where_nothing_is_shown() -> None:
    spoken = said((1, 9, "First mix the flour. Add water, not too much. Then knead it."), (12, 15, "Finally bake it."))
    assert told(steps_of([Scene(0, 16)], spoken, 16)) == [
        "1 1: First mix the flour. Add water, not too much.",
        "2 7: Then knead it.",
        "3 12: Finally bake it.",
    ]


def test_a_slide_and_the_words_over_it_are_one_step() -> None:
    scenes = [Scene(0, 5, "Fill the pot"), Scene(5, 9, "Every day")]
    spoken = said((0.4, 4, "First take some soil."), (5.8, 8, "Then give it water."))
    assert told(steps_of(scenes, spoken, 9)) == ["1 0: Fill the pot. First take some soil.", "2 5: Every day. Then give it water."]


def test_what_stands_in_every_scene_is_no_title() -> None:
    """The name of a channel, a clock, a menu bar. Before, all was one step with that name."""
    shown = ["Ana cooks\nCrack the eggs\n4 eggs", "Ana cooks\nWhisk them\nwith salt", "Ana cooks\nHeat the pan"]
    scenes = [Scene(5 * n, 5 * n + 5, text) for n, text in enumerate(shown)]
    expected = ["1 0: Crack the eggs", "2 5: Whisk them", "3 10: Heat the pan"]
    assert told(steps_of(scenes, [], 15)) == expected
    spoken = said((0.5, 4, "Four eggs."), (5.5, 9, "And salt."), (10.5, 14, "Not too hot."))
    assert [step.title for step in steps_of(scenes, spoken, 15)] == ["Crack the eggs", "Whisk them", "Heat the pan"]
    alone = [Scene(5 * n, 5 * n + 5, "Ana cooks") for n in range(3)]
    assert told(steps_of(alone, [], 15)) == ["1 0: Ana cooks"]


def test_in_a_silent_film_a_step_is_called_by_what_is_new() -> None:
    """A window over another one, as in a recording of a screen; what was read before, cut off, isn't new. Numbers are."""
    shown = ["Settings\nAll Settings\nNetwork", "Settings\nAll Setti\nUse this network?\nYes", "Settings\nAll Settings\nNetwork\nConnected"]
    scenes = [Scene(5 * n, 5 * n + 5, text) for n, text in enumerate(shown)]
    assert [step.title for step in steps_of(scenes, [], 15)] == ["All Settings", "Use this network?", "Network"]
    numbered = [Scene(0, 5, "Step 1\nCrack"), Scene(5, 10, "Step 2\nWhisk")]
    assert told(steps_of(numbered, [], 10)) == ["1 0: Crack", "2 5: Whisk"]


def test_slides_of_one_layout_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Four lines at the same places were taken for the page that had been read already."""
    recipe, shop = (["Crack", "four", "eggs", "today"], ["Clean", "five", "pots", "first"])
    pictures = [np.full((90, 160, 3), shade, np.uint8) for shade in (40, 200)]
    monkeypatch.setattr(assembly, "open_text_reader", lambda store: Slides({40: recipe, 200: shop}))
    moments = [_Moment(float(n), Keyframe(Frame(picture, float(n)), "change")) for n, picture in enumerate(pictures)]
    assert _shown(moments, ModelStore(tmp_path), Stop(), quiet=True) == ["\n".join(recipe), "\n".join(shop)]


class Slides:
    """Reads four lines at the same places, by the shade of a picture."""

    def __init__(self, texts: dict[int, list[str]]) -> None:
        self._texts = texts

    def find(self, picture: Picture) -> list[TextLine]:
        return [replace(line, text="", probability=0.0) for line in self._lines(picture)]

    def read(self, picture: Picture, lines: Sequence[TextLine] | None = None) -> Iterator[TextLine]:
        yield from self._lines(picture)

    def unload(self) -> None:
        pass

    def _lines(self, picture: Picture) -> list[TextLine]:
        return [
            TextLine(text, 0.99, ((0.1, top), (0.6, top), (0.6, top + 0.1), (0.1, top + 0.1)), (0.99,) * len(text))
            for top, text in zip((0.1, 0.3, 0.5, 0.7), self._texts[int(picture[0, 0, 0])], strict=True)
        ]


def test_slides_without_a_voice_and_pictures_without_words_are_steps_too() -> None:
    assert told(steps_of([Scene(0, 5, "1) Open the lid"), Scene(5, 9, "2) Press start")], [], 9)) == [
        "1 0: Open the lid",
        "2 5: Press start",
    ]
    assert told(steps_of([Scene(0, 5, seen="A bowl."), Scene(5, 9, seen="A pan.")], [], 9)) == ["1 0: A bowl.", "2 5: A pan."]
    assert steps_of([], [], 0.0) == []


EGGS = steps_of(
    [Scene(0, 5, "1. Crack"), Scene(5, 9, "2. Whisk"), Scene(9, 14, "3. Heat")],
    said((0, 4, "Crack four eggs."), (5.1, 8, "Whisk them with milk."), (9.1, 12, "Heat the butter in a pan.")),
    14,
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What comes after the eggs?", "Step 2, at 5 seconds: Whisk them with milk."),
        ("And what do I do after step 2?", "Step 3, at 9 seconds: Heat the butter in a pan."),
        ("What comes before the butter?", "Step 2, at 5 seconds: Whisk them with milk."),
        ("When do I add the milk?", "Step 2, at 5 seconds: Whisk them with milk."),
        ("What is the third step?", "Step 3, at 9 seconds: Heat the butter in a pan."),
        ("Read step one.", "Step 1, at 0 seconds: Crack four eggs."),
        ("How many steps are there?", "3 steps."),
        ("What comes after the butter?", "That was the last step."),
        ("What comes before the eggs?", "Before that there is no step."),
        ("What comes after the flour?", "I find no such step."),
        ("What is step nine?", "I find no such step."),
        ("How long do I heat the butter?", "The video doesn't tell that."),
        ("What do I need?", "The video doesn't tell that."),
    ],
)
def test_a_question_about_the_steps_is_answered_from_them(question: str, answer: str) -> None:
    asked = parse_step_question(question, "en")
    assert asked is not None
    assert [sentence.text for sentence in answer_from_steps(EGGS, asked, "en")] == [answer]


@pytest.mark.parametrize(
    "question", ["What is this?", "How many people are there?", "Is there a dog?", "What is on the table?", "Read it."]
)
def test_other_questions_are_none_about_steps(question: str) -> None:
    assert parse_step_question(question, "en") is None


AFTER = {
    "de": "Was kommt nach den Eiern?", "es": "¿Qué viene después de los huevos?", "pt": "O que vem depois dos ovos?",
    "fr": "Qu'est-ce qu'il y a après les œufs ?", "it": "Che cosa viene dopo le uova?", "nl": "Wat komt er na de eieren?",
    "pl": "Co jest po jajkach?", "ru": "Что идёт после яиц?", "uk": "Що йде після яєць?", "tr": "Yumurtadan sonra ne var?",
    "ar": "ماذا بعد البيض؟", "hi": "अंडे के बाद क्या है?", "zh": "鸡蛋之后是什么？", "ja": "卵の次は何ですか？", "ko": "달걀 다음은 뭐예요?",
    "cs": "Co je po vejcích?",
    "vi": "Sau trứng là gì?", "id": "Apa yang dilakukan setelah telur?",
}  # fmt: skip
COUNT = {
    "de": "Wie viele Schritte gibt es?", "es": "¿Cuántos pasos hay?", "pt": "Quantos passos há?", "fr": "Combien d'étapes y a-t-il ?",
    "it": "Quanti passi ci sono?", "nl": "Hoeveel stappen zijn er?", "pl": "Ile jest kroków?", "ru": "Сколько шагов?",
    "uk": "Скільки кроків?", "tr": "Kaç adım var?", "ar": "كم خطوة هناك؟", "hi": "कितने चरण हैं?", "zh": "有几个步骤？",
    "cs": "Kolik je kroků?",
    "ja": "ステップはいくつありますか？", "ko": "몇 단계예요?", "vi": "Có bao nhiêu bước?", "id": "Ada berapa langkah?",
}  # fmt: skip


NEED = {
    "de": "Was brauche ich dafür?", "es": "¿Qué necesito?", "pt": "De que preciso?", "fr": "De quoi ai-je besoin ?",
    "it": "Di che cosa ho bisogno?", "nl": "Wat heb ik nodig?", "pl": "Co jest potrzebne?", "ru": "Что мне нужно?",
    "uk": "Що мені потрібно?", "tr": "Ne lazım?", "ar": "ماذا أحتاج؟", "hi": "मुझे क्या चाहिए?", "zh": "我需要什么？",
    "ja": "何が必要ですか？", "ko": "뭐가 필요해요?", "cs": "Co potřebuji?", "vi": "Tôi cần những gì?", "id": "Apa saja yang dibutuhkan?",
}  # fmt: skip
HOW_LONG = {
    "de": "Wie lange muss es backen?", "es": "¿Cuánto tiempo hay que hornear?", "pt": "Quanto tempo devo assar?",
    "fr": "Combien de temps faut-il cuire ?", "it": "Quanto tempo devo cuocere?", "nl": "Hoe lang moet het bakken?",
    "pl": "Jak długo trzeba piec?", "ru": "Сколько времени нужно печь?", "uk": "Скільки часу треба пекти?", "tr": "Kaç dakika pişer?",
    "ar": "كم دقيقة أخبز؟", "hi": "कितनी देर पकाना है?", "zh": "要烤多久？", "ja": "何分焼きますか？", "ko": "몇 분 구워요?",
    "cs": "Jak dlouho se to peče?", "vi": "Nướng bao lâu?", "id": "Berapa lama harus dipanggang?",
}  # fmt: skip
YOU_NEED_AND_WAIT = {
    "en": ("You will need two eggs.", "Wait five minutes."), "de": ("Ihr braucht zwei Eier.", "Fünf Minuten warten."),
    "es": ("Necesitas dos huevos.", "Espera cinco minutos."), "pt": ("Precisa de dois ovos.", "Espere cinco minutos."),
    "fr": ("Il vous faut deux œufs.", "Attendez cinq minutes."), "it": ("Vi servono due uova.", "Aspettate cinque minuti."),
    "nl": ("Je hebt twee eieren nodig.", "Wacht vijf minuten."), "pl": ("Potrzebujemy dwóch jajek.", "Czekaj pięć minut."),
    "ru": ("Нам понадобятся два яйца.", "Подождите пять минут."), "uk": ("Нам знадобляться два яйця.", "Зачекайте п'ять хвилин."),
    "tr": ("İki yumurta gerekiyor.", "Beş dakika bekleyin."), "ar": ("نحتاج بيضتين.", "انتظر خمس دقائق."),
    "hi": ("दो अंडे चाहिए।", "पाँच मिनट रुकिए।"), "zh": ("我们需要两个鸡蛋。", "等五分钟。"), "ja": ("卵が二つ必要です。", "5分間待ちます。"),
    "ko": ("달걀 두 개가 필요해요.", "5분 기다려요."), "cs": ("Potřebujeme dvě vejce.", "Počkejte pět minut."),
    "vi": ("Bạn cần hai quả trứng.", "Chờ năm phút."), "id": ("Anda membutuhkan dua telur.", "Tunggu lima menit."),
}  # fmt: skip


@pytest.mark.parametrize("code", NEED)
def test_every_language_asks_what_is_needed_and_how_long_it_takes(code: str) -> None:
    assert parse_step_question(NEED[code], code) == StepQuestion("need")
    lasting = parse_step_question(HOW_LONG[code], code)
    assert lasting is not None and lasting.intent == "how_long" and lasting.thing


@pytest.mark.parametrize("code", YOU_NEED_AND_WAIT)
def test_every_language_tells_what_is_needed_and_how_long_it_takes(code: str) -> None:
    needed, waiting = YOU_NEED_AND_WAIT[code]
    steps = steps_of([Scene(0, 5, "1. Start"), Scene(5, 9, "2. Then")], said((0, 4, needed), (5.1, 8, waiting), language=code), 9)
    assert needed in answer_from_steps(steps, StepQuestion("need"), code)[0].text
    last = waiting.rstrip(".。।").split()[-1 if code in ("de", "tr", "hi", "ko") else 0]
    assert waiting in answer_from_steps(steps, StepQuestion("how_long", waiting if code in ("zh", "ja") else last), code)[0].text


def test_a_greeting_is_no_step_and_words_that_only_seem_to_begin_one_begin_none() -> None:
    spoken = said(
        (0, 3, "Hello, today we bake bread."), (4, 7, "First mix it."), (8, 12, "Then again, wait."), (13, 15, "And then bake it.")
    )
    assert told(steps_of([Scene(0, 16)], spoken, 16)) == [
        "0 0: Hello, today we bake bread.",
        "1 4: First mix it. Then again, wait.",
        "2 13: And then bake it.",
    ]


def test_without_words_for_steps_one_begins_with_what_is_said_as_the_picture_changes() -> None:
    scenes = [Scene(0, 5, "ANA"), Scene(5, 6, "ANA", is_new=False), Scene(6, 10, "ANA"), Scene(10, 15, "ANA")]
    spoken = said((0, 4, "Boil the water."), (5, 9, "Put in the tea."), (9.6, 11, "Take it out."), (11.5, 14, "It is hot."))
    assert told(steps_of(scenes, spoken, 15)) == ["1 0: Boil the water.", "2 5: Put in the tea.", "3 10: Take it out. It is hot."]


def test_a_clock_is_no_title_and_a_number_alone_takes_the_next_line() -> None:
    scenes = [Scene(0, 5, "12:01:04\n1/2\nOpen it"), Scene(5, 9, "12:01:09\n2/2\nClose it")]
    assert told(steps_of(scenes, [], 9)) == ["1 0: Open it", "2 5: Close it"]


def test_what_is_needed_is_told_from_a_card_and_a_card_is_no_step() -> None:
    scenes = [Scene(0, 4, "You need\n4 eggs\nsome milk"), Scene(4, 8, "Whisk them"), Scene(8, 12, "Heat the pan")]
    steps = steps_of(scenes, said((4.5, 7, "Not too long."), (8.5, 11, "Slowly.")), 12)
    assert [step.number for step in steps] == [0, 1, 2]
    assert answer_from_steps(steps, StepQuestion("need"), "en")[0].text == "At 0 seconds: You need: 4 eggs, some milk."


def test_slides_of_a_silent_film_are_read_though_only_letters_change(tmp_path: Path) -> None:
    """A menu that never moved was one step, with the name of the bar."""
    path, never = tmp_path / "router.mp4", cast(Speak, None)
    begins_s = write_how_to(path, FRESH["router"], never)
    media = read_through(MediaReader(str(path), Settings(), Stop(), quiet=True), 32)
    moments = _moments(str(path), Settings(), media, [], Stop(), quiet=True)
    for begin_s in begins_s:
        assert any(begin_s <= moment.start_s <= begin_s + 2 for moment in moments)
    assert len(moments) <= len(begins_s) + 2  # what stands still is read once


@pytest.mark.parametrize("code", AFTER)
def test_every_language_asks_about_steps_and_tells_them(code: str) -> None:
    after, count = parse_step_question(AFTER[code], code), parse_step_question(COUNT[code], code)
    assert after is not None and after.intent == "after" and after.thing
    assert count == StepQuestion("count")
    assert told_step(EGGS[1], code).text.endswith("Whisk them with milk.")
    assert languages()[code].steps["cues"]


def test_a_thing_is_found_under_its_name_in_the_language_of_the_video() -> None:
    asked = parse_step_question("Was kommt nach der Butter?", "de")
    assert asked is not None
    assert [sentence.text for sentence in answer_from_steps(EGGS, asked, "de")] == ["Das war der letzte Schritt."]


@pytest.mark.models
@pytest.mark.slow
def test_a_video_is_heard_read_and_asked(tmp_path: Path, models_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begins_s = write_instruction_video(tmp_path / "eggs.mp4", VIDEOS["eggs"], piper())

    def run(*arguments: str) -> dict[str, Any]:
        assert main([*arguments, "--json"]) == 0
        return dict(json.loads(capsys.readouterr().out))

    intro, *steps = run("describe", str(tmp_path / "eggs.mp4"), "--steps")["steps"]
    assert intro["number"] == 0
    assert [step["number"] for step in steps] == [1, 2, 3, 4]
    assert [step["start_s"] for step in steps] == pytest.approx(begins_s[1:], abs=1.0)
    for step, word in zip(steps, ("bowl", "milk", "butter", "toast"), strict=True):
        assert word in step["text"]
    assert "milk" in run("ask", str(tmp_path / "eggs.mp4"), "What comes after the eggs?")["answer"]
