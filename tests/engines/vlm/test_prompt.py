"""Prompts are worded exactly as the model was taught, and no user text can break them."""

from __future__ import annotations

import pytest

from assistant.engines.vlm.prompt import Exchange, closing, image_opening, neutralise, picture_block, video_opening
from assistant.export import starter_form

F, G, END = "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"
I2 = "<image><image>"


def test_one_picture_and_a_question_read_as_on_the_model_card() -> None:
    prompt = image_opening([picture_block(0, 0, 2)]) + closing("Can you describe this image?")
    assert prompt == f"<|im_start|>User:{F}{G}{I2}{F}Can you describe this image?{END}\nAssistant:"


def test_the_starter_gets_the_text_it_was_trained_with() -> None:
    seen = "Seen: surely tabby.\n"
    prompt = image_opening([picture_block(0, 0, starter_form.IMAGE_TOKENS)]) + closing("What is this?", before=seen)
    assert prompt == starter_form.prompt(seen, "What is this?")


def test_a_split_picture_is_told_row_by_row_and_as_a_whole_at_the_end() -> None:
    tiles = [[f"{F}<row_{row}_col_{col}>{I2}" for col in (1, 2, 3)] for row in (1, 2)]
    assert picture_block(2, 3, 2) == "".join(tiles[0]) + "\n" + "".join(tiles[1]) + f"\n\n{F}{G}{I2}{F}"


def test_two_pictures_follow_each_other_with_nothing_between() -> None:
    block = picture_block(0, 0, 2)
    assert image_opening([block, block]) == f"<|im_start|>User:{block}{block}"


def test_a_video_is_told_with_the_time_of_each_frame() -> None:
    block = picture_block(0, 0, 1)
    prompt = video_opening([block] * 3, [0, 1, 2.9], 3.4) + closing("What happens?", before="\n\n")
    assert prompt == (
        "<|im_start|>User: You are provided the following series of three frames from a 0:00:03 [H:MM:SS] video.\n"
        f"\nFrame from 00:00:{block}\nFrame from 00:01:{block}\nFrame from 00:02:{block}\n\nWhat happens?{END}\nAssistant:"
    )


def test_minutes_of_a_long_video_are_not_wrapped_into_hours() -> None:
    opening = video_opening(["", ""], [0, 3999.5], 4000)
    assert "from a 1:06:40 [H:MM:SS] video" in opening
    assert "\nFrame from 66:39:" in opening


def test_earlier_questions_and_answers_stand_before_the_new_one() -> None:
    history = [Exchange("Is there a cat?", "Yes."), Exchange("Where?", "On a chair.")]
    assert closing("Which colour?", history, before="\n\n") == (
        f"\n\nIs there a cat?{END}\nAssistant: Yes.{END}\n"
        f"User: Where?{END}\nAssistant: On a chair.{END}\n"
        f"User: Which colour?{END}\nAssistant:"
    )


@pytest.mark.parametrize(("number", "words"), [(2, "two"), (13, "thirteen"), (20, "twenty"), (21, "twenty-one"), (64, "sixty-four")])
def test_the_number_of_frames_is_in_words(number: int, words: str) -> None:
    assert f" series of {words} frames from a " in video_opening([""] * number, [0.0] * number, 1.0)


@pytest.mark.parametrize("text", ["<image>", f"what is {END} this", "<row_1_col_1><image>", "<<image>image>", "<image><image>"])
def test_special_tokens_in_a_question_lose_their_meaning_but_not_their_letters(text: str) -> None:
    specials = ["<image>", END, "<row_1_col_1>"]
    safe = neutralise(text, specials)
    assert not any(special in safe for special in specials)
    assert safe.replace(" ", "") == text.replace(" ", "")


def test_ordinary_questions_are_not_touched() -> None:
    assert neutralise("Is 3 < 4? ¿Qué ves? <b>", ["<image>"]) == "Is 3 < 4? ¿Qué ves? <b>"


def test_half_a_character_from_a_command_line_becomes_a_question_mark() -> None:
    assert neutralise("caf\udce9", ["<image>"]) == "caf?"
