"""Answers end, don't loop, and come as whole characters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from assistant.engines.vlm.token_decoding import (
    TOKEN_CAPS,
    Sampling,
    TextStream,
    TokenConstraints,
    completes_loop,
    decode_tokens,
    drawn_scores,
    pick,
)
from assistant.problems import BadInput

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
    assert list(decode_tokens(scores(1), lambda _: next(script), TokenConstraints({STOP}, 10))) == [1, 2, STOP]


def test_an_answer_ends_at_its_cap_without_asking_the_model_once_more() -> None:
    asked = []

    def advance(token: int) -> np.ndarray:
        asked.append(token)
        return scores(token + 1)

    assert list(decode_tokens(scores(0), advance, TokenConstraints({STOP}, 3))) == [0, 1, 2]
    assert asked == [0, 1]


def test_whoever_stops_asking_stops_the_model() -> None:
    asked = []

    def advance(token: int) -> np.ndarray:
        asked.append(token)
        return scores(token + 1)

    assert list(itertools.islice(decode_tokens(scores(0), advance, TokenConstraints({STOP}, 10)), 2)) == [0, 1]
    assert asked == [0]


def test_more_detail_allows_longer_answers() -> None:
    assert TOKEN_CAPS["brief"] < TOKEN_CAPS["normal"] < TOKEN_CAPS["full"]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 15])
def test_a_model_that_only_repeats_itself_is_led_out_of_the_loop(block: int) -> None:
    """The model wants block after block for ever; its second choice is to stop."""
    wanted = itertools.cycle(range(block))
    next(wanted)
    tokens = list(decode_tokens(scores(0, STOP), lambda _: scores(next(wanted), STOP), TokenConstraints({STOP}, 200)))
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
    assert list(decode_tokens(scores(4), lambda _: scores(4), TokenConstraints({STOP}, 40), guard=False)) == [4] * 40


def draws(sampling: Sampling, logits: np.ndarray, count: int = 4000) -> np.ndarray:
    """f64 [vocabulary]: how often each token was drawn."""
    rng = np.random.default_rng(sampling.seed)
    return np.bincount([drawn_scores(logits, sampling, rng).argmax() for _ in range(count)], minlength=len(logits)) / count


def test_tokens_are_drawn_as_often_as_their_probability_says() -> None:
    probabilities = np.array([0.5, 0.3, 0.15, 0.05])
    np.testing.assert_allclose(draws(Sampling(1.0, 1.0), np.log(probabilities)), probabilities, atol=0.03)
    cooler = probabilities**2 / (probabilities**2).sum()
    np.testing.assert_allclose(draws(Sampling(0.5, 1.0), np.log(probabilities)), cooler, atol=0.03)


def test_only_the_likeliest_tokens_up_to_top_p_are_drawn() -> None:
    probabilities = np.array([0.05, 0.5, 0.15, 0.3])
    found = draws(Sampling(1.0, 0.7), np.log(probabilities))
    np.testing.assert_allclose(found, [0, 0.5 / 0.8, 0, 0.3 / 0.8], atol=0.03)


def test_a_tiny_top_p_or_temperature_takes_the_likeliest() -> None:
    logits = np.random.default_rng(0).standard_normal(VOCABULARY)
    for sampling in (Sampling(1.0, 1e-9), Sampling(0.01, 1.0)):
        assert draws(sampling, logits, 50)[logits.argmax()] == 1


def test_the_same_seed_draws_the_same_answer_and_another_seed_another() -> None:
    def answer(seed: int) -> list[int]:
        return list(
            decode_tokens(
                np.zeros(VOCABULARY), lambda _: np.zeros(VOCABULARY), TokenConstraints({STOP}, 12), sampling=Sampling(1.0, 1.0, seed)
            )
        )

    assert answer(1) == answer(1)
    assert len({tuple(answer(seed)) for seed in range(5)}) > 1


def test_sampling_is_led_out_of_a_loop_too() -> None:
    logits = scores(4) * 10
    tokens = list(decode_tokens(logits, lambda _: logits, TokenConstraints({STOP}, 60), sampling=Sampling(1.0, 0.9)))
    assert not any(completes_loop(tokens[:end], tokens[end]) for end in range(len(tokens)))


@pytest.mark.parametrize("sampling", [None, Sampling(100.0, 1.0)], ids=["greedy", "sampling"])
@pytest.mark.parametrize("guard", [True, False])
def test_a_forbidden_token_is_never_taken(sampling: Sampling | None, guard: bool) -> None:
    logits = scores(3, 4, 5)
    before = logits.copy()
    tokens = list(decode_tokens(logits, lambda _: logits, TokenConstraints({STOP}, 200, [3, 4]), guard=guard, sampling=sampling))
    assert not {3, 4} & set(tokens)
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"temperature": float("nan")}, {"top_p": 0.0}, {"top_p": 1.1}, {"seed": -1}])
def test_sampling_out_of_range_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="sampling"):
        Sampling(**options)  # type: ignore[arg-type]


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


def test_a_token_that_ends_one_character_and_begins_the_next_breaks_neither() -> None:
    """The first version dropped what stood incomplete at the end of four tokens, and with it the next character."""
    first, second = bytelevel("日"), bytelevel("本")  # three bytes each
    pieces = [first[0], first[1], first[2] + second[0], second[1], second[2]]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.decoder = decoders.ByteLevel()
    stream = TextStream(made)
    assert [stream.feed(token) for token in range(5)] == ["", "", "日", "", "本"]


def bytelevel(word: str) -> str:
    return str(pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(word)[0][0])


@pytest.fixture(scope="module")
def byte_fallback() -> Tokenizer:
    """As sentencepiece's: words with their blank, bytes for the rest, and a decoder that strips the first blank of a text."""
    vocabulary = ["<unk>", "\u2581a", "\u2581the", "b", *(f"<0x{byte:02X}>" for byte in range(256))]
    made = Tokenizer(models.BPE(vocab={piece: number for number, piece in enumerate(vocabulary)}, merges=[], byte_fallback=True))
    parts = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    made.decoder = decoders.Sequence(parts)
    return made


def ids_of(tokenizer: Tokenizer, pieces: list[str]) -> list[int]:
    return [token for piece in pieces if (token := tokenizer.token_to_id(piece)) is not None]


def test_bytes_in_place_of_rare_characters_come_whole_and_blanks_stay(byte_fallback: Tokenizer) -> None:
    pieces = ["\u2581the", *(f"<0x{byte:02X}>" for byte in "🐈é".encode()), "\u2581a", "b", "\u2581the"]
    stream = TextStream(byte_fallback)
    said = [stream.feed(token) for token in ids_of(byte_fallback, pieces)]
    assert said == ["the", "", "", "", "🐈", "", "é", " a", "b", " the"]


def test_half_a_character_in_bytes_is_dropped(byte_fallback: Tokenizer) -> None:
    pieces = ["\u2581the", "<0xF0>", "<0x9F>", "\u2581a"]
    stream = TextStream(byte_fallback)
    assert "".join(stream.feed(token) for token in ids_of(byte_fallback, pieces)) == "the a"


def test_any_tokens_in_any_order_say_what_they_say_together(tokenizer: Tokenizer) -> None:
    """All but what is no character: 200 random rows of bytes."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        ids = rng.integers(0, 257, 30).tolist()
        assert "".join(map(TextStream(tokenizer).feed, ids)) == tokenizer.decode(ids).replace("\ufffd", "")
