"""`assistant say`: speaks a text through the loudspeaker, or into a WAV file."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from assistant.answering.sentences import SentenceSplitter
from assistant.assembly import open_speaker, open_synthesizers, open_wav_file
from assistant.commands.options import add_force_argument, check_sound_place, store_of
from assistant.commands.output import Result
from assistant.interfaces import Speaker, SpeechSynthesizer
from assistant.languages import languages
from assistant.messages import Heard, Sentence
from assistant.problems import BadInput
from assistant.settings import VoiceSettings
from assistant.speaking.speak import speak
from assistant.translatable import Translatable
from assistant.turns import Turns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant say` takes."""
    parser.add_argument("text", metavar="TEXT", help="what to say")
    parser.add_argument("--language", metavar="xx", default="en", help="the text's language (default: en)")
    parser.add_argument("--voice", metavar="NAME", help="one of `assistant voices list`")
    parser.add_argument("--out", type=Path, metavar="WAV", help="write a WAV file instead of speaking")
    parser.add_argument("--rate", type=float, default=1.0, help="0.5 to 6 times the voice's own pace")
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Speak the text; yield one result."""
    check_sound_place(options)
    settings = replace(VoiceSettings(), rate=options.rate)
    splitter = SentenceSplitter()
    texts = [*splitter.feed(options.text), *splitter.flush()]
    if not any(map(str.isalnum, options.text)):
        raise BadInput("there is nothing to say", "write a text with at least one word")
    sentences = [Sentence(text, options.language) for text in texts]
    synthesizers = open_synthesizers(settings, store_of(options), options.voice)
    heard = say(sentences, synthesizers, open_wav_file(options.out, options.force) if options.out else open_speaker(None))
    text = _told(len(heard), options.out)
    yield (
        text,
        {"sentences": [h.sentence.text for h in heard], "language": options.language, "out": str(options.out) if options.out else None},
    )


def _told(count: int, file: Path | None) -> Translatable:
    """What was done, in words."""
    if file is None:
        return Translatable("{count} sentences spoken.", count=count) if count > 1 else Translatable("1 sentence spoken.")
    if count > 1:
        return Translatable("{count} sentences written to {file}.", count=count, file=file)
    return Translatable("1 sentence written to {file}.", file=file)


def say(sentences: Iterable[Sentence], synthesizers: Sequence[SpeechSynthesizer], speaker: Speaker) -> list[Heard]:
    """Speak all sentences, each in its own language's voice, close the speaker, and return what was heard.

    BadInput for a language nobody speaks.
    """
    try:
        return list(speak(_spoken_by(sentences, synthesizers), synthesizers, speaker, Turns()))
    finally:
        speaker.close()


def _spoken_by(sentences: Iterable[Sentence], synthesizers: Sequence[SpeechSynthesizer]) -> Iterator[Sentence]:
    for sentence in sentences:
        if not any(synthesizer.speaks(sentence.language) for synthesizer in synthesizers):
            raise BadInput(
                "no voice speaks the language {language!r}",
                "use a two-letter code such as {known}",
                language=sentence.language,
                known=", ".join(languages()),
            )
        yield sentence
