"""What the service does, without HTTP: each request gets a conversation of its own over engines that all share, and nothing is kept.

Used by one thread a lane: `answers` calls look, ask, find and read, `ears` transcribe, `voice` synthesize.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec.structs import replace

from assistant import assembly
from assistant.answering.answer_checks import SCENE_QUESTION
from assistant.answering.finding_data import finding_data
from assistant.answering.page_telling import sheet_of, sheet_sentences, sheets_data
from assistant.answering.router import PEOPLE
from assistant.answering.sentences import SentenceSplitter
from assistant.conversation import Conversation
from assistant.hearing.two_languages import hear_file
from assistant.interfaces import (
    Instrument,
    Microphone,
    SceneDescriber,
    SpeechSynthesizer,
    Transcriber,
    Translator,
    VoiceDetector,
)
from assistant.languages import languages, phrase
from assistant.messages import Ask, AudioChunk, Detail, Frame, Keyframe, Picture, Question, Sentence, Sound, Transcript, Utterance, View
from assistant.problems import BadInput, MissingModel
from assistant.reading.page import Page
from assistant.seeing.frame_quality import picture_problem
from assistant.seeing.keyframe_selector import select_keyframes
from assistant.settings import Settings
from assistant.speaking.speak import sound_of
from assistant.store.model_store import ModelStore

LISTENED_HZ = 16_000
PICTURE_EDGE = 4096
"""Pixels along an edge of a picture that is asked about: its text may be small."""


class Watched(Protocol):
    """Looks for one event."""

    def process(self, keyframe: Keyframe) -> object:
        """Return something once it begins to be seen, else None or False."""
        ...


@dataclass
class Engines:
    """All that a service needs of this machine; `open_engines` opens the real ones."""

    settings: Settings
    describer: SceneDescriber
    instruments: Callable[[SceneDescriber | None], list[Instrument]]
    """Makes a set that remembers nothing of another's."""
    transcriber: Transcriber
    detector: VoiceDetector
    voices: Sequence[SpeechSynthesizer]
    translators: Sequence[Translator] = ()
    read_page: Callable[[Picture], Page] | None = None
    """None where nothing that reads is fetched."""
    reads: frozenset[str] = frozenset()
    """Codes of the languages of which it knows all letters."""
    new_detector: Callable[[], VoiceDetector] = assembly.open_voice_detector
    """Opens one for a connection over which sound comes."""

    def ask(self, pictures: Sequence[bytes], asked: Sequence[str], language: str, detail: Detail) -> Iterator[Sentence]:
        """Yield the answer to the last of the questions, in the language they are in; the earlier ones say what "it" is.

        Raises BadInput for what is no picture.
        """
        conversation = self._conversation(language)
        try:
            *_, question = [conversation.written(text, language) for text in asked]
            yield from self._told(conversation, self._keyframes(pictures), question, detail)
        finally:
            self.describer.forget()

    def look(self, picture: bytes, language: str, detail: Detail) -> dict[str, Any]:
        """Return what a picture shows. Raises BadInput for what is none."""
        asks = (Ask("scene", text=SCENE_QUESTION, english=SCENE_QUESTION),)
        return self._answered([picture], Question(SCENE_QUESTION, language, SCENE_QUESTION, asks=asks), detail, "description")

    def answer(self, picture: bytes, question: str, language: str, detail: Detail) -> dict[str, Any]:
        """Return the answer to a question about a picture. Raises BadInput for what is none."""
        asked = self._conversation(language).written(question, language)
        told = {"question": asked.text, "language": language, "english_question": asked.english_text}
        return told | self._answered([picture], asked, detail, "answer")

    def look_at(self, keyframe: Keyframe, language: str, detail: Detail) -> dict[str, Any]:
        """Return what a keyframe of a watched camera shows."""
        asks = (Ask("scene", text=SCENE_QUESTION, english=SCENE_QUESTION),)
        conversation, question = self._conversation(language), Question(SCENE_QUESTION, language, SCENE_QUESTION, asks=asks)
        try:
            said = list(self._told(conversation, [keyframe], question, detail))
        finally:
            self.describer.forget()
        return answer_data(said, [keyframe], "description")

    def count_people(self, frame: Frame) -> int | None:
        """Return how many people a frame shows; None where nothing here can tell, or the picture doesn't."""
        if picture_problem(frame.picture):
            return None
        found = self._conversation(self.settings.language).measured(View((Keyframe(frame, "only"),)), PEOPLE)
        return found.value if found and isinstance(found.value, int) else None

    def watcher(self, event: str, language: str) -> Watched:
        """Return what looks for an event in keyframe after keyframe. Raises BadInput where nothing here can."""
        return self._conversation(language).watcher(event, language)

    def find(self, picture: bytes, thing: str, language: str) -> dict[str, Any]:
        """Return where a thing is in a picture, with its regions. Raises BadInput for what is no picture."""
        asked = Question(thing, language, thing, asks=(Ask("where", thing, text=thing, english=thing, language=language),))
        answered = self._answered([picture], asked, "brief", "answer")
        regions = [found["region"] for found in answered["findings"] if found["region"]]
        return {"thing": thing, "found": bool(regions), "regions": regions} | answered

    def read(self, picture: bytes, language: str) -> dict[str, Any]:
        """Return the text of a picture and its codes. Raises BadInput for what is no picture, MissingModel without a reader."""
        if self.read_page is None:
            raise MissingModel("there is nothing here that reads text", "run: assistant setup")
        pixels = assembly.decode_picture(picture)
        sheet = sheet_of(self.read_page(pixels), assembly.open_code_reader().read(pixels, closely=True), pixels)
        said = list(sheet_sentences(sheet, language, self.reads))
        if not said:
            said = [Sentence(*phrase("no_text", language))]
        return sheets_data([sheet], language) | {"sentences": [sentence.text for sentence in said]}

    def transcribe(self, sound: bytes, language: str | None, longest_s: float) -> Iterator[tuple[Utterance, Transcript]]:
        """Yield what is said in a recording, utterance by utterance. BadInput for what is no sound, or lasts too long."""
        with assembly.open_uploaded_sound(sound) as microphone:
            yield from hear_file(_Bounded(microphone, longest_s), self.detector, self.transcriber, self.settings.ears, language)

    def hear(self, utterance: Utterance, language: str | None) -> Transcript:
        """Return what was said in one utterance, without its English: it takes longer than the words, and nobody here reads it."""
        known = utterance.speech_probabilities
        return self.transcriber.transcribe(
            utterance.samples, utterance.sample_rate_hz, language, speech_probabilities=known, wants_english=lambda *_: False
        )

    def new_resampler(self) -> Callable[[Sound, int], Sound]:
        """Return what brings a stream of sound, float32 [n] of a rate, to 16 kHz."""
        return assembly.open_resampler(LISTENED_HZ).feed

    def check_picture(self, content: bytes) -> None:
        """Raise BadInput for what is no picture, or one that is too large."""
        assembly.decode_picture(content, PICTURE_EDGE)

    @property
    def languages(self) -> Collection[str]:
        """Return the codes of the languages that it speaks."""
        return [code for code in languages() if any(voice.speaks(code) for voice in self.voices)]

    def synthesize(self, text: str, language: str, rate: float) -> Iterator[AudioChunk]:
        """Yield the sound of a text. Raises MissingModel where nothing speaks its language."""
        splitter = SentenceSplitter()
        for voice in self.voices:
            voice.settings = replace(self.settings.voice, rate=rate)
        for part in itertools.chain(splitter.feed(text), splitter.flush()):
            yield from sound_of(Sentence(part, language), self.voices)

    def _answered(self, pictures: Sequence[bytes], question: Question, detail: Detail, called: str) -> dict[str, Any]:
        conversation, keyframes = self._conversation(question.language), self._keyframes(pictures)
        try:
            said = list(self._told(conversation, keyframes, question, detail))
        finally:
            self.describer.forget()
        return answer_data(said, keyframes, called)

    def _told(self, conversation: Conversation, keyframes: list[Keyframe], question: Question, detail: Detail) -> Iterator[Sentence]:
        yield from conversation.answer(conversation.glance(keyframes, detail, question), question, detail)

    def _conversation(self, language: str) -> Conversation:
        """One that has never met anybody. Nobody's own things are known to it, for they are this machine's user's."""
        ears, instruments = self.settings.ears, self.instruments(None)
        return Conversation(None, self.describer, ears, language, self.translators, instruments)

    def _keyframes(self, pictures: Iterable[bytes]) -> list[Keyframe]:
        found = list[Keyframe]()
        for number, content in enumerate(pictures):
            frame = Frame(assembly.decode_picture(content, PICTURE_EDGE), float(number))
            found += select_keyframes([frame], self.settings.keyframes)
        return found


class _Bounded:
    """A recording that may not last longer."""

    def __init__(self, microphone: Microphone, longest_s: float) -> None:
        self._microphone, self._longest_s = microphone, longest_s

    def chunks(self) -> Iterator[AudioChunk]:
        for chunk in self._microphone.chunks():
            if chunk.time_s > self._longest_s:
                raise BadInput(f"the recording is longer than {self._longest_s:g} seconds", "send it in parts")
            yield chunk

    def close(self) -> None:
        self._microphone.close()


def answer_data(said: Sequence[Sentence], keyframes: Sequence[Keyframe], called: str = "answer") -> dict[str, Any]:
    """Return an answer as programs get it, under the name it has there."""
    return {
        called: " ".join(sentence.text for sentence in said),
        f"english_{called}": " ".join(sentence.english or sentence.text for sentence in said),
        "findings": [finding_data(sentence, keyframes) for sentence in said if sentence.finding],
        "picture_problem": keyframes[-1].problem if keyframes else None,
    }


def open_engines(settings: Settings, store: ModelStore) -> Engines:
    """Open the models of a store. Raises MissingModel."""
    threads = settings.answers.threads
    translators = assembly.open_translators(store, threads)
    try:
        reader = assembly.open_text_reader(store, threads)
    except MissingModel:
        reader = None
    return Engines(
        settings,
        assembly.open_describer(settings.answers, store),
        assembly.instrument_maker(store, threads, reader=reader),
        assembly.open_transcriber(settings.ears, store, threads, settings.language, translators),
        assembly.open_voice_detector(),
        assembly.open_synthesizers(settings.voice, store),
        translators,
        (lambda picture: assembly.open_page_reader(store, threads, reader).read([picture])) if reader else None,
        assembly.readable_languages(store),
    )
