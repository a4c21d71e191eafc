"""Answers end, don't loop, and come as whole characters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from assistant.runtimes.token_decoding import TOKEN_CAPS, TextStream, completes_loop, decode_tokens, pick

VOCABULARY = 20
STOP = 19


def scores(*best_first: int) -> np.ndarray:
    """Logits that rank these tokens first, in this order."""
    logits = np.zeros(VOCABULARY, np.float32)
    for rank, token in enumerate(best_first):
        logits[token] = 10 - rank
    return logits


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One token a byte, and one special token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken("<image>", special=True, normalized=False)])
    return made


def test_an_answer_ends_with_the_first_stop_token() -> None:
    script = iter([scores(2), scores(STOP), scores(3)])
    assert list(decode_tokens(scores(1), lambda _: next(script), {STOP}, 10)) == [1, 2, STOP]


def test_an_answer_ends_at_its_cap_without_asking_the_model_once_more() -> None:
    asked = []

    def advance(token: int) -> np.ndarray:
        asked.append(token)
        return scores(token + 1)

    assert list(decode_tokens(scores(0), advance, {STOP}, 3)) == [0, 1, 2]
    assert asked == [0, 1]


def test_whoever_stops_asking_stops_the_model() -> None:
    asked = []

    def advance(token: int) -> np.ndarray:
        asked.append(token)
        return scores(token + 1)

    assert list(itertools.islice(decode_tokens(scores(0), advance, {STOP}, 10), 2)) == [0, 1]
    assert asked == [0]


def test_more_detail_allows_longer_answers() -> None:
    assert TOKEN_CAPS["brief"] < TOKEN_CAPS["normal"] < TOKEN_CAPS["full"]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 15])
def test_a_model_that_only_repeats_itself_is_led_out_of_the_loop(block: int) -> None:
    """The model wants block after block for ever; its second choice is to stop."""
    wanted = itertools.cycle(range(block))
    next(wanted)
    tokens = list(decode_tokens(scores(0, STOP), lambda _: scores(next(wanted), STOP), {STOP}, 200))
    assert tokens[-1] == STOP
    assert len(tokens) <= max(12, 3 * block)
    assert len(tokens) > block  # a block may always stand once


@pytest.mark.parametrize(
    "phrase",
    [
        "1000000",
        "no, no, no",
        "a man in a blue shirt and a man in a blue shirt",
        "......",
        "The cat is on a table. The cat is on a",
    ],
)
def test_ordinary_repetition_is_left_alone(phrase: str) -> None:
    """Digits, emphasis, a phrase said twice and the start of a second like sentence (tokens here are words or digits)."""
    words = list(phrase) if " " not in phrase else phrase.replace(",", " ,").replace(".", " .").split()
    tokens = [words.index(word) for word in words]
    assert not any(completes_loop(tokens[:end], tokens[end]) for end in range(len(tokens)))


def test_without_a_loop_the_likeliest_token_is_taken_even_if_it_was_said_before() -> None:
    assert pick(scores(4, 7), [4, 7, 4, 7, 1, 4, 7]) == 4


def test_the_guard_leaves_the_scores_as_they_were() -> None:
    logits = scores(4, 7)
    before = logits.copy()
    assert pick(logits, [4] * 11) == 7
    np.testing.assert_array_equal(logits, before)


def test_the_guard_can_be_switched_off_for_the_models_own_answer() -> None:
    assert list(decode_tokens(scores(4), lambda _: scores(4), {STOP}, 40, guard=False)) == [4] * 40


@pytest.mark.parametrize("text", ["plain", "naïve café", "日本語のテキスト", "🐈‍⬛ and 🇧🇷", " leading", "a\nb"])
def test_text_comes_in_whole_characters_and_loses_nothing(tokenizer: Tokenizer, text: str) -> None:
    stream = TextStream(tokenizer)
    pieces = [stream.feed(token) for token in tokenizer.encode(text).ids]
    assert "".join(pieces) == text
    assert "\ufffd" not in "".join(pieces)


def test_special_tokens_are_never_said(tokenizer: Tokenizer) -> None:
    stream = TextStream(tokenizer)
    assert "".join(stream.feed(token) for token in tokenizer.encode("a<image>é<image>").ids) == "aé"


def test_a_character_cut_by_the_cap_is_dropped_not_mangled(tokenizer: Tokenizer) -> None:
    stream = TextStream(tokenizer)
    assert "".join(stream.feed(token) for token in tokenizer.encode("ok 🐈").ids[:-1]) == "ok "


def test_bytes_that_are_no_text_dont_hold_up_what_follows(tokenizer: Tokenizer) -> None:
    stray = tokenizer.encode("é").ids[1]
    stream = TextStream(tokenizer)
    assert "".join(stream.feed(token) for token in [stray] * 6 + tokenizer.encode("still here").ids) == "still here"
