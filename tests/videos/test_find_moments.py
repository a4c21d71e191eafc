"""A query is found where its likelihood stands out from the rest of the clip, and refused where it doesn't."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from assistant.interfaces import PictureClassifier
from assistant.messages import MomentThresholds, View
from assistant.problems import BadInput
from assistant.videos.find_moments import COMPARED, MOST_ASKED, Moment, TimedMatch, find_moments, peaks, spoken_moments, worth_asking
from assistant.videos.queries import MOST_AGAINST, Background, Query, QueryMatch, named_things, whole_thing
from tests.support.fakes import ScriptedDescriber

WORDS = 6
THRESHOLDS = MomentThresholds()
EMPTY = np.full(WORDS, -8.0)


def match(nats: float, word_evidence: float = 0.0) -> QueryMatch:
    """At a picture that makes a description of WORDS tokens likelier by `nats` than unrelated pictures do."""
    return QueryMatch(EMPTY + (THRESHOLDS.empty_nats + nats) / WORDS, word_evidence)


def probability(background: Background, match: QueryMatch) -> float:
    return background.probability(background.evidence(match), match.word_evidence)


def moments(nats: list[float], top: int = 3, things: float = 0.0) -> list[Moment]:
    """Of a clip with a keyframe each four seconds, until second 40."""
    matches = [TimedMatch(4.0 * number, match(each)) for number, each in enumerate(nats)]
    found = find_moments(matches, 40.0, Background(THRESHOLDS, EMPTY), lambda _: things, top)
    assert all(0 <= moment.score <= 1 for moment in found)
    return found


def spans(nats: list[float], top: int = 3) -> list[tuple[float, float]]:
    return [(moment.start_s, moment.end_s) for moment in moments(nats, top)]


def clip(**nats: float) -> list[float]:
    """Ten keyframes as unrelated pictures have them, but for those named _3=..."""
    return [nats.get(f"_{number}", number % 3 - 1.0) for number in range(10)]


def test_the_keyframe_that_stands_out_is_the_moment_until_the_next_one() -> None:
    assert spans(clip(_3=14), top=1) == [(12.0, 16.0)]
    assert spans(clip(_9=14), top=1) == [(36.0, 40.0)]


def test_neighbours_that_fit_as_well_belong_to_it_and_are_no_evidence_against_it() -> None:
    assert spans(clip(_3=14, _4=15, _5=14), top=1) == [(12.0, 24.0)]
    alone, together = moments(clip(_4=15))[0], moments(clip(_2=14, _3=14, _4=15, _5=14, _6=14))[0]
    assert together.score == pytest.approx(alone.score, abs=0.1)


def test_two_moments_come_best_first() -> None:
    assert spans(clip(_1=14, _7=19), top=2) == [(28.0, 32.0), (4.0, 8.0)]


def test_a_clip_in_which_nothing_stands_out_has_no_moment() -> None:
    assert spans(clip()) == []
    assert spans([]) == []


def test_one_picture_is_judged_against_the_empty_one() -> None:
    assert spans([12.0]) == [(0.0, 40.0)]
    assert spans([0.0]) == []


def test_a_word_that_fits_every_picture_counts_for_little() -> None:
    """ "A man" is likely of most pictures; what tells one apart are the rare words."""
    others = [QueryMatch(np.array([-0.1, -8.0]), 0.0)] * 9
    common, rare = QueryMatch(np.array([-0.1, -5.0]), 0.0), QueryMatch(np.array([-2.0, -3.1]), 0.0)  # equally likely as a whole
    background = Background(THRESHOLDS, others[0].scores - THRESHOLDS.empty_nats / 2)
    for each in (*others, common, rare):
        background.add(each)
    assert background.evidence(rare, [rare]) > background.evidence(common, [common]) + 1


def test_one_word_that_somebody_else_would_have_said_differently_does_not_outweigh_the_others() -> None:
    background = Background(THRESHOLDS, EMPTY)
    fitting = match(2 * WORDS)
    odd, stranger = (QueryMatch(fitting.scores - np.array([nats, 0, 0, 0, 0, 0]), 0.0) for nats in (4.0, 9.0))
    assert background.evidence(odd) == background.evidence(stranger) == pytest.approx((5 * 2.0 + MOST_AGAINST) / 6)


def test_things_that_are_not_there_speak_against_a_moment() -> None:
    there, absent = moments(clip(_3=14), things=4.0)[0], moments(clip(_3=14), things=-4.0)
    assert not absent or absent[0].score < there.score


def test_spans_grow_from_the_highest_peak_and_never_overlap() -> None:
    assert peaks([0, 9, 10, 9, 0, 8, 7, 0], 2, 3.0) == [(2, 1, 3), (5, 5, 6)]
    assert peaks([5, 5, 5], 3, 3.0) == [(0, 0, 2)]


def test_more_evidence_is_more_probable_and_the_background_shifts_with_the_clip() -> None:
    background = Background(THRESHOLDS, EMPTY)
    values = [probability(background, match(nats)) for nats in (-5, 0, 5, 10, 20)]
    assert values == sorted(values) and values[0] < THRESHOLDS.found < values[-1]
    for _ in range(30):
        background.add(match(20))
    assert probability(background, match(20)) < THRESHOLDS.found


def test_what_a_classifier_sees_of_a_querys_words_speaks_for_a_moment() -> None:
    background = Background(THRESHOLDS, EMPTY)
    assert probability(background, match(5, -8.0)) < probability(background, match(5)) < probability(background, match(5, 8.0))
    likeliness = [background.likeliness(each) for each in (match(5), match(5, 3.0), match(15))]
    assert likeliness == sorted(likeliness)


class Words:
    """A classifier that knows of each picture how many letters a text has."""

    def word_evidence(self, view: View, text: str) -> float:
        return float(len(text))


def test_a_querys_words_are_weighed_by_a_model_that_can() -> None:
    describer = ScriptedDescriber([""])
    query = Query(describer, "I see a dog on a beach.", View())
    assert query.match(View()).word_evidence == 0
    describer.classifier = cast(PictureClassifier, Words())
    assert query.match(View()).word_evidence == len("a dog on a beach")


def test_it_is_said_plainly() -> None:
    sure, unsure = Moment(3.0, 8.0, 0.9), Moment(65.0, 70.0, 0.6)
    assert spoken_moments("a dog", []) == "I did not find 'a dog'."
    assert spoken_moments("a dog", [sure]) == "From 3 seconds to 8 seconds."
    assert (
        spoken_moments("a dog", [unsure, sure])
        == "Perhaps from 1 minute 5 seconds to 1 minute 10 seconds. Less likely: from 3 seconds to 8 seconds."
    )


def test_it_is_said_in_the_users_language() -> None:
    """A German's `assistant find` said "From 3 seconds"."""
    sure, unsure = Moment(3.0, 8.0, 0.9), Moment(65.0, 70.0, 0.6)
    assert spoken_moments("ein Hund", [], "de") == "Das sehe ich nicht: ein Hund."
    assert (
        spoken_moments("ein Hund", [sure, unsure], "de")
        == "3 Sekunden – 8 Sekunden. Vielleicht 1 Minute 5 Sekunden – 1 Minute 10 Sekunden."
    )
    assert spoken_moments("un chien", [unsure], "fr") == "Peut-être 1 minute 5 secondes – 1 minute 10 secondes."
    assert spoken_moments("كلب", [sure], "ar").startswith("3 ثوان") and "second" not in spoken_moments("كلب", [sure], "ar")


@pytest.mark.parametrize(
    ("query", "things"),
    [
        ("dog", ["a dog"]),
        ("Red car", ["a car"]),
        ("dogs racing", ["dogs"]),
        ("two dogs on the beach", ["dogs", "a beach"]),
        ("A brown and white dog is running through the snow", ["a dog", "snow"]),
        ("A man in a red shirt climbing an old wall near some trees", ["a man", "a shirt", "a wall"]),
        ("Two children run after some big dogs", ["children", "dogs"]),
        ("running fast", []),
        ("a tennis player hits a ball", ["a player", "a ball"]),
    ],
)
def test_the_things_a_query_names_are_asked_about_with_their_articles(query: str, things: list[str]) -> None:
    assert named_things(query) == things


def test_a_query_is_scored_as_a_sentence_against_an_empty_picture() -> None:
    describer = ScriptedDescriber([""], likelihoods={("What is in front of me?", "A dog on a beach."): -7.0})
    query = Query(describer, "  a dog on a beach. ", View())
    assert query.text == "a dog on a beach"
    assert query.scores(View()) == pytest.approx([-7.0 / 5] * 5)
    background = query.background()
    assert background.evidence(query.match(View())) == MOST_AGAINST  # as little as of the empty picture
    assert background.evidence(QueryMatch(query.scores(View()) + THRESHOLDS.empty_nats / 5 + 2.0, 0.0)) == pytest.approx(2.0)


def test_a_bare_thing_is_asked_for_in_both_polarities_and_not_judged_by_the_clip() -> None:
    """A clip may show a dog in all of its pictures, and the likelihood of "A dog." says little."""
    likelihoods = {
        ("Is there a dog?", "Yes"): -0.5,
        ("Is there a dog?", "No"): -2.5,
        ("Is it true that there is no dog?", "No"): -0.5,
    }
    query = Query(ScriptedDescriber([""], likelihoods=likelihoods), "a dog", View())
    assert query.scores(View()) == pytest.approx([(2.0 + 0.5) / 2])
    assert query.thing_log_odds(View()) == 0.0
    for log_odds, found in ((4.0, [(0.0, 40.0)]), (-2.0, [])):
        everywhere = [TimedMatch(4.0 * number, QueryMatch(np.array([log_odds]), 0.0)) for number in range(10)]
        assert [(m.start_s, m.end_s) for m in find_moments(everywhere, 40.0, query.background(), lambda _: 0.0, 1)] == found


def test_a_descriptions_things_are_asked_for_one_by_one_and_the_least_probable_counts() -> None:
    likelihoods = {("Is there a dog?", "No"): -9.0, ("Is there a beach?", "Yes"): -3.0}
    query = Query(ScriptedDescriber([""], likelihoods=likelihoods), "a dog runs on a beach", View())
    assert query.things == ["a dog", "a beach"]
    assert query.thing_log_odds(View()) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("query", "thing"),
    [("dog", "a dog"), ("The red car", "a red car"), ("two dogs", "dogs"), ("some water", "water"), ("brown and white dog", "a white dog")]
    + [(text, None) for text in ("a dog on a beach", "a dog runs", "two dogs run", "dogs racing", "somebody opens the door", "running")],
)
def test_a_query_that_is_nothing_but_a_thing_is_known(query: str, thing: str | None) -> None:
    assert whole_thing(query) == thing


@pytest.mark.parametrize(
    ("said", "thing"),
    [("a dog appears", "a dog"), ("someone comes in", "a person"), ("you see a red car", "a red car"), ("The bus arrives", "a bus")]
    + [("there is somebody", "a person"), ("a man enters a shop", None), ("someone opens the door", None)],
)
def test_waiting_for_a_thing_to_appear_is_asking_for_the_thing(said: str, thing: str | None) -> None:
    query = Query(ScriptedDescriber([""]), said, View())
    assert query.text == said and query.thing == thing


@pytest.mark.parametrize("text", ["", "  ", "?!", "word " * 100])
def test_a_query_without_words_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Query(ScriptedDescriber([""]), text, View())


def test_of_a_long_video_the_likeliest_are_asked_about_and_some_as_they_come() -> None:
    assert worth_asking([0.0] * MOST_ASKED) == list(range(MOST_ASKED)), "of shorter ones all are"
    evidence = [0.0] * 500
    evidence[333] = evidence[77] = 3.0
    asked = worth_asking(evidence)
    assert {333, 77, 0} <= set(asked)
    assert asked == sorted(set(asked))
    assert COMPARED <= len(asked) <= MOST_ASKED
    assert max(later - earlier for earlier, later in pairwise([*asked, 500])) <= 500 / COMPARED + 1


def test_a_moment_neither_begins_nor_goes_on_where_nobody_asked() -> None:
    matches = [TimedMatch(4.0 * number, match(nats) if number in (2, 3, 5, 8) else None) for number, nats in enumerate(clip(_3=14, _5=14))]
    found = find_moments(matches, 40.0, Background(THRESHOLDS, EMPTY), lambda _: 0.0, top=3)
    assert [(moment.start_s, moment.end_s) for moment in found][:2] == [(12.0, 16.0), (20.0, 24.0)]
    assert len(found) <= 4
    assert find_moments([TimedMatch(0.0, None)], 4.0, Background(THRESHOLDS, EMPTY), lambda _: 0.0, top=3) == []
