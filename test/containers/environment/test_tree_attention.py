"""Class: tree attention and the packed layout, against one prompt for each (state, action) and a dense mask."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ITEMS, naive, random_model
from environment.engine import CandidatePolicy, Engine
from environment.errors import BaseModelError
from environment.layout import action_mask, history_mask, pack
from environment.tree_attention import attention_mask, check_window, dense_mask, tree_attention
from hypothesis import given, settings
from hypothesis import strategies as st

ROWS = st.lists(st.lists(st.integers(1, ITEMS), min_size=1, max_size=9), min_size=1, max_size=4)


def dense_attention(query, key, value, mask):
    """Softmax attention in NumPy with a full [queries, keys] mask; one row, float64."""
    heads, groups = query.shape[1], key.shape[1]
    key, value = (np.repeat(array, heads // groups, 1) for array in (key, value))
    scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return ((weights / weights.sum(-1, keepdims=True)) @ value).transpose(0, 2, 1, 3)


def test_tree_attention_equals_dense_attention_with_the_tree_mask():
    # Arrange: 5 history tokens, 3 actions after positions 0, 2 and 3
    generator = np.random.default_rng(0)
    history, after = 5, [0, 2, 3]
    query = generator.normal(size=(1, 4, 8, 6))
    key, value = (generator.normal(size=(1, 2, 8, 6)) for _ in range(2))
    dense = np.zeros((8, 8), bool)
    dense[:history, :history] = np.tril(np.ones((history, history), bool))
    for index, position in enumerate(after):
        dense[history + index, : position + 1] = True
        dense[history + index, history + index] = True
    batch = pack([np.arange(1, 6)], [np.array([[1], [0], [1], [1]])])
    batch.after[0, :3] = torch.tensor(after)

    # Act
    mask = torch.cat([history_mask(batch, 0), action_mask(batch, 0)[:, :, :3]], 2)
    output, weights = tree_attention(None, *map(torch.from_numpy, (query, key, value)), mask)

    # Assess
    assert weights is None
    np.testing.assert_allclose(output.numpy(), dense_attention(query, key, value, dense), atol=1e-12)


@settings(max_examples=20)
@given(rows=ROWS, count=st.integers(0, 3), instruction=st.integers(0, 3), cached=st.booleans(), seed=st.integers(0, 99))
def test_a_dense_mask_gives_the_fused_kernels_the_same_attention(rows, count, instruction, cached, seed):
    # Arrange: all queries, or those of the actions alone after a history that was read before
    generator = np.random.default_rng(seed)
    batch = pack([np.array(row) for row in rows], [generator.integers(1, ITEMS + 1, (len(row) - 1, count)) for row in rows])
    actions = batch.actions.shape[1]
    history = instruction + batch.items.shape[1]
    seen = torch.cat([history_mask(batch, instruction).expand(len(rows), -1, -1, -1), action_mask(batch, instruction)], 2)
    seen = seen[:, :, history:] if cached and actions else seen
    query = torch.from_numpy(generator.normal(size=(len(rows), 4, seen.shape[2], 8)))
    key, value = (torch.from_numpy(generator.normal(size=(len(rows), 2, history + actions, 8))) for _ in range(2))

    # Act
    by_itself, _ = tree_attention(None, query, key, value, seen, scaling=0.3)
    fused, _ = tree_attention(None, query, key, value, dense_mask(seen, actions, torch.float64), scaling=0.3)

    # Assess
    torch.testing.assert_close(fused, by_itself, atol=1e-12, rtol=1e-12)
    assert attention_mask(seen, actions, torch.bfloat16) is seen  # no GPU, no fused kernel


@pytest.mark.parametrize("instruction", [0, 3])
def test_packed_scores_equal_one_prompt_for_each_state_and_action(family_model: Path, instruction: int):
    # Arrange
    model = random_model(family_model, instruction=instruction)
    generator = np.random.default_rng(1)
    rows = [generator.integers(1, ITEMS + 1, length) for length in (7, 2, 4)]
    actions = [generator.integers(1, ITEMS + 1, (len(row) - 1, 3)) for row in rows]

    # Act: training's single pass, and serving's two passes over a cache
    batch = pack(rows, actions)
    one_pass = model(batch)
    history, cache = model.read_history(pack(rows))
    two_passes = model.read_actions(batch, history, cache)

    # Assess
    for hidden in (one_pass, two_passes):
        scored = model.score(batch, hidden)
        for index, row in enumerate(rows):
            for position in range(len(row) - 1):
                # The logged action needs no token of its own.
                expected, scores = naive(model, row[: position + 1], row[position + 1])
                torch.testing.assert_close(hidden.history[index, position + 1], expected, atol=1e-4, rtol=0)
                torch.testing.assert_close(scored.logged[index, position], scores, atol=1e-4, rtol=0)
                for column, action in enumerate(actions[index][position]):
                    expected, scores = naive(model, row[: position + 1], action)
                    place = position * 3 + column
                    torch.testing.assert_close(hidden.actions[index, place], expected, atol=1e-4, rtol=0)
                    torch.testing.assert_close(scored.actions[index, place], scores, atol=1e-4, rtol=0)


@settings(max_examples=12)
@given(rows=ROWS, count=st.integers(1, 3), instruction=st.integers(0, 2), seed=st.integers(0, 99))
def test_packed_rewards_are_those_of_single_prompts_whatever_the_rows(llama_model: Path, rows, count, instruction, seed):
    # Arrange
    model = random_model(llama_model, instruction=instruction)
    rows = [np.array(row) for row in rows]
    generator = np.random.default_rng(seed)
    actions = [generator.integers(1, ITEMS + 1, (len(row) - 1, count)) for row in rows]

    # Act
    batch = pack(rows, actions)
    scored = model.score(batch, model(batch))

    # Assess
    for index, row in enumerate(rows):
        for position in range(len(row) - 1):
            scores = [naive(model, row[: position + 1], action)[1] for action in (row[position + 1], *actions[index][position])]
            packed = scored.actions[index, position * count : (position + 1) * count]
            torch.testing.assert_close(scored.logged[index, position], scores[0], atol=1e-4, rtol=0)
            torch.testing.assert_close(packed, torch.stack(scores[1:]), atol=1e-4, rtol=0)


def test_an_action_sees_only_its_own_prefix(llama_model: Path):
    # Arrange
    model = random_model(llama_model)
    row = np.array([3, 9, 4, 12])
    changed = np.array([3, 9, 4, 25])
    actions = np.array([[5, 6], [7, 8], [1, 2]])

    # Act
    before = model(pack([row], [actions])).actions[0]
    after = model(pack([changed], [actions])).actions[0]

    # Assess: the last item follows every action's position
    torch.testing.assert_close(before, after, atol=1e-5, rtol=0)
    assert (before[0] - before[1]).abs().max() > 0.1


@settings(max_examples=15)
@given(rows=ROWS, data=st.data())
def test_scores_do_not_depend_on_batch_padding_or_order_of_actions(llama_model: Path, rows, data):
    # Arrange
    model = random_model(llama_model)
    rows = [np.array(row) for row in rows]
    actions = [np.array(data.draw(st.lists(st.integers(1, ITEMS), min_size=3, max_size=3))) for _ in rows]
    packed = [np.tile(part, (len(row) - 1, 1)) for row, part in zip(rows, actions)]
    order = np.array(data.draw(st.permutations(range(3))))

    # Act
    together = model(pack(rows, packed)).actions
    shuffled = model(pack(rows, [part[:, order] for part in packed])).actions

    # Assess
    for index, (row, part) in enumerate(zip(rows, packed)):
        alone = model(pack([row], [part])).actions[0]
        torch.testing.assert_close(together[index, : part.size], alone, atol=1e-5, rtol=0)
        back = shuffled[index, : part.size].unflatten(0, (len(row) - 1, 3))
        torch.testing.assert_close(back, alone.unflatten(0, (len(row) - 1, 3))[:, order], atol=1e-5, rtol=0)


@settings(max_examples=15)
@given(rows=ROWS, counts=st.lists(st.integers(0, 6), min_size=4, max_size=4))
def test_an_answer_depends_on_its_row_alone(llama_model: Path, rows, counts):
    # Arrange
    engine = Engine(random_model(llama_model), CandidatePolicy(similar=2, repeats=False, seed=5))
    rows, counts = [np.array(row, np.int32) for row in rows], counts[: len(rows)]

    # Act
    together = engine.answer(rows, counts)

    # Assess
    for row, count, answer in zip(rows, counts, together):
        (alone,) = engine.answer([row], [count])
        np.testing.assert_array_equal(answer.candidates, alone.candidates)
        np.testing.assert_allclose(answer.states, alone.states, atol=4e-3)
        for name in ("rewards", "reward_spreads", "candidate_rewards", "candidate_reward_spreads", "candidate_chances"):
            np.testing.assert_allclose(getattr(answer, name), getattr(alone, name), atol=1e-5)


def test_attention_that_cannot_be_packed_is_refused():
    # Arrange
    tensors = [torch.zeros(1, 1, 2, 4)] * 3
    mask = torch.ones(1, 1, 2, 2, dtype=torch.bool)

    # Act & Assess
    with pytest.raises(BaseModelError, match="softcap"):
        tree_attention(None, *tensors, mask, softcap=30.0)
    with pytest.raises(BaseModelError, match="mask"):
        tree_attention(None, *tensors, None)
    with pytest.raises(BaseModelError, match="evaluation"):
        tree_attention(None, *tensors, mask, dropout=0.1)


def test_a_window_shorter_than_the_history_is_refused():
    # Arrange
    config = SimpleNamespace(sliding_window=8)

    # Act & Assess
    check_window(config, 8)
    check_window(SimpleNamespace(sliding_window=None), 9)
    check_window(SimpleNamespace(), 9)
    with pytest.raises(BaseModelError, match="sliding window of 8 tokens is shorter than a history of 9"):
        check_window(config, 9)
