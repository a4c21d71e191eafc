"""What a user hears in answer to what was said and seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.conversation import Conversation
from assistant.languages import phrase
from assistant.messages import (
    AnswerThresholds,
    Command,
    Finding,
    Frame,
    Keyframe,
    NotUnderstood,
    PictureProblem,
    Question,
    Sentence,
    Transcript,
    Utterance,
)
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedDescriber, ScriptedTranscriber

HELLO = Utterance(np.ones(16000, np.float32), 16000, 0.0, 1.0, turn=3)


def utterance(start_s: float) -> Utterance:
    return Utterance(np.ones(16000, np.float32), 16000, start_s, start_s + 1)


def keyframe(time_s: float = 0.0, problem: PictureProblem | None = None) -> Keyframe:
    return Keyframe(Frame(np.zeros((4, 4, 3), np.uint8), time_s), "change", problem=problem)


def heard(text: str, language: str = "en", probability: float = 0.9, english: str = "", confidence: float = 0.9) -> Transcript:
    return Transcript(text, language, probability, english or text, confidence)


def conversation(*transcripts: Transcript, answers: tuple[str, ...] = ("A cat. It sleeps.",), pictures: int = 4) -> Conversation:
    return Conversation(ScriptedTranscriber(list(transcripts)), ScriptedDescriber(answers, pictures), EarSettings())


def said(sentences: list[Sentence]) -> list[tuple[str, str]]:
    return [(sentence.text, sentence.language) for sentence in sentences]


def test_a_spoken_question_becomes_a_question_of_its_turn() -> None:
    asked = conversation(heard("O que é isto?", "pt", english="What is this?")).understand(HELLO)
    assert asked == Question("O que é isto?", "pt", "What is this?", turn=3)


def test_what_was_heard_unsurely_is_told_in_the_answer_and_what_was_heard_surely_is_answered_shortly() -> None:
    unsure = conversation(heard("Is there a dog?", confidence=0.6)).understand(HELLO)
    assert isinstance(unsure, Question) and unsure.asks[0].in_full
    sure = conversation(heard("Is there a dog?", confidence=0.9)).understand(HELLO)
    assert isinstance(sure, Question) and not sure.asks[0].in_full


def test_silence_is_answered_and_never_becomes_a_question() -> None:
    asked = conversation(heard("", "", 0.0)).understand(HELLO)
    assert isinstance(asked, Sentence) and asked.text == phrase("no_speech", "en")[0]


def test_an_unsure_language_or_unsure_words_ask_to_say_it_again_in_the_last_language() -> None:
    talk = conversation(heard("O que é isto?", "pt"), heard("Was ist?", "de", probability=0.2), heard("mumble", "pt", confidence=0.1))
    assert isinstance(talk.understand(utterance(0)), Question)
    for start_s in (2, 4):
        assert said([talk.understand(utterance(start_s))]) == [phrase("say_again", "pt")]  # type: ignore[list-item]


def test_an_odd_guess_at_the_language_is_heard_again_in_that_of_the_conversation_and_a_second_one_is_believed() -> None:
    first, again = heard("Wat is dat?", "nl", 0.7), heard("What is that?", "en", 1.0)
    talk = conversation(first, again, heard("Wat is dat?", "nl", 0.7, english="What is that?"))
    assert talk.understand(utterance(0)) == Question("What is that?", "en", "What is that?")
    assert talk.understand(utterance(2)) == Question("Wat is dat?", "nl", "What is that?")
    assert talk.language == "nl"


def test_a_command_is_understood_however_unlikely_its_language_is() -> None:
    asked = conversation(heard("Stop.", "nl", probability=0.2)).understand(HELLO)
    assert asked == Question("Stop.", "en", "Stop.", turn=3, command=Command("stop"))


def test_a_command_in_words_of_another_language_is_answered_in_it_if_that_is_sure() -> None:
    talk = conversation(heard("Descreva a imagem.", "pt", 0.95, english="Describe the picture."))
    assert talk.understand(HELLO) == Question("Descreva a imagem.", "pt", "Describe the picture.", 3, Command("describe"))
    assert talk.language == "pt"


def test_a_command_in_words_of_another_language_is_obeyed_even_if_that_is_unsure() -> None:
    """It was asked of the model as a question: only the conversation's words and English were tried in the end."""
    talk = conversation(heard("Otra vez.", "es", 0.5, english="Once more."))
    assert talk.understand(HELLO) == Question("Otra vez.", "en", "Once more.", 3, Command("repeat"))


def test_with_a_wake_word_only_what_follows_it_is_asked() -> None:
    transcripts = [heard("What is this?"), heard("Computer, what is this?"), heard("mumble", confidence=0.1), heard("Computer, stop.")]
    talk = Conversation(ScriptedTranscriber(transcripts), ScriptedDescriber(["x."]), EarSettings(), wake_word="computer")
    asked = [talk.understand_addressed(utterance(start_s)) for start_s in (0, 2, 4, 6)]
    stop = Question("stop.", "en", "stop.", command=Command("stop"))
    assert asked == [None, Question("what is this?", "en", "what is this?"), None, stop]


class Swapping:
    """A translator of one pair that puts "EN" before everything."""

    pairs = frozenset({("pt", "en"), ("de", "en")})

    def translate(self, sentence: str, source: str, target: str) -> str:
        return f"EN {sentence}"


def test_english_is_made_by_what_makes_it_better_in_that_language() -> None:
    transcriber = ScriptedTranscriber([heard("O que é isto?", "pt", english="whisper's"), heard("Was ist das?", "de", english="whisper's")])
    talk = Conversation(transcriber, ScriptedDescriber(["x."]), EarSettings(), translators=[Swapping()])
    assert talk.understand(utterance(0)) == Question("O que é isto?", "pt", "EN O que é isto?")
    assert talk.understand(utterance(2)) == Question("Was ist das?", "de", "whisper's")


def test_a_language_that_the_user_names_is_spoken_at_once() -> None:
    talk = conversation(heard("mumble", "en", probability=0.1), heard("resmungo", "pt", 1.0, confidence=0.1))
    talk.language = "pt"
    assert said([talk.understand(HELLO)]) == [phrase("say_again", "pt")]  # type: ignore[list-item]


def test_the_language_that_the_user_chose_is_heard_even_where_the_recogniser_does_not_notice_it() -> None:
    transcripts = [heard("What it does?", "en", probability=0.2), heard("Wat is dat?", "nl", 1.0, english="What is that?")]
    talk = Conversation(ScriptedTranscriber(transcripts), ScriptedDescriber(["x."]), EarSettings(), "nl")
    assert talk.understand(HELLO) == Question("Wat is dat?", "nl", "What is that?", turn=3)


def test_the_answer_comes_sentence_by_sentence() -> None:
    talk = conversation()
    answer = talk.answer(talk.look([keyframe()]), Question("What is this?", "en", "What is this?", 7))
    assert next(answer) == Sentence("A cat.", "en", 7)
    assert next(answer) == Sentence("It sleeps.", "en", 7)


def unsure_in_english(text: str, english: str) -> Transcript:
    """German of which the words are sure, and what they are in English isn't."""
    return Transcript(text, "de", 0.95, english, 0.9, english_confidence=0.1)


def test_a_question_that_is_answered_without_english_needs_none() -> None:
    """Of forty sentences of an Italian's voice ten were asked for again, for nothing but a doubtful translation."""
    asked = conversation(unsure_in_english("Welche Farbe hat das?", "What farbe has it?")).understand(HELLO)
    assert isinstance(asked, Question) and asked.asks[0].intent == "colour"
    assert isinstance(conversation(unsure_in_english("Gibt es hier einen Hund?", "")).understand(HELLO), Question)


def test_a_question_for_the_model_needs_english_that_is_sure() -> None:
    free = "Was macht der Mann mit dem Hut?"
    assert isinstance(conversation(unsure_in_english(free, "What makes he?")).understand(HELLO), NotUnderstood)
    assert isinstance(conversation(unsure_in_english(free, "")).understand(HELLO), NotUnderstood)
    assert isinstance(conversation(heard(free, "de", english="What is the man doing?")).understand(HELLO), Question)


def test_where_somebody_waits_only_what_the_model_is_asked_is_put_into_english() -> None:
    def wanted(text: str, *, always: bool = False) -> bool:
        hears = WantsEnglish(heard(text, "de", english="in English"))
        Conversation(hears, ScriptedDescriber([]), EarSettings(), always_english=always).understand(HELLO)
        return hears.wanted

    texts = ("Welche Farbe hat das?", "Stopp.", "Kann ich jetzt über die Straße gehen?", "Was ist das?", "Was macht der Mann?")
    assert [wanted(text) for text in texts] == [False, False, False, False, True]
    assert wanted(texts[0], always=True)


class WantsEnglish(ScriptedTranscriber):
    """Notes whether its English was wanted."""

    wanted = False

    def __init__(self, transcript: Transcript) -> None:
        super().__init__([transcript])
        self._transcript = transcript

    def transcribe(self, *args: Any, wants_english: Callable[[str, str], bool] | None = None, **given: Any) -> Transcript:
        self.wanted = wants_english is None or wants_english(self._transcript.text, self._transcript.language)
        return super().transcribe(*args, **given)


def test_a_foreign_question_is_told_that_the_description_is_in_english() -> None:
    talk = conversation()
    answer = list(talk.answer(talk.look([keyframe()]), Question("O que é isto?", "pt", "What is this?")))
    assert said(answer) == [("Vejo: um gato.", "pt"), phrase("english_follows", "pt"), ("A cat.", "en"), ("It sleeps.", "en")]
    assert [sentence.english for sentence in answer[:2]] == ["I see a cat.", phrase("english_follows", "en")[0]]


def test_what_may_not_be_so_is_hedged_in_every_language() -> None:
    """Where nothing translates it, the things behind the hedge were told natively as if they were certain."""
    doubted = Finding("text", "A cat sits on a bed.", 0.5, "model", doubts=frozenset(["bed"]))
    asked = Question("O que é isto?", "pt", "What is this?")
    assert said(list(conversation().told([doubted], asked))) == [
        ("Vejo: um gato. Acho que vejo isto: uma cama.", "pt"),
        phrase("english_follows", "pt"),
        ("A cat sits. Perhaps on a bed.", "en"),
    ]
    talk = Conversation(None, ScriptedDescriber([]), EarSettings(), translators=[Capitals()])
    assert said(list(talk.told([doubted], asked))) == [("A CAT SITS.", "pt"), ("I THINK: A CAT SITS ON A BED.", "pt")]


def test_a_bad_picture_is_named_and_nothing_is_described() -> None:
    describer = ScriptedDescriber(["never said"])
    talk = Conversation(None, describer, EarSettings())
    for problem in ("covered", "dark", "overexposed", "blank", "blurred", "frozen"):
        answer = list(talk.answer(talk.look([keyframe(problem=problem)]), Question("?", "es", "?")))
        assert said(answer) == [phrase(problem, "es")]
    assert describer.looks == [] and describer.questions == []


def test_without_any_picture_the_user_is_told_so() -> None:
    talk = conversation()
    assert said(list(talk.answer(talk.look([]), Question("?", "en", "?")))) == [phrase("no_picture", "en")]


def test_only_clear_pictures_are_looked_at_and_no_more_than_the_model_takes() -> None:
    describer = ScriptedDescriber(["x."], max_pictures=2)
    Conversation(None, describer, EarSettings()).look([keyframe(0), keyframe(1), keyframe(2, "blurred"), keyframe(3)])
    assert [k.frame.time_s for k in describer.looks[0]] == [1, 3]


def test_it_looks_briefly_unless_more_detail_is_asked_for() -> None:
    describer = ScriptedDescriber(["x."])
    talk = Conversation(None, describer, EarSettings())
    talk.look([keyframe()])
    talk.look([keyframe()], "full")
    assert describer.details == ["brief", "full"]


def test_it_never_says_that_it_is_safe_to_go() -> None:
    talk = conversation(answers=("A street with two cars.",))
    for question in ("Is it safe to cross the street?", "Can I go now?", "Is this dangerous?"):
        first = next(talk.answer(talk.look([keyframe()]), Question(question, "en", question)))
        assert first.text == phrase("cant_judge_safety", "en")[0]


def test_a_model_that_says_nothing_is_not_silence() -> None:
    talk = conversation(answers=("",))
    assert said(list(talk.answer(talk.look([keyframe()]), Question("?", "en", "?")))) == [phrase("cant_tell_that", "en")]


def test_a_question_that_asks_for_leave_never_reaches_the_model() -> None:
    """It once did, and the starter answered "Is it safe to cross?" with a bare "No."; another picture would have got a "Yes."."""
    describer = ScriptedDescriber(["A street."])
    talk = Conversation(None, describer, EarSettings())
    answer = list(talk.answer(talk.look([keyframe()]), Question("Is it safe to cross?", "en", "Is it safe to cross?")))
    assert describer.questions == [SCENE_QUESTION]
    assert said(answer) == [phrase("cant_judge_safety", "en"), ("A street.", "en")]


class Capitals:
    """A translator that shouts; it loses numbers."""

    pairs = frozenset({("en", "pt")})

    def translate(self, sentence: str, source: str, target: str) -> str:
        return re.sub(r"\d", "", sentence.upper())


def test_the_answer_is_translated_and_yes_and_no_are_said_as_natives_do() -> None:
    presence = {("Is there a cat?", "Yes"): 0.0, ("Is it true that there is no cat?", "Yes"): -4.0}
    describer = ScriptedDescriber(["A cat.", "Yes."], thresholds=AnswerThresholds(), likelihoods=presence)
    talk = Conversation(None, describer, EarSettings(), translators=[Capitals()])
    question = Question("O que é isto?", "pt", "What is this?", 1)
    view = talk.look([keyframe()])
    assert list(talk.answer(view, question)) == [Sentence("A CAT.", "pt", 1, "A cat.")]
    assert said(list(talk.answer(view, Question("É um gato?", "pt", "Is it a cat?")))) == [("Sim.", "pt")]


def test_what_fits_no_question_is_not_answered_yes_or_no_in_any_language() -> None:
    talk = Conversation(None, ScriptedDescriber(["Yes."]), EarSettings())
    answer = talk.answer(talk.look([keyframe()]), Question("Começa a falar.", "pt", "Start talking, please."))
    assert [text for text, _ in said(list(answer))][-1] == phrase("cant_tell_that", "pt")[0]


def test_what_was_asked_about_before_is_meant_by_it() -> None:
    presence = {("Is there a cat?", "Yes"): 0.0, ("Is it true that there is no cat?", "Yes"): -4.0}
    talk = Conversation(None, ScriptedDescriber(["Red."], thresholds=AnswerThresholds(), likelihoods=presence), EarSettings())
    view = talk.look([keyframe()])
    assert view is not None
    assert said(list(talk.answer(view, talk.written("Is there a cat?", "en")))) == [phrase("yes", "en")]
    follow_up = list(talk.answer(view, talk.written("And what colour is it?", "en")))
    assert [text for text, _ in said(follow_up)] == ["I see a cat.", phrase("cant_tell_colour", "en")[0]]
    assert [sentence.finding.kind for sentence in follow_up if sentence.finding] == ["seen", "refusal"]


def test_it_is_what_was_pointed_at_since_and_keeps_its_name_in_another_language() -> None:
    talk = Conversation(None, ScriptedDescriber(["A cat."]), EarSettings())
    talk.written("Where is the cup?", "en")
    [german] = talk.written("Und welche Farbe hat das?", "de").asks
    assert (german.thing.lower(), german.language) == ("tasse", "de")
    talk.written("What is this?", "en")
    [after] = talk.written("What colour is it?", "en").asks
    assert after.thing != "cup"


def test_what_was_asked_about_before_is_forgotten_when_the_user_says_so() -> None:
    talk = conversation()
    talk.written("Is there a cat?", "en")
    assert talk.written("And what colour is it?", "en").asks[0].thing == "cat"
    talk.forget()
    assert talk.written("And what colour is it?", "en").asks[0].thing == ""


def test_what_cant_be_translated_faithfully_is_told_in_english_after_a_word_of_warning() -> None:
    talk = Conversation(None, ScriptedDescriber(["Bus 42. A cat."]), EarSettings(), translators=[Capitals()])
    answer = list(talk.answer(talk.look([keyframe()]), Question("O que é isto?", "pt", "What is this?", 1)))
    assert said(answer) == [("Vejo: um ônibus.", "pt"), phrase("english_follows", "pt"), ("Bus 42.", "en"), ("A CAT.", "pt")]


def test_a_command_is_understood_however_unsure_the_recogniser_is_of_the_language() -> None:
    asked = conversation(heard("Stop.", "de", probability=0.2, confidence=0.2)).understand(HELLO)
    assert isinstance(asked, Question)
    assert asked.command == Command("stop")


def test_a_question_that_needs_no_look_of_the_model_takes_none() -> None:
    describer = ScriptedDescriber(["A cat."])
    talk = Conversation(None, describer, EarSettings())
    shown = talk.glance([keyframe()], "full")
    assert said(list(talk.answer(shown, talk.written("What time is it?", "en")))) == [phrase("not_about_picture", "en")]
    assert describer.looks == []
    assert said(list(talk.answer(shown, talk.written("What is this?", "en")))) == [("A cat.", "en")]
    assert describer.details == ["full"]


def test_the_language_that_was_named_is_answered_in_even_after_a_clear_question_in_another() -> None:
    talk = conversation(heard("What is this?"), heard("What is that?"))
    talk.language = "es"
    first, second = talk.understand(utterance(0)), talk.understand(utterance(2))
    assert (first.language, second.language) == ("es", "en")
    assert isinstance(first, Question) and first.heard_in == "en"


def test_a_command_is_understood_in_the_languages_spoken_so_far() -> None:
    """ "O que mudou?" after a Spanish question was taken for a Spanish question."""
    talk = conversation(heard("Onde estou?", "pt"), heard("¿Qué es esto?", "es"), heard("O que mudou?", "es", 0.6))
    for start_s in (0, 2):
        talk.understand(utterance(start_s))
    asked = talk.understand(utterance(4))
    assert isinstance(asked, Question) and asked.command == Command("what_changed", language="pt")


def test_what_was_not_understood_is_asked_for_in_the_language_it_was_most_likely_in() -> None:
    talk = conversation(heard("¿Qué ay?", "es", 0.7, confidence=0.3), heard("Kay eye?", "en", 1.0, confidence=0.1))
    asked = talk.understand(HELLO)
    assert (asked.text, asked.language) == phrase("say_again", "es")
    assert isinstance(asked, NotUnderstood) and asked.heard == "¿Qué ay?"


def test_what_the_recogniser_dropped_of_two_languages_is_told_too() -> None:
    """It hears one language and leaves out what is said in the other."""
    shares = np.repeat(np.array([1, 0, 1], np.float32), [40, 12, 40])
    both = Utterance(np.ones(512 * 92, np.float32), 16000, 0.0, 92 * 0.032, 5, shares)
    english, spanish = heard("What is this?"), heard("¿Dónde estoy?", "es", english="Where am I?")
    talk = conversation(english, english, spanish)
    first = talk.understand(both)
    assert isinstance(first, Question) and first.text == "What is this?"
    rest = list(talk.understand_rest(both, first.text))
    assert [(each.text, each.language, each.turn) for each in rest if isinstance(each, Question)] == [("¿Dónde estoy?", "es", 5)]
