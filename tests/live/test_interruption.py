"""What is heard while the assistant speaks: it lowers its voice, pauses it, and goes on or not."""

from __future__ import annotations

import pytest

from assistant.live.interruption import HOLD_S, LOWERED, MOST_WAIT_S, Interruption


def loudness(interruption: Interruption, time_s: float, *, speech: bool = False, word: bool = False) -> float:
    return interruption.loudness(time_s, sounds_like_speech=speech, is_word=word)


def test_a_first_sound_lowers_the_voice_and_a_click_lets_it_come_back() -> None:
    interruption = Interruption()
    assert loudness(interruption, 0.0) == 1.0
    assert loudness(interruption, 1.0, speech=True) == LOWERED
    assert loudness(interruption, 1.0 + HOLD_S / 2) == LOWERED
    assert loudness(interruption, 1.0 + HOLD_S) == 1.0


def spoken_over() -> Interruption:
    """A sound as long as a word, that has paused."""
    interruption = Interruption()
    interruption.sounds()
    assert loudness(interruption, 1.0, speech=True, word=True) == 0.0
    return interruption


def test_a_word_pauses_the_voice_until_a_cough_is_known_for_one() -> None:
    interruption = spoken_over()
    pause = interruption.sound
    assert loudness(interruption, 2.0, word=True) == 0.0
    assert not interruption.judge(pause, "nothing")
    assert interruption.is_dismissed
    assert loudness(interruption, 2.0, word=True) == 1.0


def test_the_voice_waits_for_a_verdict_after_the_sound_but_not_for_ever() -> None:
    interruption = spoken_over()
    pause = interruption.sound
    interruption.ended(2.0, is_judged=False)
    assert loudness(interruption, 2.0 + MOST_WAIT_S / 2) == 0.0
    assert loudness(interruption, 2.0 + MOST_WAIT_S) == 1.0
    interruption.judge(pause, "nothing")
    assert loudness(interruption, 2.1) == 1.0


@pytest.mark.parametrize("goes_on", [False, True])
def test_words_end_the_turn_whenever_they_are_known(goes_on: bool) -> None:
    interruption = spoken_over()
    pause = interruption.sound
    if goes_on:
        interruption.sounds()
    assert interruption.judge(pause, "words")


def test_what_was_no_word_until_a_pause_may_become_one() -> None:
    interruption = spoken_over()
    pause = interruption.sound
    interruption.sounds()
    interruption.judge(pause, "nothing")
    assert not interruption.is_dismissed
    assert loudness(interruption, 2.0, speech=True, word=True) == 0.0


def test_a_sound_after_a_cough_is_heard_as_a_new_one() -> None:
    interruption = spoken_over()
    interruption.judge(interruption.sound, "nothing")
    interruption.ended(2.0, is_judged=False)
    interruption.sounds()
    assert loudness(interruption, 3.0, speech=True, word=True) == 0.0


def test_the_first_word_of_an_answer_right_after_a_question_is_as_loud_as_the_others() -> None:
    interruption = spoken_over()
    interruption.ended(1.25, is_judged=True)
    assert loudness(interruption, 1.26) == 1.0
