"""THE MAIN PATH, first half: utterance -> text -> question. Knows no device, no clock and no concrete engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from assistant.answering.commands import match_command
from assistant.answering.commands_by_sound import match_stop_by_sound
from assistant.answering.english_questions import in_question_order, spelled_as_question
from assistant.answering.question_parser import asks_about_safety, get_ready, is_unfinished, parse_question, still_about, with_thing
from assistant.answering.translating import find_translator, translate_faithfully
from assistant.answering.wake_word import after_wake_word
from assistant.hearing.language_choice import LanguageChoice
from assistant.hearing.over_voice import OverVoice
from assistant.hearing.own_voice import is_own_voice
from assistant.hearing.two_languages import is_in, is_sure, parts_if_dropped
from assistant.interfaces import Transcriber, Translator
from assistant.languages import languages, phrase
from assistant.messages import READING_COMMANDS, Ask, Command, Intent, NotUnderstood, Question, Sentence, Transcript, Utterance
from assistant.settings import EarSettings

ENGLISH = "en"
SURELY_HEARD = 0.85
"""Confidence below which the answer tells what was understood: "I see a dog." for "Yes.". Of questions in noise and among voices that were
heard with 0.65 to 0.7 26 % were right, with 0.8 to 0.85 86 %, with more 95 %; in quiet 17 of 20 are heard with more."""
MOST_LOST_WORDS = 2
"""Words over its voice that are no known question and no command: more likely misheard than something to be asked of the model."""
SURE_OVER_VOICE = 0.6
"""Confidence in such words from which they are asked of the model although there may be an echo in them."""


def reading_ask(command: Command, text: str) -> Ask | None:
    """Return the question that a command such as "read it" is; None for commands that are to be obeyed."""
    if command.kind not in READING_COMMANDS:
        return None
    return Ask(cast(Intent, command.kind), command.argument, text=text, english=text, language=command.language or ENGLISH)


class Understanding:
    """Turns what was heard, or written, into a question, and remembers in which language and about what."""

    def __init__(
        self,
        transcriber: Transcriber | None,
        ears: EarSettings,
        language: str,
        translators: Sequence[Translator],
        wake_word: str,
        needs_english: Callable[[Ask], bool],
        always_english: bool,
    ) -> None:
        """Take what `Conversation` takes, and what tells whether an ask is answered from its English words."""
        self._needs_english = needs_english
        self._always_english = always_english
        self._last_thing: Ask | None = None
        """The last question that was about a thing."""
        self._wake_word = wake_word
        self._transcriber = transcriber
        self._ears = ears
        self._translators = translators
        self._over_voice = self._new_over_voice()
        self._choice = self._new_choice(language)

    @property
    def language(self) -> str:
        """Return the language of the last question understood, in which is also said that one wasn't. Set it when the user names one."""
        return self._choice.language

    @language.setter
    def language(self, code: str) -> None:
        self._choice.tell(code)

    def _new_over_voice(self) -> OverVoice:
        return OverVoice(self._hear, lambda heard: self._meant(heard, True)[1] is not None, self._ears.speech_threshold)

    def _new_choice(self, language: str) -> LanguageChoice:
        choice = LanguageChoice(language, self._ears.language_floor)
        if language != ENGLISH and not self._ears.greet_languages:
            choice.tell(language)  # its user chose it, while English is also what nobody chose, and a kiosk's is its operator's choice
        return choice

    def understand(self, utterance: Utterance, language: str | None = None) -> Question | Sentence:
        """Return the question in an utterance, or the sentence that says why there is none. The language is detected if not given."""
        understood = self.understand_addressed(utterance, language) or self._say("no_speech", utterance.turn)
        if isinstance(understood, Question) and understood.is_unfinished and not understood.command:
            return self.ask_again(understood)
        return understood

    def _is_lost(self, utterance: Utterance, heard: Transcript, asks: Sequence[Ask]) -> bool:
        """Whether what was heard over the assistant's voice is more likely misheard than a question to the model."""
        if not utterance.is_over_voice or not asks or any(ask.intent != "free" for ask in asks):
            return False
        return len(heard.text.split()) <= MOST_LOST_WORDS or (utterance.echoed is not None and heard.confidence < SURE_OVER_VOICE)

    def ask_again(self, question: Question) -> NotUnderstood:
        """Return what is said of a question that only begins."""
        return self._not_understood("say_again", question.turn, question.language, question.text)

    def understand_addressed(self, utterance: Utterance, language: str | None = None) -> Question | NotUnderstood | None:
        """Return the question in an utterance, the sentence that says why there is none, or None if it wasn't meant for the assistant.

        Only a wake word tells what isn't. The language is detected if not given.
        """
        heard = self._transcribe(utterance, language)
        if not heard.text:
            return self._no_question("no_speech", utterance.turn, self.language)
        text, command = self._meant(heard, utterance.is_over_voice)
        words = heard.text
        if language:
            self.language = language
        else:
            first, heard = heard, self._in_its_language(heard, utterance, command)
            if heard.text != first.text:
                text, command = self._meant(heard, utterance.is_over_voice)
        if text is None:
            return None
        # A command needs no sure words, for a short one is often heard with little confidence.
        if command is None and (not text or heard.confidence < self._ears.confidence_floor):
            return self._no_question("say_again", utterance.turn, self._answered_in(heard), words)
        english = heard.english if command else self._english(heard)
        if self._wake_word:
            english = after_wake_word(english, self._wake_word) or english
        asks = () if command else self._asks(text, heard.language, english, is_sure=heard.confidence >= SURELY_HEARD)
        is_english_unsure = not english or (english == heard.english and heard.english_confidence < self._ears.confidence_floor)
        if self._is_lost(utterance, heard, asks) or (is_english_unsure and any(map(self._needs_english, asks))):
            return self._no_question("say_again", utterance.turn, self._answered_in(heard), words)
        begins = is_unfinished(text, heard.language)
        return Question(text, self._answered_in(heard), english, utterance.turn, command, asks, begins, heard.language)

    def understand_rest(self, utterance: Utterance, text: str) -> Iterator[Question | NotUnderstood]:
        """Yield what is said in those parts of an utterance that the recogniser dropped: it hears one language and leaves out the other.

        `text`: what it heard. Nothing where it dropped nothing, and where only one language is listened for.
        """
        if self._transcriber is None or len(self._ears.languages) == 1 or self._wake_word or utterance.is_over_voice:
            return
        for _, heard in parts_if_dropped(utterance, text, self._transcriber, self._ears):
            if is_in(heard, text):
                continue
            if not is_sure(heard, self._ears):
                yield self._not_understood("say_again", utterance.turn, self.language, heard.text)
                continue
            _, command = self._meant(heard)
            english = heard.english if command else self._english(heard)
            asks = () if command else self._asks(heard.text, heard.language, english, is_sure=heard.confidence >= SURELY_HEARD)
            yield Question(heard.text, self._answered_in(heard), english, utterance.turn, command, asks, heard_in=heard.language)

    def get_ready(self, language: str | None = None) -> None:
        """Do once what the first question in a language would wait for; None: in the one that is spoken now."""
        get_ready(language or self.language)

    def has_words(self, utterance: Utterance) -> bool:
        """Tell whether something is said to the assistant in an utterance that may only be a cough or its own voice. From any thread."""
        heard = self._transcribe(utterance, None)
        text, command = self._meant(heard, utterance.is_over_voice)
        if command is None and is_own_voice(heard.text, utterance.said):
            return False
        return bool(command or (text and heard.confidence >= self._ears.confidence_floor))

    def written(self, text: str, language: str) -> Question:
        """Return a typed question, with its English where something translates it; else its English is the text itself."""
        translator = find_translator(self._translators, language, ENGLISH) if language != ENGLISH else None
        english = translate_faithfully(translator, text, language, ENGLISH).text if translator else text
        command = match_command(text, (language, ENGLISH))
        if command and (ask := reading_ask(command, text)):
            return Question(text, language, english, asks=(ask,))
        return Question(text, language, english, asks=self._asks(text, language, english))

    def _asks(self, text: str, language: str, english: str, *, is_sure: bool = True) -> tuple[Ask, ...]:
        """What is asked; "it" and the like are what was asked about last. What wasn't heard surely is answered in full."""
        asks = []
        for ask in parse_question(text, language, english):
            known = with_thing(ask, self._last_thing)
            asks.append(known if is_sure else replace(known, in_full=True))
            self._last_thing = still_about(known, self._last_thing)
        return tuple(asks)

    def _transcribe(self, utterance: Utterance, language: str | None) -> Transcript:
        is_doubtful = utterance.is_over_voice and language is None
        return self._over_voice.hear(utterance) if is_doubtful else self._hear(utterance, language)

    def _hear(self, utterance: Utterance, language: str | None = None) -> Transcript:
        assert self._transcriber is not None, "this conversation was assembled without ears"
        known = utterance.speech_probabilities
        wants = None if self._always_english else self._wants_english
        return self._transcriber.transcribe(
            utterance.samples, utterance.sample_rate_hz, language, speech_probabilities=known, wants_english=wants
        )

    def _wants_english(self, text: str, language: str) -> bool:
        """Whether what was heard is a question that is answered from its English words: they cost more time than the user's own."""
        said = after_wake_word(text, self._wake_word) if self._wake_word else text
        if not said or match_command(said, (self.language, ENGLISH, language, *self._choice.spoken)):
            return False
        return any(map(self._needs_english, parse_question(said, language)))

    def _meant(self, heard: Transcript, is_over_voice: bool = False) -> tuple[str | None, Command | None]:
        """What is said to the assistant (None: nothing, where a wake word is missing), and the command that it is, if it is one.

        Over its voice what sounds like "stop" is that.
        """
        text = after_wake_word(heard.text, self._wake_word) if self._wake_word else heard.text
        command = match_command(text or "", (self.language, ENGLISH, heard.language, *self._choice.spoken))
        if command is None and is_over_voice and all(ask.intent == "free" for ask in parse_question(text or "", heard.language)):
            command = match_stop_by_sound(text or "", (self.language, heard.language))
        if command and command.kind == "tell_when" and asks_about_safety(text or "", command.language):
            return text, None  # "Tell me when I can cross" is no event to wait for, but a question that is refused
        return text, command

    def _answered_in(self, heard: Transcript) -> str:
        """The language to answer in: the one that the user named, or that of what was heard."""
        return self.language if self._choice.is_told or not heard.text else heard.language

    def _no_question(self, key: str, turn: int, language: str, heard: str = "") -> NotUnderstood | None:
        """Why there is none; nothing where a wake word tells what is meant for the assistant."""
        return None if self._wake_word else self._not_understood(key, turn, language, heard)

    def _not_understood(self, key: str, turn: int, language: str, heard: str) -> NotUnderstood:
        said = self._say(key, turn, language)
        return NotUnderstood(said.text, said.language, turn, said.english, heard=heard)

    def _in_its_language(self, heard: Transcript, utterance: Utterance, command: Command | None) -> Transcript:
        """What was heard, in the language that it is taken for; without text where no language is likely enough.

        A command needs no likely language: its words tell more than a recogniser's guess at a single one. One that this
        conversation's language or English has says nothing about the user's.
        """
        if command and command.language in (self.language, ENGLISH):
            return replace(heard, language=self.language)
        chosen = self._choice.choose(heard.language, heard.language_probability, utterance.start_s)
        if command or chosen == heard.language:
            return replace(heard, language=self.language if command else heard.language)
        if chosen is None:
            return replace(heard, text="")
        again = self._transcribe(utterance, chosen)
        if heard.language_probability >= self._ears.language_floor and heard.confidence > again.confidence:
            return heard  # an odd guess whose words make more sense was none
        return again

    def _english(self, heard: Transcript) -> str:
        """By the recogniser or, where that was measured to be better, by a translator; "" where nobody needs it."""
        known = languages().get(heard.language)
        translator = find_translator(self._translators, heard.language, ENGLISH)
        if translator is None or known is None or known.english_by != "translator":
            return heard.english  # "" where nobody wanted it
        if not (self._always_english or self._wants_english(heard.text, heard.language)):
            return ""
        asked = spelled_as_question(heard.text, heard.language)
        translation = translate_faithfully(translator, asked, heard.language, ENGLISH)
        if translation.language == ENGLISH:
            return in_question_order(translation.text)
        return heard.english or translator.translate(asked, heard.language, ENGLISH)

    def _say(self, key: str, turn: int, language: str | None = None) -> Sentence:
        text, code = phrase(key, language or self.language)
        return Sentence(text, code, turn, "" if code == ENGLISH else phrase(key, ENGLISH)[0])
