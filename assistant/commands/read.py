"""`assistant read`: the text of a picture, PDF or video in reading order, with its codes, and in sound with --out."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from assistant.answering.page_telling import Sheet, sheet_of, sheet_sentences, sheets_data
from assistant.assembly import (
    is_pdf,
    open_code_reader,
    open_page_reader,
    open_pdf,
    open_readable_picture,
    open_synthesizers,
    open_wav_file,
    readable_languages,
)
from assistant.commands.media_reader import READABLE_EDGE, STOPPED, MediaReader, Stop, stoppable, with_progress
from assistant.commands.options import add_force_argument, add_settings_argument, check_sound_place, settings_of, store_of
from assistant.commands.output import Result, Stopwatch
from assistant.commands.say import say
from assistant.languages import phrase
from assistant.messages import Keyframe, Picture, Sentence, TextLine
from assistant.problems import BadInput
from assistant.reading.reading_order import arrange
from assistant.reading.voting import is_same_page
from assistant.settings import Settings
from assistant.translatable import Translatable, joined

MOST_KEYFRAMES = 48
"""Of a video that are looked at with --whole."""
SHARPEST = 3
"""Of a video's keyframes that are read together without --whole."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant read` takes."""
    parser.add_argument("media", metavar="MEDIA", help="a picture, PDF or video file")
    parser.add_argument(
        "--whole", action="store_true", help="all pages of a PDF, and every page that a video shows; else only the first, or the clearest"
    )
    parser.add_argument("--language", metavar="xx", help="the user's language, for what is said about the text; default: English")
    parser.add_argument("--out", type=Path, metavar="WAV", help="also read aloud into this file")
    add_settings_argument(parser)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Read the text; yield one result, as the contract has it."""
    check_sound_place(options)
    settings, store, watch = settings_of(options), store_of(options), Stopwatch()
    language, warnings = options.language or settings.language, list[str]()
    reading = _Reading(options, settings, warnings)
    with stoppable() as stop:
        sheets = list(reading.sheets(stop))
    if stop.was_asked:
        warnings.append(STOPPED)
    watch.lap("read")
    reads = readable_languages(store)
    sentences = [sentence for sheet in sheets for sentence in sheet_sentences(sheet, language, reads)]
    if not sentences:
        text, code = phrase("no_text", language)
        sentences = [Sentence(text, code)]
    if options.out:
        say(sentences, open_synthesizers(settings.voice, store), open_wav_file(options.out, options.force))
        watch.lap("speak")
    yield (
        joined([*(sentence.text for sentence in sentences), *warnings], "\n"),
        {
            **sheets_data(sheets, language),
            "times_s": watch.total(),
            "warnings": warnings,
        },
    )
    if stop.was_asked:
        raise KeyboardInterrupt


class _Reading:
    """Reads one file, page by page."""

    def __init__(self, options: argparse.Namespace, settings: Settings, warnings: list[str]) -> None:
        self._options, self._settings, self._warnings = options, settings, warnings
        self._pages = open_page_reader(store_of(options), settings.answers.threads)
        self._codes = open_code_reader()

    def sheets(self, stop: Stop) -> Iterator[Sheet]:
        """Read what was asked for, until the user has had enough."""
        path = Path(self._options.media)
        if is_pdf(self._options.media):
            yield from self._pdf(path, stop)
        elif (picture := open_readable_picture(self._options.media)) is not None:
            self._warnings += picture.warnings
            yield self._sheet([frame.picture for frame in picture.frames()])
        else:
            yield from self._video(stop)

    def _pdf(self, path: Path, stop: Stop) -> Iterator[Sheet]:
        with open_pdf(path) as pdf:
            count = pdf.page_count if self._options.whole else 1
            if count < pdf.page_count:
                self._warnings.append(Translatable("this is page 1 of {count}; --whole reads them all", count=pdf.page_count))
            for number in with_progress(range(1, count + 1), count, Translatable("Reading"), stop, self._options.json):
                page = pdf.page(number)
                yield self._sheet([page.picture], page.lines)

    def _video(self, stop: Stop) -> Iterator[Sheet]:
        reader = MediaReader(self._options.media, self._settings, stop, quiet=self._options.json, largest_edge=READABLE_EDGE)
        keyframes = [keyframe for keyframe in reader.keyframes(MOST_KEYFRAMES) if keyframe.problem is None]
        self._warnings += reader.warnings
        stop.next_part()
        if not keyframes:
            raise BadInput("no picture of the video is clear enough to read", "film it in more light, and hold the camera still")
        if not self._options.whole:
            yield self._sheet(_pictures(sorted(keyframes, key=lambda keyframe: keyframe.sharpness)[-SHARPEST:]))
            return
        before: tuple[TextLine, ...] = ()
        for keyframe in with_progress(keyframes, len(keyframes), Translatable("Reading"), stop, self._options.json):
            sheet = self._sheet([keyframe.frame.picture])
            if sheet.page.lines and not (before and is_same_page(before, sheet.page.lines)):
                yield sheet
            before = sheet.page.lines

    def _sheet(self, pictures: list[Picture], lines: list[TextLine] | None = None) -> Sheet:
        """`lines`: where the file itself tells its text."""
        height, width = pictures[-1].shape[:2]
        page = self._pages.read(pictures) if lines is None else arrange(lines, width / height)
        codes = self._codes.read(pictures[-1], closely=True)
        return sheet_of(page, codes, pictures[-1], is_photograph=lines is None)


def _pictures(keyframes: list[Keyframe]) -> list[Picture]:
    return [keyframe.frame.picture for keyframe in keyframes]
