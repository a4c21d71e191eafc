"""THE MAIN PATH: utterance -> question (understanding.py) -> look -> answer -> sentences.

Knows no device, no clock and no concrete engine; everything it needs is handed to it. The live loop, `ask` and `demo`
all answer through this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from assistant.answering.calibrated_answers import looked
from assistant.answering.doubting import for_translators, hedged
from assistant.answering.english_queries import english_query
from assistant.answering.model_answers import ModelInstrument
from assistant.answering.native_things import said_together, told_natively
from assistant.answering.presence import PresenceInstrument, shown_in_words, thresholds_of
from assistant.answering.question_parser import awaited_thing, parse_question
from assistant.answering.router import answer, examined, fittest, may_be_asked
from assistant.answering.translating import Translation, find_translator, tells_scenes, translate_faithfully, translate_scene
from assistant.answering.wording import Phrase, Quotation, words_of
from assistant.interfaces import Instrument, SceneDescriber, Transcriber, Translator
from assistant.languages import languages
from assistant.messages import Ask, Detail, Finding, Glance, Keyframe, PictureProblem, Question, Sentence, View
from assistant.settings import EarSettings
from assistant.understanding import ENGLISH, Understanding
from assistant.videos.queries import clean_query, what_is_seen
from assistant.videos.watch_events import EventWatcher
from assistant.videos.watch_things import SAID_EVENTS, THING_EVENTS, Looker, ThingWatcher


class Conversation(Understanding):
    """Turns what was heard into what is said."""

    def __init__(
        self,
        transcriber: Transcriber | None,
        describer: SceneDescriber,
        ears: EarSettings,
        language: str = ENGLISH,
        translators: Sequence[Translator] = (),
        instruments: Sequence[Instrument] = (),
        *,
        by_clause: bool = False,
        wake_word: str = "",
        always_english: bool = True,
    ) -> None:
        """Assemble a conversation.

        Args:
            transcriber: None where nothing is heard.
            describer: what looks and answers, in English.
            ears: how sure hearing must be.
            language: the user's, until another one is heard.
            translators: best ones first.
            instruments: what answers by measuring, before the describer is asked.
            by_clause: begin an answer with its first clause, for somebody who waits to hear it.
            wake_word: only what begins with it is meant for the assistant; "" = everything is.
            always_english: put every question into English, also those that are answered without, for whoever reads it.
        """
        needs_english = ModelInstrument(describer).needs_english
        super().__init__(transcriber, ears, language, translators, wake_word, needs_english, always_english)
        self._by_clause = by_clause
        self._instruments = instruments
        self._describer = describer

    def glance(
        self, keyframes: Sequence[Keyframe], detail: Detail = "brief", question: Question | None = None
    ) -> Glance | PictureProblem | None:
        """Return what can be described, for the model to look at only where a question needs it; else as `look`.

        With a `question` also what can't be described and yet answers it, such as a dark picture whether it is dark.
        """
        clear = [keyframe for keyframe in keyframes if may_be_asked(question.asks if question else (), keyframe.problem)]
        if not clear:
            return keyframes[-1].problem if keyframes else None
        return Glance(tuple(clear), detail)

    def look(self, keyframes: Sequence[Keyframe], detail: Detail = "brief") -> View | PictureProblem | None:
        """Look at what can be described, in brief unless there is time.

        Without any such picture: what is wrong with the newest, or None if there is none.
        """
        glance = self.glance(keyframes, detail)
        return looked(self._describer, glance) if isinstance(glance, View) else glance

    def prepare(self, view: View) -> Iterator[None]:
        """Do ahead what questions about these pictures are likely to need, step by step: stop when there is something better to do."""
        for instrument in self._instruments:
            yield from instrument.prepare(view)

    def answer(self, seen: View | PictureProblem | None, question: Question, detail: Detail = "brief") -> Iterator[Sentence]:
        """Yield the sentences of the answer as they are complete. A bad picture is named and nothing is described.

        A page that was read needs no picture: who has put it down may still hear its next line.
        """
        if question.is_on_page and not isinstance(seen, View):
            seen = View(())
        if not isinstance(seen, View):
            yield self._say(seen or "no_picture", question.turn, question.language)
            return
        yield from self.told(self.findings(seen, question, detail), question)

    def told(self, findings: Iterable[Finding], question: Question) -> Iterator[Sentence]:
        """Yield the words for what was found out about a question, as it comes; that nothing can be told if nothing comes."""
        in_english, said = False, set[str]()
        is_translated = question.language != ENGLISH and tells_scenes(self._translators, question.language)
        for finding in chain.from_iterable(map(for_translators, findings)) if is_translated else findings:
            sentence = self._worded(finding, question)
            is_read = finding.kind in ("reading", "translation")
            if sentence.text in said and not is_read:
                continue  # two questions in one breath may show the same
            if sentence.language != question.language and not is_read:
                if native := self._natively(finding, question):
                    yield native
                if not in_english:
                    in_english = True
                    yield self._say("english_follows", question.turn, question.language)
            said.add(sentence.text)
            yield sentence
        if not said:
            yield self._say("no_answer", question.turn, question.language)

    def findings(self, view: View, question: Question, detail: Detail = "normal") -> Iterator[Finding]:
        """Yield what is found out about a question, to be `told` in as many languages as are wanted."""
        by_clause = self._by_clause and question.language == ENGLISH  # only whole sentences can be translated
        describer = self._describer
        model = ModelInstrument(describer, by_clause=by_clause, instruments=self._instruments)
        instruments = (*self._instruments, PresenceInstrument(describer), model)
        for ask in question.asks or parse_question(question.text, question.language, question.english_text):
            yield from answer(instruments, view, ask, thresholds_of(describer), detail)

    def _worded(self, finding: Finding, question: Question) -> Sentence:
        """In the language of the question, or in English where nothing can translate it faithfully."""
        thresholds, turn = thresholds_of(self._describer), question.turn
        words = words_of(finding, thresholds, question.language)
        if isinstance(words, Quotation):
            target = (finding.thing or question.language) if finding.kind == "translation" else words.language
            told = self._translated(words.text, words.language, target)
            return Sentence(told.text, told.language, turn, finding=finding)
        if isinstance(words, Phrase):
            text, code = words.said(question.language)
            english = words_of(finding, thresholds, ENGLISH)
            in_english = english.said(ENGLISH)[0] if isinstance(english, Phrase) else ""
            return Sentence(text, code, turn, "" if code == ENGLISH else in_english, finding)
        told = translate_scene(self._translators, words, question.language) if question.language != ENGLISH else Translation(words, ENGLISH)
        return Sentence(told.text, told.language, turn, "" if told.language == ENGLISH else words, finding)

    def _natively(self, finding: Finding, question: Question) -> Sentence | None:
        """What an English sentence names, in the question's language; nothing where none of it has a name there."""
        told = told_natively(hedged(finding), question.language) if finding.kind == "text" and question.language in languages() else []
        if not told:
            return None
        text, code = said_together(told, question.language)
        return Sentence(text, code, question.turn, said_together(told_natively(hedged(finding), ENGLISH), ENGLISH)[0], finding)

    def _translated(self, text: str, source: str, target: str) -> Translation:
        """In the target language, or as it is where nothing can translate it faithfully."""
        translator = find_translator(self._translators, source, target)
        return translate_faithfully(translator, text, source, target) if translator else Translation(text, source)

    def measured(self, view: View, ask: Ask) -> Finding | None:
        """Return the first thing that the fittest instrument finds; None where none finds anything. The vision model isn't asked."""
        return next(examined(self._instruments, view, ask), None)

    def watcher(self, event: str, language: str) -> EventWatcher | ThingWatcher:
        """Return what looks for an event that the user described in this language.

        Raises BadInput where nothing can put it into English, in which the model looks for what isn't an instrument's.
        """
        if looker := self.looker(event, language):
            settings = THING_EVENTS if looker.is_measured else SAID_EVENTS
            return ThingWatcher(looker.probability, settings, is_measured=looker.is_measured)
        return EventWatcher(self._describer, english_query(event, language, self._translators))

    def looker(self, wanted: str, language: str) -> Looker | None:
        """Return what tells of each picture by itself whether it shows what the user described: an instrument where that is a thing
        coming into sight, else the word of a model that only answers. None where a model tells likelihoods, which are to be compared.

        Raises BadInput likewise.
        """
        english, describer = english_query(wanted, language, self._translators), self._describer
        own, translated = awaited_thing(wanted, language), awaited_thing(english, ENGLISH)
        thing = Ask("is_there", own, language=language) if own else Ask("is_there", translated, language=ENGLISH)
        if thing.thing and fittest(self._instruments, thing):

            def probability(keyframe: Keyframe) -> float:
                found = self.measured(View((keyframe,)), thing)
                return found.probability if found else 0.0

            return Looker(probability, is_measured=True)
        if describer.scorer is None:
            seen = what_is_seen(clean_query(english))
            return Looker(lambda keyframe: shown_in_words(describer, describer.look([keyframe]), seen), is_measured=False)
        return None

    def forget(self) -> None:
        """Drop what was asked about last, and free the model's memory, which holds what it has looked at."""
        self._last_thing = None
        self.unload()

    def reset(self, language: str) -> None:
        """Begin anew with somebody else, in this language: nothing of the last user's is left. The model stays loaded."""
        self._last_thing = None
        self._choice = self._new_choice(language)
        self._over_voice = self._new_over_voice()
        self._describer.forget()
        for instrument in self._instruments:
            instrument.forget()

    def unload(self) -> None:
        """Free the memory of the model and the instruments until they are asked again."""
        self._describer.unload()
        for instrument in self._instruments:
            instrument.forget()
