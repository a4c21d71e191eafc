"""The training model agrees with itself and with the graphs (needs the extra [train]; not run where torch is absent)."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers  # noqa: E402

from assistant.export.gguf_file import LlamaWeights  # noqa: E402
from assistant.export.starter_form import ADDED_TOKENS, prompt, prompt_closing, prompt_opening  # noqa: E402
from models.training.batches import Row, collate, encode  # noqa: E402
from models.training.model import StarterModel  # noqa: E402
from models.training.questions import Exchange  # noqa: E402
from tests.export.test_starter import random_weights, reference_logits  # noqa: E402

WIDTH = 20


def tiny_tokenizer() -> Tokenizer:
    vocabulary = {token: i for i, token in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in ["<|im_start|>", "<|im_end|>", *ADDED_TOKENS]])
    return tokenizer


def tiny_model(tokenizer: Tokenizer) -> StarterModel:
    weights = random_weights()
    embedding = np.random.default_rng(7).normal(size=(tokenizer.get_vocab_size(), 64)).astype(np.float32)
    torch.manual_seed(0)
    model = StarterModel(LlamaWeights(weights.shape, {**weights.arrays, "embed_tokens": embedding, "lm_head": embedding[:, :]}), 2, WIDTH)
    for layer in model.layers:
        layer.q_proj.b.data.normal_(0, 0.1)
    return model


def row(*answers: str, seed: int = 0, question: str = "What is this?") -> Row:
    return several((question, answers), seed=seed)


def several(*exchanges: tuple[str, tuple[str, ...]], seed: int = 0) -> Row:
    features = np.random.default_rng(seed).normal(size=(16, WIDTH)).astype(np.float32)
    return Row("Seen: unsure.\n", tuple(Exchange(*exchange) for exchange in exchanges), features)


def test_answers_side_by_side_give_the_logits_of_each_alone() -> None:
    """Several questions and captions behind one prefix, several pictures in one flat row: nobody sees the other's words."""
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer)
    packed = [several(("What is this?", ("A cat.", "Two dogs run.")), ("Is there a cup?", ("No.",)), seed=1), row("A cup.", seed=2)]
    single = [
        row("A cat.", seed=1),
        row("Two dogs run.", seed=1),
        row("No.", seed=1, question="Is there a cup?"),
        row("A cup.", seed=2),
    ]
    with torch.no_grad():
        together = model(collate(packed, tokenizer))
        alone = [model(collate([r], tokenizer)) for r in single]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_a_question_is_tokenised_apart_from_the_picture_as_it_is_together_with_it() -> None:
    tokenizer = tiny_tokenizer()
    for question in ("What is this?", "Is there a dog?", "7 dogs?"):
        together = encode(tokenizer, prompt("Seen: unsure.\n", question))
        assert encode(tokenizer, prompt_opening("Seen: unsure.\n")) + encode(tokenizer, prompt_closing(question)) == together


def test_the_softmax_over_candidates_is_a_part_of_the_whole() -> None:
    tokenizer = tiny_tokenizer()
    model, batch = tiny_model(tokenizer), collate([row("A cat.")], tokenizer)
    candidates = torch.tensor([3, 8, 40])
    with torch.no_grad():
        torch.testing.assert_close(model(batch, candidates), model(batch)[:, candidates])


def test_without_its_adapter_the_model_is_the_llama_of_the_graphs() -> None:
    tokenizer = tiny_tokenizer()
    model, batch = tiny_model(tokenizer), collate([row("A cat.")], tokenizer)
    for layer in model.layers:
        layer.q_proj.b.data.zero_()
    with torch.no_grad():
        embeds = model.embedding[batch.ids].index_copy(0, batch.image_at, model.connector(batch.features).flatten(0, 1))
        weights = random_weights()
        expected = reference_logits(LlamaWeights(weights.shape, {**weights.arrays, "lm_head": model.head.numpy()}), embeds.numpy())
        np.testing.assert_allclose(model(batch).numpy(), expected[batch.predict_at.numpy()], atol=2e-3)
