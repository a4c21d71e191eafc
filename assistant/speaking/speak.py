"""Speaks sentences one after another and tells how much of each was heard. Knows no engine and no device by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from assistant.interfaces import Speaker, SpeechSynthesizer
from assistant.messages import AudioChunk, Heard, Sentence
from assistant.problems import MissingModel
from assistant.speaking.mixed_languages import language_parts
from assistant.speaking.speakable_text import speakable_pieces
from assistant.turns import Turns


def speak(sentences: Iterable[Sentence], synthesizers: Sequence[SpeechSynthesizer], speaker: Speaker, turns: Turns) -> Iterator[Heard]:
    """Yield what was heard of each sentence that wasn't stale from the start. **Speaks only while iterated.**

    An interrupted sentence that was still being synthesised is compared with what there was of it, so its share is an upper bound.
    Raises MissingModel for a language without a voice, and what the engines and the speaker raise.
    """
    for sentence in sentences:
        if turns.is_stale(sentence.turn):
            continue
        sound = _Measured(sound_of(sentence, synthesizers))
        heard_s = speaker.play(sound, lambda turn=sentence.turn: turns.is_stale(turn))  # type: ignore[misc]
        yield Heard(sentence, min(1.0, heard_s / sound.seconds) if sound.seconds else 1.0)


def sound_of(
    sentence: Sentence, synthesizers: Sequence[SpeechSynthesizer], split: Callable[[str, str], list[str]] = lambda text, _: [text]
) -> Iterator[AudioChunk]:
    """Yield the sound of a sentence; what it quotes in another language is read by a voice of that language, if there is one.

    `split` cuts (text, language) where it may be begun to be heard. Chunks may differ in sample rate.
    """
    for text, language in language_parts(sentence.text, sentence.language, sentence.quoted_language):
        spoken = language if any(each.speaks(language) for each in synthesizers) else sentence.language
        synthesizer = choose_synthesizer(synthesizers, spoken)
        for piece in split(text, spoken):
            yield from say(synthesizer, piece, spoken)


def say(synthesizer: SpeechSynthesizer, text: str, language: str) -> Iterator[AudioChunk]:
    """Yield the sound of any text, shaped for a voice first; nothing if there is nothing to say in it."""
    for piece in speakable_pieces(text, language):
        yield from synthesizer.synthesize(piece, language)


def choose_synthesizer(synthesizers: Sequence[SpeechSynthesizer], language: str) -> SpeechSynthesizer:
    """Return the first voice that speaks the language: put the best ones first. MissingModel when none does."""
    for synthesizer in synthesizers:
        if synthesizer.speaks(language):
            return synthesizer
    raise MissingModel(
        "there is no voice for the language {language!r}", "run: {command}", language=language, command=f"assistant voices fetch {language}"
    )


class _Measured:
    """Chunks passed on, and how long they were together."""

    def __init__(self, chunks: Iterator[AudioChunk]) -> None:
        self._chunks = chunks
        self.seconds = 0.0

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        chunk = next(self._chunks)
        self.seconds += chunk.duration_s
        return chunk
