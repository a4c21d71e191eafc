"""What was looked at is kept and used again, within limits, and the answers are those of a describer that keeps nothing."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from assistant.engines.vlm.decoder import Decoder
from assistant.engines.vlm.decoding import Decoding
from assistant.engines.vlm.graphs import TokenEmbedder, VisionEncoder
from assistant.engines.vlm.smolvlm2 import Smolvlm2Describer
from assistant.engines.vlm.token_decoding import Sampling
from assistant.engines.vlm.view import SmolView
from assistant.messages import Detail, Frame, Keyframe
from assistant.problems import DamagedModel
from tests.support.tiny_onnx import write_tiny_model

QUESTIONS = ["What is on the table?", "Is it dark?", "Where?"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture
def describer(folder: Path) -> Smolvlm2Describer:
    return Smolvlm2Describer(folder, threads=1)


class Runs:
    """Tiles through the vision encoder and tokens through the embedding, over all describers."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.tiles = self.tokens = 0
        encode, embed = VisionEncoder.encode, TokenEmbedder.embed

        def counted_encode(encoder: VisionEncoder, tiles: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            self.tiles += len(tiles)
            return encode(encoder, tiles)

        def counted_embed(embedder: TokenEmbedder, ids: list[int]) -> np.ndarray:
            self.tokens += len(ids)
            return embed(embedder, ids)

        patch.setattr(VisionEncoder, "encode", counted_encode)
        patch.setattr(TokenEmbedder, "embed", counted_embed)

    def since(self) -> tuple[int, int]:
        """(tiles, tokens) since this was last asked."""
        counts, self.tiles, self.tokens = (self.tiles, self.tokens), 0, 0
        return counts


@pytest.fixture
def runs() -> Iterator[Runs]:
    with pytest.MonkeyPatch.context() as patch:
        yield Runs(patch)


def keyframe(seed: int, time_s: float = 0.0) -> Keyframe:
    picture = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Keyframe(Frame(picture, time_s), "only")


def windows() -> list[list[Keyframe]]:
    """Four keyframes that move on by one."""
    film = [keyframe(number, float(number)) for number in range(7)]
    return [film[start : start + 4] for start in range(4)]


def test_answers_are_the_same_with_and_without_reuse(folder: Path) -> None:
    """One look with several questions, the same picture again, a picture in tiles, a window that slides, in all 27 answers."""
    keeping, forgetting = Smolvlm2Describer(folder, 1), Smolvlm2Describer(folder, 1, view_bytes=0, picture_bytes=0)
    looks = [[keyframe(1)], [keyframe(2)], [keyframe(1)], *windows(), windows()[0]]
    for keyframes in looks:
        views = [describer.look(keyframes) for describer in (keeping, forgetting)]
        for question in QUESTIONS:
            kept, new = ("".join(d.answer(view, question)) for d, view in zip((keeping, forgetting), views, strict=True))
            assert kept == new != ""
    for question in QUESTIONS:
        kept_raw, new_raw = (d.raw([keyframe(1)], question, True, max_tokens=40) for d in (keeping, forgetting))
        assert (kept_raw.prompt, kept_raw.token_ids) == (new_raw.prompt, new_raw.token_ids)
    assert keeping._prefixes.held_bytes > 0
    assert forgetting._prefixes.held_bytes == 0


def test_a_second_question_costs_only_its_own_tokens(describer: Smolvlm2Describer, runs: Runs) -> None:
    view = describer.look([keyframe(1)])
    tiles, tokens = runs.since()
    assert tiles == 1
    assert tokens == len(view.opening_ids)
    for _ in range(2):
        next(iter(describer.answer(view, QUESTIONS[0])))
        tiles, tokens = runs.since()
        assert tiles == 0
        assert tokens < len(QUESTIONS[0]) + 40


def test_looking_at_the_same_again_costs_nothing(describer: Smolvlm2Describer, runs: Runs) -> None:
    describer.look([keyframe(1)])
    runs.since()
    view = describer.look([keyframe(1)])
    assert runs.since() == (0, 0)
    assert "".join(describer.answer(view, QUESTIONS[0]))


def test_a_window_that_slides_encodes_only_the_picture_that_is_new(describer: Smolvlm2Describer, runs: Runs) -> None:
    assert [(describer.look(window), runs.since()[0])[1] for window in windows()] == [4, 1, 1, 1]


def test_another_picture_in_the_same_memory_is_not_taken_for_the_old_one(describer: Smolvlm2Describer, runs: Runs) -> None:
    shown = keyframe(1)
    before = describer.raw([shown], QUESTIONS[0], False).token_ids
    shown.frame.picture[:] = keyframe(2).frame.picture
    assert describer.raw([shown], QUESTIONS[0], False).token_ids == describer.raw([keyframe(2)], QUESTIONS[0], False).token_ids != before
    assert runs.since()[0] == 2


def test_more_detail_looks_at_more_tiles_of_one_picture_but_not_of_a_video(describer: Smolvlm2Describer, runs: Runs) -> None:
    tiles = []
    for detail in get_args(Detail):
        describer.look([keyframe(1)], detail)
        tiles.append(runs.since()[0])
    assert tiles == [1, 5, 5]  # the tiny model's own grid is 2 x 2 at most
    describer.look([keyframe(number, float(number)) for number in range(10, 13)], "full")
    assert runs.since()[0] == 3


def test_views_are_bounded_and_one_that_was_dropped_is_read_again(folder: Path, runs: Runs) -> None:
    one = Smolvlm2Describer(folder, 1)
    size_bytes = one._opening_cache(one.look([keyframe(0)])).size_bytes
    describer = Smolvlm2Describer(folder, 1, view_bytes=3 * size_bytes)
    views = [describer.look([keyframe(number)]) for number in range(8)]
    first = "".join(one.answer(one.look([keyframe(0)]), QUESTIONS[0]))
    assert describer._prefixes._views.held_bytes == 3 * size_bytes
    runs.since()
    assert "".join(describer.answer(views[0], QUESTIONS[0])) == first
    tiles, tokens = runs.since()
    assert tiles == 0  # its picture was kept, being smaller
    assert tokens > len(views[0].opening_ids)
    assert describer._prefixes._views.held_bytes == 3 * size_bytes


def test_pictures_are_bounded_too(folder: Path, runs: Runs) -> None:
    describer = Smolvlm2Describer(folder, 1, view_bytes=0, picture_bytes=10_000)
    for number in range(50):
        describer.look([keyframe(number)])
    assert 0 < describer._prefixes.held_bytes <= 10_000
    runs.since()
    describer.look([keyframe(49)])
    describer.look([keyframe(0)])
    assert runs.since()[0] == 1


def test_unloading_frees_the_graphs_and_all_that_was_kept_and_the_next_question_loads_again(describer: Smolvlm2Describer) -> None:
    view = describer.look([keyframe(1)])
    before = "".join(describer.answer(view, QUESTIONS[0]))
    decoder = weakref.ref(describer._prefixes.graphs().decoder)
    describer.unload()
    gc.collect()
    assert decoder() is None
    assert describer._prefixes.held_bytes == 0
    assert "".join(describer.answer(view, QUESTIONS[0])) == before


def test_an_answer_that_is_being_given_comes_to_its_end_after_unloading(describer: Smolvlm2Describer) -> None:
    view = describer.look([keyframe(1)])
    expected = "".join(describer.answer(view, QUESTIONS[0]))
    answer = describer.answer(view, QUESTIONS[0])
    begun = next(answer)
    describer.unload()
    assert begun + "".join(answer) == expected


def test_lazy_loading_waits_for_the_first_look_but_a_missing_file_is_told_at_once(tmp_path: Path) -> None:
    made = write_tiny_model(tmp_path / "tiny").folder
    (made / "onnx" / "vision_encoder.onnx").write_bytes(b"no graph")
    lazy = Smolvlm2Describer(made, 1, lazy=True)
    assert lazy.max_pictures > 0
    with pytest.raises(DamagedModel, match="vision_encoder"):
        lazy.look([keyframe(1)])
    with pytest.raises(DamagedModel, match="vision_encoder"):
        Smolvlm2Describer(made, 1)
    (made / "onnx" / "vision_encoder.onnx").unlink()
    with pytest.raises(Exception, match="vision_encoder.onnx is missing"):
        Smolvlm2Describer(made, 1, lazy=True)


def test_threads_that_look_ask_and_unload_at_once_get_what_one_alone_gets(folder: Path) -> None:
    alone = Smolvlm2Describer(folder, 1)
    expected = ["".join(alone.answer(alone.look([keyframe(number % 3)]), QUESTIONS[number % 3])) for number in range(12)]
    shared = Smolvlm2Describer(folder, 1, lazy=True, view_bytes=20_000)

    def ask(number: int) -> str:
        if number % 5 == 4:
            shared.unload()
        return "".join(shared.answer(shared.look([keyframe(number % 3)]), QUESTIONS[number % 3]))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(12))) == expected


def test_likelihoods_of_several_answers_are_those_of_each_and_read_the_question_once(describer: Smolvlm2Describer, runs: Runs) -> None:
    view = describer.look([keyframe(1)])
    answers = ["yes", "a cup in the sink", "x", "no"]
    each = [describer.log_likelihood(view, QUESTIONS[0], answer) for answer in answers]
    runs.since()
    together = describer.log_likelihoods(view, QUESTIONS[0], answers)
    _, tokens = runs.since()
    assert together == pytest.approx(each, abs=1e-4)
    assert tokens < len(QUESTIONS[0]) + 40 + sum(map(len, answers))
    assert len(set(together)) == len(answers)


def test_sampling_is_repeatable_by_its_seed(describer: Smolvlm2Describer) -> None:
    view = describer.look([keyframe(1)])

    def answer(sampling: Sampling | None) -> str:
        return "".join(describer.answer(view, QUESTIONS[0], sampling=sampling))

    hot = [answer(Sampling(temperature=2.0, top_p=1.0, seed=seed)) for seed in (1, 1, 2)]
    assert hot[0] == hot[1] != hot[2]
    assert answer(Sampling(temperature=0.01)) == answer(None)


def test_tokens_that_stand_for_pictures_are_never_said(describer: Smolvlm2Describer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that wants nothing but them is led to something else; the raw answer is the model's own."""
    wanted = sorted(describer._files.suppressed_token_ids)
    assert {describer._tokenizer.token_to_id(token) for token in ("<image>", "<fake_token_around_image>", "<row_2_col_3>")} <= set(wanted)
    assert not set(wanted) & describer._files.stop_ids
    check = Decoder.check_numbers

    def wanting(decoder: Decoder, logits: np.ndarray) -> None:
        check(decoder, logits)
        logits[..., wanted] += 1000

    monkeypatch.setattr(Decoder, "check_numbers", wanting)
    view = describer.look([keyframe(1)])
    said = list(describer._tokens(view, describer._closing(view, QUESTIONS[0]), 20, Decoding(suppressed=wanted)))
    assert not set(said) & set(wanted)
    assert "".join(describer.answer(view, QUESTIONS[0]))
    assert set(describer.raw([keyframe(1)], QUESTIONS[0], False).token_ids) <= set(wanted)


def test_a_question_is_read_once_however_often_its_answers_are_weighed(describer: Smolvlm2Describer, runs: Runs) -> None:
    def weighed(view: SmolView, question: str) -> tuple[list[float], int]:
        """What two answers are worth, and the tokens that were read for it."""
        runs.since()
        return describer.log_likelihoods(view, question, ["A", "B"]), runs.since()[1]

    view, other = describer.look([keyframe(1)]), describer.look([keyframe(2)])
    worth, at_first = weighed(view, QUESTIONS[0])
    assert (again := weighed(view, QUESTIONS[0]))[0] == worth
    assert again[1] < at_first
    assert weighed(other, QUESTIONS[0])[0] != worth
    assert weighed(view, QUESTIONS[1])[0] != worth
    assert weighed(view, QUESTIONS[0]) == (worth, at_first)  # read anew: only the last question is kept


def test_a_view_of_another_describer_is_refused(folder: Path, describer: Smolvlm2Describer) -> None:
    with pytest.raises(TypeError, match="describer that made it"):
        list(Smolvlm2Describer(folder, 1).answer(describer.look([keyframe(1)]), "?"))


def test_a_view_holds_no_cache_of_its_own(describer: Smolvlm2Describer) -> None:
    view = describer.look([keyframe(1)])
    assert isinstance(view, SmolView)
    cache = weakref.ref(describer._opening_cache(view))
    describer.unload()
    gc.collect()
    assert cache() is None
