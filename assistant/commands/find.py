"""`assistant find`: the moments of a video that fit a description, or the honest word that there is none."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.answering.english_queries import english_query
from assistant.assembly import open_describer, open_instruments, open_translators
from assistant.commands.media_reader import STOPPED, MediaReader, Stop, stoppable, with_progress
from assistant.commands.options import (
    add_force_argument,
    add_language_argument,
    add_model_argument,
    add_settings_argument,
    settings_of,
    store_of,
)
from assistant.commands.output import Result, Stopwatch
from assistant.conversation import Conversation
from assistant.interfaces import PictureMemory, SceneDescriber
from assistant.languages import FALLBACK
from assistant.languages.codes import language_code
from assistant.problems import BadInput, shorten
from assistant.settings import Settings
from assistant.store.fingerprint import fingerprint
from assistant.store.model_store import ModelStore
from assistant.translatable import Capitalized, Translatable, joined
from assistant.videos.find_in_words import MOST_ASKED, moments_shown
from assistant.videos.find_moments import Moment, TimedMatch, find_moments, spoken_moments, worth_asking
from assistant.videos.index_file import IndexKey, SeenKeyframe, VideoIndex, load_any_index, load_index, save_index
from assistant.videos.queries import EMPTY_PICTURE, Query, clean_query
from assistant.videos.watch_things import Looker
from assistant.written_files import INDEX, check_place

DEFAULT_TOP = 3
INDEX_ENDING = ".index"
"""What `assistant index` appends to a video's name."""
NOTHING_SEEN = Translatable("nothing can be seen in it: it is too dark, blank or blurred, or the lens was covered")
MOST_LOOKS = 1024
"""Keyframes encoded of a long video, about: 7 seconds apart in two hours."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `assistant find` takes."""
    parser.add_argument("video", metavar="VIDEO", help="a video file, or a folder with what `assistant index` has made of many")
    parser.add_argument("query", metavar="QUERY", help="what to look for")
    add_language_argument(parser)
    parser.add_argument("--top", type=int, default=DEFAULT_TOP, metavar="K", help=f"tell at most K moments (default {DEFAULT_TOP})")
    parser.add_argument("--index", type=Path, metavar="FILE", help="keep here what the next query needs, so that it is answered sooner")
    add_model_argument(parser)
    add_settings_argument(parser)
    add_force_argument(parser)


def run(options: argparse.Namespace) -> Iterator[Result]:
    """Search the video for the query; yield one result with the moments that fit, the likeliest first."""
    if not 1 <= options.top <= 1000:
        raise BadInput("--top {top} is out of range", "use 1 to 1000", top=options.top)
    if options.index:
        check_place(options.index, INDEX, options.force)
    settings, watch = settings_of(options), Stopwatch()
    language = language_code(options.language) if options.language else settings.language
    translators = open_translators(store_of(options), settings.answers.threads) if language != FALLBACK else []
    if Path(options.video).is_dir():
        query = english_query(clean_query(options.query), language, translators)
        yield _found_in_folder(options, query, language, memory_of(settings, store_of(options)), watch)
        return
    with stoppable() as stop:
        reader = MediaReader(options.video, settings, stop, quiet=options.json)
        query = english_query(clean_query(options.query), language, translators)
        if reader.is_live:
            raise BadInput(
                "{video} is no file, so it has no past to search", "use `assistant watch` for what is still to come", video=options.video
            )
        found = _found_in_video(reader, query, options, settings, stop, watch)
    warnings = [*found.warnings, *([STOPPED] if stop.was_asked else []), *([] if found.keyframes or stop.was_asked else [NOTHING_SEEN])]
    yield (
        joined(
            [
                spoken_moments(options.query, found.moments, language),
                *(Translatable("{text}.", text=Capitalized(warning)) for warning in warnings),
            ],
            " ",
        ),
        {
            "query": options.query,
            "english_query": query,
            "moments": [_as_json(moment) for moment in found.moments],
            "found": bool(found.moments),
            "keyframes": found.keyframes,
            "times_s": watch.total(),
            "warnings": warnings,
        },
    )
    if stop.was_asked:
        raise KeyboardInterrupt


@dataclass(frozen=True, eq=False)
class _Found:
    """What one video has of a query."""

    moments: list[Moment]
    keyframes: int
    warnings: Sequence[str]


def _found_in_video(
    reader: MediaReader, query: str, options: argparse.Namespace, settings: Settings, stop: Stop, watch: Stopwatch
) -> _Found:
    """By what the model makes of its keyframes, or says of each if it only answers."""
    store = store_of(options)
    describer = open_describer(settings.answers, store)
    watch.lap("load")
    if describer.scorer is None and not options.index:
        instruments = open_instruments(store, settings.answers.threads)
        looker = Conversation(None, describer, settings.ears, instruments=instruments).looker(query, FALLBACK)
        assert looker  # as the model tells no likelihoods
        return _looked_for(reader, looker, options, stop, watch)
    memory = _searchable(describer)
    key = IndexKey(fingerprint(Path(options.video)), memory.encoder_id, repr(settings.keyframes))
    if known := options.index is not None and options.index.exists() and not options.force:
        reader.close()
        index = load_index(options.index, key)
    else:
        index = look(reader, memory, key)
    if options.index and not known and not stop.was_asked:
        save_index(options.index, index, options.force)
    watch.lap("look")
    stop.next_part()
    moments = _search(index, query, options, memory, stop)
    watch.lap("search")
    return _Found(moments, len(index.keyframes), index.warnings)


def _looked_for(reader: MediaReader, looker: Looker, options: argparse.Namespace, stop: Stop, watch: Stopwatch) -> _Found:
    """What a model has that only answers: each keyframe is looked at by itself."""
    keyframes, probabilities = list(reader.keyframes(MOST_ASKED)), list[float]()
    watch.lap("look")
    stop.next_part()
    for keyframe in with_progress(keyframes, len(keyframes), Translatable("Searching"), stop, quiet=options.json):
        probabilities.append(looker.probability(keyframe))
    watch.lap("search")
    times_s = [keyframe.frame.time_s for keyframe in keyframes]
    end_s = ([*times_s, reader.end_s])[len(probabilities)]  # until where it was stopped
    moments = moments_shown(times_s[: len(probabilities)], probabilities, end_s, options.top, is_measured=looker.is_measured)
    return _Found(moments, len(keyframes), reader.warnings)


def _as_json(moment: Moment) -> dict[str, float | None]:
    score = round(moment.score, 3) if moment.is_measured else None
    return {"start_s": round(moment.start_s, 3), "end_s": round(moment.end_s, 3), "score": score}


def memory_of(settings: Settings, store: ModelStore) -> PictureMemory:
    """Open the describer, if it keeps what it has seen of a video. Raises BadInput if not."""
    return _searchable(open_describer(settings.answers, store))


def _searchable(describer: SceneDescriber) -> PictureMemory:
    if describer.scorer is None or not isinstance(describer, PictureMemory):
        raise BadInput("this model can't keep what it has seen of a video", "use the starter or a SmolVLM2 model for this")
    return describer


def look(reader: MediaReader, memory: PictureMemory, key: IndexKey) -> VideoIndex:
    """Return a video's index: encode the keyframes as they come; no picture is kept."""
    keyframes = [SeenKeyframe(k.frame.time_s, memory.see(k.frame.picture)) for k in reader.keyframes(MOST_LOOKS)]
    return VideoIndex(key, memory.see(EMPTY_PICTURE), keyframes, reader.end_s, reader.warnings)


def _found_in_folder(options: argparse.Namespace, query: str, language: str, memory: PictureMemory, watch: Stopwatch) -> Result:
    """The likeliest moments of all videos that have an index below a folder."""
    folder, warnings = Path(options.video), list[str]()
    places = sorted(folder.rglob(f"*{INDEX_ENDING}"))
    if options.index or not places:
        fix = (
            Translatable("run `{command}`", command=f"assistant index {shorten(folder)}")
            if not places
            else Translatable("leave out --index: each video has its own")
        )
        raise BadInput("there is no index in {folder}" if not places else "a folder has no single index", fix, folder=shorten(folder))
    watch.lap("load")
    found = list[tuple[str, Moment]]()
    with stoppable() as stop:
        for place in with_progress(places, len(places), Translatable("Searching"), stop, quiet=options.json):
            try:
                index = load_any_index(place, memory.encoder_id)
            except BadInput as problem:
                warnings.append(problem.text)
                continue
            video = str(place.relative_to(folder)).removesuffix(INDEX_ENDING)
            found += [(video, moment) for moment in _search(index, query, options, memory, Stop(), quiet=True)]
    best = sorted(found, key=lambda each: -each[1].score)[: options.top]
    watch.lap("search")
    told = [f"{video}: {spoken_moments(options.query, [moment], language)}" for video, moment in best]
    told = told or [spoken_moments(options.query, [], language)]
    moments = [{"video": video, **_as_json(moment)} for video, moment in best]
    about = {
        "query": options.query,
        "english_query": query,
        "moments": moments,
        "found": bool(best),
        "videos": len(places),
        "times_s": watch.total(),
    }
    return joined([*told, *warnings], "\n"), about | {"warnings": warnings}


def _search(
    index: VideoIndex, english: str, options: argparse.Namespace, memory: PictureMemory, stop: Stop, quiet: bool = False
) -> list[Moment]:
    query = Query(memory, english, memory.look_again(index.empty))
    first = [query.first_evidence(memory.look_again(keyframe.seen)) for keyframe in index.keyframes]
    known = [evidence for evidence in first if evidence is not None]
    asked = set(worth_asking(known) if known and any(known) else range(len(first)))  # of words it doesn't know a classifier says nothing
    scenes = with_progress(index.keyframes, len(index.keyframes), Translatable("Searching"), stop, quiet=options.json or quiet)
    looks = [
        TimedMatch(keyframe.time_s, query.match(memory.look_again(keyframe.seen)) if number in asked else None)
        for number, keyframe in enumerate(scenes)
    ]

    def thing_log_odds(number: int) -> float:
        return query.thing_log_odds(memory.look_again(index.keyframes[number].seen))

    end_s = index.duration_s if len(looks) == len(index.keyframes) else index.keyframes[len(looks)].time_s
    return find_moments(looks, end_s, query.background(), thing_log_odds, options.top)
