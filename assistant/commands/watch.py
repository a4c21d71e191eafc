"""`assistant watch`: tells when something begins, in a recording as fast as it can be read, or live before a camera."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from msgspec.structs import replace

from assistant.assembly import open_describer, open_instruments, open_translators
from assistant.commands.media_reader import STOPPED, MediaReader, stoppable
from assistant.commands.options import add_language_argument, add_model_argument, add_settings_argument, settings_of, store_of
from assistant.commands.output import Result
from assistant.conversation import Conversation
from assistant.languages import FALLBACK, phrase
from assistant.languages.catalogues import for_terminal
from assistant.languages.codes import language_code
from assistant.languages.times import time_words
from assistant.messages import Keyframe
from assistant.settings import Settings
from assistant.store.model_store import ModelStore
from assistant.videos.queries import clean_query
from assistant.videos.watch_events import EventWatcher, watch_keyframes
from assistant.videos.watch_things import ThingWatcher
from assistant.workers import Inbox, Worker

STOP_S = 5.0
"""Seconds that the thread which reads a camera has to end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant watch` takes."""
    parser.add_argument("source", metavar="SOURCE", help="a video file, a camera's number or a local stream")
    parser.add_argument("event", metavar="EVENT", help='what to wait for: "a dog", "a dog on a beach"')
    add_language_argument(parser)
    add_model_argument(parser)
    add_settings_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Watch the source for the event; yield one result each time it begins."""
    event_text, settings = clean_query(options.event), settings_of(options)
    language = language_code(options.language) if options.language else settings.language
    settings = replace(settings, keyframes=watch_keyframes(settings.keyframes))
    events = 0
    with stoppable() as stop:
        reader = MediaReader(options.source, settings, stop, quiet=options.json, endless=True)
        watcher = _watcher(event_text, language, settings, store_of(options))
        for keyframe in _newest(reader) if reader.is_live else reader.keyframes():
            if event := watcher.process(keyframe):
                events += 1
                start_s = max(0.0, event.start_s - reader.start_s)
                reader.clear_bar()
                score = round(event.score, 3) if watcher.is_measured else None
                yield (
                    _told(event_text, start_s, language, is_measured=watcher.is_measured),
                    {"event": event_text, "start_s": round(start_s, 3), "score": score},
                )
    for warning in [*(reader.warnings if not reader.lost else []), *([STOPPED] if stop.was_asked and not reader.is_live else [])]:
        print(f"assistant watch: {for_terminal(warning)}.", file=sys.stderr)
    if not events and not options.json:
        is_english = language == FALLBACK
        yield f"I did not notice {event_text!r}." if is_english else phrase("not_seen", language, thing=event_text)[0], {}
    if stop.was_asked:
        raise KeyboardInterrupt
    if reader.lost:
        raise reader.lost


def _told(event: str, start_s: float, language: str, *, is_measured: bool) -> str:
    """With "perhaps" where only a model says so of which nobody knows how often it is right."""
    told = f"{'at ' if language == FALLBACK else ''}{time_words(start_s, language)}: {event}"
    return f"{told[0].upper()}{told[1:]}." if is_measured else phrase("count_unsure", language, n=told)[0]


def _watcher(event: str, language: str, settings: Settings, store: ModelStore) -> EventWatcher | ThingWatcher:
    """What a detector can find it looks for, whatever the model; all else by the model."""
    instruments = open_instruments(store, settings.answers.threads, opening_degrees=settings.camera.opening_degrees)
    translators = open_translators(store, settings.answers.threads) if language != FALLBACK else []
    conversation = Conversation(
        None, open_describer(settings.answers, store), settings.ears, language, translators=translators, instruments=instruments
    )
    return conversation.watcher(event, language)


def _newest(reader: MediaReader) -> Iterator[Keyframe]:
    """A live source goes on while the model looks: what can't be looked at in time is dropped, the oldest first."""
    inbox = Inbox[Keyframe](1)

    def fill() -> None:
        try:
            for keyframe in reader.keyframes():
                inbox.put(keyframe)
        finally:
            inbox.close()

    worker = Worker("keyframes", fill, reader.close)
    worker.start()
    try:
        while (keyframe := inbox.get()) is not None:
            yield keyframe
    finally:
        worker.stop(STOP_S)
