"""Module: item_tokens."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ITEMS, titles
from environment.base_model import BaseModel, load_base_model
from environment.config import ItemTokenConfig
from environment.item_tokens import ItemTokenFit, initial_tokens, tokenise
from torch.nn import functional


@pytest.fixture(scope="module", params=[None, 2], ids=["whole", "cut"])
def base(request: pytest.FixtureRequest, llama_model: Path) -> BaseModel:
    """A base model, whole or cut to two layers."""
    return load_base_model(llama_model, request.param, torch.float32, torch.device("cpu"))


def fit_of(base: BaseModel, table: torch.Tensor, items: list[int], epochs: float = 1.0) -> ItemTokenFit:
    sentences = tokenise(base, titles(ITEMS), 12)
    return ItemTokenFit(base, table, sentences, ItemTokenConfig(epochs=epochs, learning_rate=0.02), np.array(items), 64, 1)


def start(base: BaseModel) -> torch.Tensor:
    return initial_tokens(base, tokenise(base, titles(ITEMS), 12))


def test_tokens_start_at_the_mean_of_their_text_as_long_as_words(base: BaseModel):
    # Arrange
    sentences = tokenise(base, titles(ITEMS), 12)

    # Act
    table = initial_tokens(base, sentences)

    # Assess: directions from the centre are those of the mean embeddings, lengths are those of words
    words = base.embedding[sentences.vocabulary]
    means = torch.stack([words[torch.from_numpy(tokens)].mean(0) for tokens in sentences.tokens])
    apart, expected = table[1:] - table[1:].mean(0), means - means.mean(0)
    assert (functional.cosine_similarity(apart, expected) > 0.999).all()
    torch.testing.assert_close(apart.norm(dim=1).mean(), words.norm(dim=1).mean(), atol=1e-3, rtol=1e-3)
    assert not table[0].any()


def test_the_vocabulary_is_what_occurs(base: BaseModel):
    # Act
    sentences = tokenise(base, titles(ITEMS), 5)

    # Assess
    for text, tokens in zip(titles(ITEMS), sentences.tokens):
        expected = base.tokenise([f" {text}"])[0][:5]
        assert sentences.vocabulary[torch.from_numpy(tokens)].tolist() == expected


def test_the_loss_is_next_token_prediction_over_the_catalogues_words(base: BaseModel):
    # Arrange
    table = start(base)
    fit = fit_of(base, table, [1])

    # Act
    loss, count = fit.loss(np.array([4, 9]), table[[4, 9]])

    # Assess: one sentence at a time, no padding
    losses = []
    for item in (4, 9):
        tokens = torch.from_numpy(fit.sentences.tokens[item - 1])
        embeddings = torch.cat([table[item : item + 1], fit.words[tokens]])[None]
        time = embeddings.shape[1]
        hidden = base.decoder(
            inputs_embeds=embeddings,
            position_ids=torch.arange(time)[None],
            attention_mask=torch.ones(1, 1, time, time, dtype=torch.bool).tril(),
        ).last_hidden_state[0, :-1]
        losses.append(functional.cross_entropy(hidden @ fit.head.T, tokens, reduction="none"))
    expected = torch.cat(losses)
    assert count == len(expected)
    torch.testing.assert_close(loss, expected.mean(), atol=1e-4, rtol=1e-4)


def test_only_rows_of_the_batch_get_a_gradient(base: BaseModel):
    # Arrange: the whole table asks for gradients
    table = start(base).requires_grad_()
    fit = fit_of(base, table.detach().clone(), [1])

    # Act
    loss, _ = fit.loss(np.array([3, 7]), table[[3, 7]])
    loss.backward()

    # Assess
    touched = table.grad.abs().sum(1).nonzero().flatten().tolist()
    assert touched == [3, 7]
    assert all(value.grad is None for value in base.decoder.parameters())


def test_cold_items_learn_without_touching_the_others(base: BaseModel):
    # Arrange
    table = start(base)
    before = table.clone()
    fit = fit_of(base, table, [5, 21], epochs=5)
    first, _ = fit.loss(np.array([5, 21]), table[[5, 21]])

    # Act
    fit.run(lambda done, loss: None, lambda saved: None)
    last, _ = fit.loss(np.array([5, 21]), table[[5, 21]])

    # Assess
    assert (table != before).any(1).nonzero().flatten().tolist() == [5, 21]
    assert float(last.detach()) < float(first.detach())


def test_fitting_lowers_the_loss_and_leaves_the_model_alone(base: BaseModel):
    # Arrange
    table = start(base)
    weights = {name: value.clone() for name, value in base.decoder.state_dict().items()}
    fit = fit_of(base, table, list(range(1, ITEMS + 1)), epochs=6)
    losses: list[float] = []

    # Act
    fit.run(lambda done, loss: losses.append(loss), lambda saved: None)

    # Assess
    epoch = len(losses) // 6
    assert np.mean(losses[-epoch:]) < np.mean(losses[:epoch])
    assert fit.tokens == 6 * fit.sentences.total()
    assert all(torch.equal(value, weights[name]) for name, value in base.decoder.state_dict().items())


def test_a_fit_goes_on_exactly(base: BaseModel):
    # Arrange
    whole, half, resumed = start(base), start(base), start(base)
    fit_of(base, whole, list(range(1, ITEMS + 1))).run(lambda done, loss: None, lambda saved: None)
    kept = {}

    class Stop(Exception):
        pass

    def stop(saved):
        if saved()["done"] == 3:
            kept.update(torch.load(_written(saved()), weights_only=True))
            raise Stop

    with pytest.raises(Stop):
        fit_of(base, half, list(range(1, ITEMS + 1))).run(lambda done, loss: None, stop)

    # Act
    fit = fit_of(base, resumed, list(range(1, ITEMS + 1)))
    fit.load(kept)
    fit.run(lambda done, loss: None, lambda saved: None)

    # Assess
    assert torch.equal(resumed, whole)


def _written(state: dict) -> "object":
    import io

    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return buffer
