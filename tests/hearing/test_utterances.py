"""Where an utterance begins and ends, decided from scripted probabilities alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from assistant.hearing.listen import listen
from assistant.hearing.two_languages import hear_file
from assistant.hearing.utterances import SpeechLasts, SpeechPaused, SpeechStarted, UtteranceSegmenter, last_part
from assistant.messages import AudioChunk, Transcript, Utterance
from assistant.settings import EarSettings
from tests.support.fakes import ScriptedTranscriber, ScriptedVoiceDetector

CHUNK_S = 0.032
SETTINGS = EarSettings(min_speech_s=0.25, end_silence_s=0.7, pre_roll_s=0.3, max_utterance_s=10.0)


def chunks(seconds: float, loudness: Iterable[float] | None = None) -> list[AudioChunk]:
    """Each chunk's samples are its own number in thousandths, or its given loudness."""
    count = round(seconds / CHUNK_S)
    values = np.arange(1, count + 1) / 1000 if loudness is None else np.fromiter(loudness, float, count)
    return [AudioChunk(np.full(512, value, np.float32), 16000, number * CHUNK_S) for number, value in enumerate(values)]


def probabilities(*spans: tuple[float, float]) -> list[float]:
    """(seconds, probability) after (seconds, probability)."""
    return [probability for seconds, probability in spans for _ in range(round(seconds / CHUNK_S))]


def hear(script: list[float], settings: EarSettings = SETTINGS) -> tuple[list[SpeechStarted], list[Utterance]]:
    events = list(listen(chunks(len(script) * CHUNK_S), ScriptedVoiceDetector(script), UtteranceSegmenter(settings)))
    return [e for e in events if isinstance(e, SpeechStarted)], [e for e in events if isinstance(e, Utterance)]


def test_the_first_syllable_survives() -> None:
    """The utterance reaches back before the first chunk that the detector called speech."""
    started, [utterance] = hear(probabilities((1, 0.1), (1, 0.9), (1, 0.1)))
    assert started[0].time_s == pytest.approx(1.0, abs=CHUNK_S)
    assert started[0].time_s - utterance.start_s == pytest.approx(0.3, abs=CHUNK_S)
    first = round(utterance.start_s / CHUNK_S)
    assert utterance.samples[0] == pytest.approx((first + 1) / 1000)


def test_a_short_word_before_a_pause_is_the_beginning_of_what_follows() -> None:
    """ "Who ... is at the door?" lost its first word, which alone is too short to be speech."""
    _, [utterance] = hear(probabilities((2, 0.1), (0.13, 0.9), (1.2, 0.1), (1, 0.9), (1, 0.1)))
    assert utterance.start_s == pytest.approx(2 - SETTINGS.pre_roll_s, abs=0.05)


@pytest.mark.parametrize(("word_s", "pause_s"), [(0.04, 0.8), (0.13, 1.9)])
def test_a_click_or_a_word_long_ago_is_none(word_s: float, pause_s: float) -> None:
    _, [utterance] = hear(probabilities((2, 0.1), (word_s, 0.9), (pause_s, 0.1), (1, 0.9), (1, 0.1)))
    assert utterance.start_s == pytest.approx(2 + word_s + pause_s - SETTINGS.pre_roll_s, abs=0.05)


def test_a_short_sound_while_there_is_a_voice_is_no_word() -> None:
    segmenter = UtteranceSegmenter(SETTINGS)
    segmenter.recalls_words = False
    script = probabilities((2, 0.1), (0.13, 0.9), (0.8, 0.1), (1, 0.9), (1, 0.1))
    events = listen(chunks(len(script) * CHUNK_S), ScriptedVoiceDetector(script), segmenter)
    [utterance] = [each for each in events if isinstance(each, Utterance)]
    assert utterance.start_s == pytest.approx(2.93 - SETTINGS.pre_roll_s, abs=0.05)


def test_a_cough_is_not_speech() -> None:
    assert hear(probabilities((1, 0.0), (0.2, 0.9), (1, 0.0), (0.2, 0.9), (1, 0.0))) == ([], [])


def test_a_short_dip_at_the_start_does_not_lose_the_beginning() -> None:
    started, [utterance] = hear(probabilities((0.5, 0.0), (0.1, 0.9), (0.1, 0.2), (0.5, 0.9), (1, 0.0)))
    assert started[0].time_s == pytest.approx(0.5, abs=CHUNK_S)
    assert utterance.start_s <= 0.25


def test_speech_under_way_goes_on_through_weaker_chunks() -> None:
    _, utterances = hear(probabilities((0.5, 0.9), (2, 0.4), (0.5, 0.9), (1, 0.0)))
    assert len(utterances) == 1
    assert hear(probabilities((3, 0.4))) == ([], [])


def test_a_pause_for_breath_does_not_end_the_question_but_a_silence_does() -> None:
    _, breath = hear(probabilities((1, 0.9), (0.5, 0.0), (1, 0.9), (1, 0.0)))
    _, silence = hear(probabilities((1, 0.9), (0.8, 0.0), (1, 0.9), (1, 0.0)))
    assert (len(breath), len(silence)) == (1, 2)
    assert breath[0].end_s == pytest.approx(2.5 + 0.25, abs=2 * CHUNK_S)


def test_an_utterance_holds_exactly_the_sound_between_its_times() -> None:
    _, [utterance] = hear(probabilities((1, 0.0), (1, 0.9), (1, 0.0)))
    assert len(utterance.samples) / utterance.sample_rate_hz == pytest.approx(utterance.end_s - utterance.start_s)


def test_the_last_words_before_a_recording_ends_are_heard() -> None:
    _, [utterance] = hear(probabilities((0.5, 0.0), (1, 0.9)))
    assert utterance.end_s == pytest.approx(1.5, abs=CHUNK_S)


def test_nothing_comes_of_nothing() -> None:
    assert hear([]) == ([], [])
    assert hear(probabilities((60, 0.1))) == ([], [])


def test_a_long_speech_is_cut_at_its_quietest_place_and_no_sound_is_lost() -> None:
    script = probabilities((25, 0.9), (1, 0.0))
    quiet = round(7.5 / CHUNK_S)
    loudness = [0.01 if abs(number - quiet) <= 1 else 0.5 for number in range(len(script))]
    events = list(listen(chunks(len(script) * CHUNK_S, loudness), ScriptedVoiceDetector(script), UtteranceSegmenter(SETTINGS)))
    utterances = [event for event in events if isinstance(event, Utterance)]
    assert sum(isinstance(event, SpeechStarted) for event in events) == 1
    assert utterances[0].end_s == pytest.approx(quiet * CHUNK_S, abs=2 * CHUNK_S)
    assert all(utterance.end_s - utterance.start_s <= 10.0 + CHUNK_S for utterance in utterances)
    for before, after in zip(utterances, utterances[1:], strict=False):
        assert before.end_s == pytest.approx(after.start_s)
    assert utterances[-1].end_s == pytest.approx(25.25, abs=2 * CHUNK_S)


def test_a_second_stream_starts_afresh() -> None:
    detector = ScriptedVoiceDetector(probabilities((1, 0.9)))
    first, second = ([type(e) for e in listen(chunks(1), detector, UtteranceSegmenter(SETTINGS))] for _ in range(2))
    assert first == second == [SpeechStarted, SpeechLasts, Utterance]


def test_half_a_question_before_the_microphone_was_lost_is_not_joined_to_the_next() -> None:
    script = probabilities((0.5, 0.0), (0.5, 0.9), (1.0, 0.9), (1.0, 0.0))
    before = chunks(1.0)
    after = [AudioChunk(chunk.samples, 16000, chunk.time_s + 30.0) for chunk in chunks(2.0)]
    events = list(listen([*before, *after], ScriptedVoiceDetector(script), UtteranceSegmenter(SETTINGS)))
    first, second = (event for event in events if isinstance(event, Utterance))
    assert first.end_s < 1.5 and second.start_s > 29.0


class _Recording:
    """A microphone with a list of chunks."""

    def __init__(self, recorded: list[AudioChunk]) -> None:
        self._recorded = recorded

    def chunks(self) -> Iterator[AudioChunk]:
        yield from self._recorded

    def close(self) -> None: ...


def test_a_recording_is_heard_utterance_by_utterance_and_those_without_words_are_left_out() -> None:
    script = probabilities((1, 0.9), (1, 0.0), (1, 0.9), (1, 0.0), (1, 0.9), (1, 0.0))
    words = [Transcript(text, "en", 1.0, text) for text in ("What is this?", "", "Stop.")]
    transcriber = ScriptedTranscriber(words)
    recording = _Recording(chunks(len(script) * CHUNK_S))
    heard = [
        (utterance.start_s, transcript.text)
        for utterance, transcript in hear_file(recording, ScriptedVoiceDetector(script), transcriber, SETTINGS)
    ]
    assert [text for _, text in heard] == ["What is this?", "Stop."]
    assert heard[1][0] == pytest.approx(3.7, abs=2 * CHUNK_S)
    assert len(transcriber.heard) == 3


def hear_whole_at_pauses(script: list[float]) -> list[Utterance]:
    """Every pause is told to come after a whole question."""
    segmenter, detector, heard = UtteranceSegmenter(SETTINGS), ScriptedVoiceDetector(script), []
    for chunk in chunks(len(script) * CHUNK_S):
        events = segmenter.process(chunk, detector.speech_probability(chunk))
        heard += [event for event in events if isinstance(event, Utterance)]
        if any(isinstance(event, SpeechPaused) for event in events):
            segmenter.end_early()
    return heard + [event for event in segmenter.flush() if isinstance(event, Utterance)]


def test_a_whole_question_ends_sooner() -> None:
    script = probabilities((0.5, 0.0), (1, 0.9), (0.3, 0.0))
    assert len(hear_whole_at_pauses(script)) == 1
    assert len(hear(script)[1]) == 1  # only because the stream ends
    assert hear_whole_at_pauses([*script, 0.0])[0].end_s < 1.9


def test_a_question_that_goes_on_after_it_seemed_whole_is_told_again_as_one() -> None:
    """ "What is this ... on the table?" """
    script = probabilities((0.5, 0.0), (1, 0.9), (0.5, 0.0), (0.6, 0.9), (1, 0.0))
    first, whole = hear_whole_at_pauses(script)
    assert whole.start_s == first.start_s
    assert first.end_s < 2.0 and whole.end_s > 2.5
    assert len(whole.samples) == pytest.approx((whole.end_s - whole.start_s) * 16000, abs=1)  # the pause included


def test_the_next_question_is_one_of_its_own() -> None:
    script = probabilities((0.5, 0.0), (1, 0.9), (1.8, 0.0), (0.6, 0.9), (1, 0.0))
    first, second = hear_whole_at_pauses(script)
    assert second.start_s > first.end_s


def test_a_cough_after_a_whole_question_adds_nothing_to_it() -> None:
    script = probabilities((0.5, 0.0), (1, 0.9), (0.4, 0.0), (0.1, 0.9), (1.8, 0.0), (0.6, 0.9), (1, 0.0))
    first, second = hear_whole_at_pauses(script)
    assert second.start_s > first.end_s + 0.5


def ends(pause_s: float, judged: str) -> list[Utterance]:
    """What is told of half a second of speech, that pause and speech again, where the first was judged to end early, late or neither."""
    segmenter = UtteranceSegmenter(EarSettings(), joins=True)
    script = probabilities((1, 0.0), (0.5, 0.9), (pause_s, 0.0), (0.5, 0.9), (2, 0.0))
    told: list[Utterance] = []
    for chunk, probability in zip(chunks(len(script) * CHUNK_S), script, strict=False):
        for event in segmenter.process(chunk, probability):
            if isinstance(event, SpeechPaused) and not told and judged:
                getattr(segmenter, judged)()
            told += [event] if isinstance(event, Utterance) else []
    return told


def test_a_mere_beginning_is_waited_for_and_what_is_whole_is_not() -> None:
    assert [len(ends(pause_s, "end_late")) for pause_s in (0.3, 0.8, 1.2)] == [1, 1, 1]
    assert [len(ends(pause_s, "end_early")) for pause_s in (0.2, 0.3, 1.2)] == [1, 2, 2]


@pytest.mark.parametrize("judged", ["", "end_early"])
def test_what_goes_on_after_it_was_ended_is_told_whole(judged: str) -> None:
    first, whole = ends(1.2, judged)
    assert whole.start_s == first.start_s
    assert whole.end_s - whole.start_s > 2.2
    assert len(ends(1.8, judged)) == 2
    assert ends(1.8, judged)[1].start_s > first.end_s


def test_after_a_command_comes_something_else() -> None:
    segmenter, script = UtteranceSegmenter(EarSettings(), joins=True), probabilities((0.5, 0.9), (1.2, 0.0), (0.5, 0.9), (1, 0.0))
    told: list[Utterance] = []
    for chunk, probability in zip(chunks(len(script) * CHUNK_S), script, strict=False):
        for event in segmenter.process(chunk, probability):
            if isinstance(event, Utterance):
                told.append(event)
                segmenter.close()
    assert told[1].start_s > told[0].end_s


def test_what_was_said_last_is_told_apart_from_what_was_said_before() -> None:
    _, whole = ends(1.2, "end_early")
    last = last_part(whole, 2.7)
    assert last.start_s == pytest.approx(2.7, abs=CHUNK_S)
    assert (last.samples == whole.samples[-len(last.samples) :]).all()
    assert last.speech_probabilities is not None
    assert len(last.speech_probabilities) * 512 == len(last.samples)
    assert len(last_part(whole, -5.0).samples) == len(whole.samples)


def count_told(*questions: tuple[float, float, float]) -> list[int]:
    """How often something is told of each question, (speech, pause, speech) in seconds, with 3 s of silence between them."""
    segmenter, told = UtteranceSegmenter(EarSettings(), joins=True), [0] * len(questions)
    spans = [(1.0, 0.0)] + [span for before, pause, after in questions for span in ((before, 0.9), (pause, 0.0), (after, 0.9), (3.0, 0.0))]
    script = probabilities(*spans)
    begins = np.cumsum([1.0] + [before + pause + after + 3.0 for before, pause, after in questions])
    for chunk, probability in zip(chunks(len(script) * CHUNK_S), script, strict=False):
        for event in segmenter.process(chunk, probability):
            if isinstance(event, Utterance):
                told[int(np.searchsorted(begins, event.start_s + 0.5)) - 1] += 1
    return told


def test_who_thinks_within_a_question_is_given_as_long_the_next_times() -> None:
    """The first is told too soon and then whole; the next are waited for, until two in a row had no such pause."""
    slow, quick = (0.8, 1.0, 0.8), (0.8, 0.3, 0.8)
    assert count_told(slow, slow, quick, slow) == [2, 1, 1, 1]
    assert count_told(slow, quick, quick, slow) == [2, 1, 1, 2]
