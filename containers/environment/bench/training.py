"""One LoRA step in three ways: packed rows, one prompt per (state, action), and adapters in the upper layers alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from environment.adapter import add_adapter
from environment.adapter_fit import BAGGING_SHARE, CENTRING, AdapterFit, FitData
from environment.config import EnvironmentConfig
from environment.flops import adapter_flops
from environment.layout import pack
from environment.losses import reward_loss, state_loss

from .measure import Line, by_turns, higher_is_better, lower_is_better
from .naive import NaiveScorer, batches_of, prompts_of
from .subject import actions_of, environment_of, packed_tokens, rows_of, training_rows

ROWS = 24
LENGTH = 11
SEED = 5
TOLERANCE = 1e-3
"""Largest difference of a gradient, as a share of its largest entry."""


def cheaper_training(folder: Path, layers: int | None, rounds: int) -> list[Line]:
    """Measures a step on the same rows of MovieTweetings with the default number of negatives.

    Raises:
        AssertionError: the gradients of packed rows and of single prompts do not agree.
    """
    config = EnvironmentConfig()
    rows = rows_of(LENGTH, ROWS)
    drawn = actions_of(rows, config.adapter.negatives)
    fit = fit_of(folder, layers, config, rows)
    depth = fit.model.decoder.config.num_hidden_layers
    upper = fit_of(folder, layers, replace(config, adapter=replace(config.adapter, layers=depth // 2)), rows)
    packed, prompts = packed_step(fit, rows, drawn), naive_step(fit, rows, drawn)
    difference = gradient_difference(fit, packed, prompts)
    if difference > TOLERANCE:
        raise AssertionError(f"Gradients of packed rows and of single prompts differ by {difference:.2e} of the largest.")
    half = packed_step(upper, rows, drawn)
    seconds, peer_seconds, half_seconds = by_turns([packed, prompts, half], rounds)
    tokens = int(packed_tokens(rows, config.adapter.negatives, 0).sum())
    peer_tokens = NaiveScorer(fit.model).tokens(rows, drawn)
    flops = {each: adapter_flops(each.model.decoder, each.config.adapter, tokens) for each in (fit, upper)}
    peer_flops = adapter_flops(fit.model.decoder, config.adapter, peer_tokens)
    single, whole = "one prompt per (state, action)", "adapters in all layers"
    return [
        lower_is_better("packed: largest relative difference of a gradient", difference, "", "limit", TOLERANCE),
        lower_is_better("packed: tokens of a step", tokens, "tokens", single, peer_tokens),
        lower_is_better("packed: operations of a step", flops[fit] / 1e12, "TFLOP", single, peer_flops / 1e12),
        lower_is_better("packed: step", seconds, "s", single, peer_seconds),
        higher_is_better("packed: real tokens", tokens / seconds, "tokens/s", single, peer_tokens / peer_seconds),
        lower_is_better("upper half adapted: operations of a step", flops[upper] / 1e12, "TFLOP", whole, flops[fit] / 1e12),
        lower_is_better("upper half adapted: step", half_seconds, "s", whole, seconds),
        higher_is_better("upper half adapted: real tokens", tokens / half_seconds, "tokens/s", whole, tokens / seconds),
    ]


def fit_of(folder: Path, layers: int | None, config: EnvironmentConfig, rows: list[np.ndarray]) -> AdapterFit:
    """A fit before its first step, with adapters that already do something, so that everything has a gradient."""
    model = environment_of(folder, layers)
    add_adapter(model.decoder, config.adapter, seed=1)
    torch.manual_seed(1)
    for name, value in model.named_parameters():
        if "lora_B" in name:
            value.data = torch.randn_like(value) * 0.01
    members = np.arange(len(rows))
    return AdapterFit(model, config, FitData(training_rows(rows), members, members, False))


def packed_step(fit: AdapterFit, rows: list[np.ndarray], drawn: list[np.ndarray]) -> Callable[[], None]:
    """Forward and backward pass as the container fits; gradients stay in the parameters."""
    batch = pack(rows, drawn)
    sampled = fit.state_items(batch, np.random.default_rng(SEED))

    def step() -> None:
        fit.optimizer.zero_grad(set_to_none=True)
        state, reward, _, _ = fit.losses(batch, sampled, np.random.default_rng(SEED))
        (state + reward).backward()

    return step


def naive_step(fit: AdapterFit, rows: list[np.ndarray], drawn: list[np.ndarray]) -> Callable[[], None]:
    """The same losses from one prompt per (state, action), in batches of the same token budget whose gradients add up."""
    scorer = NaiveScorer(fit.model)
    prompts = prompts_of(rows, drawn)
    actions = 1 + drawn[0].shape[1]
    positions = len(prompts) // actions
    batch = pack(rows, drawn)
    sampled = fit.state_items(batch, np.random.default_rng(SEED))
    following = np.concatenate([row[1:] for row in rows])
    targets = torch.searchsorted(sampled, torch.from_numpy(following.astype(np.int64)))
    correction = fit.correction(sampled, torch.from_numpy(following))
    heads = fit.model.reward_heads.out_features
    seen = np.random.default_rng(SEED).random((positions, heads)) < BAGGING_SHARE
    weights = torch.from_numpy(seen).float()

    def step() -> None:
        fit.optimizer.zero_grad(set_to_none=True)
        # All prompts of a position have the same length, so batches of positions waste nothing.
        lengths = [prompts[position * actions] for position in range(positions)]
        for group in batches_of(lengths, fit.config.adapter.batch_tokens // actions, 0):
            chosen = [prompts[position * actions + action] for position in group.members for action in range(actions)]
            (part,) = batches_of(chosen, 1 << 30, 0)
            states, scores = scorer.read(part)
            order = torch.from_numpy(np.argsort(part.members))
            states = states[order].unflatten(0, (-1, actions))[:, 0]
            scores = scores[order].unflatten(0, (-1, actions))  # [group, actions, heads]
            members = torch.from_numpy(group.members)
            similarity = fit.model.similarity(states, fit.model.keys(sampled), sampled)
            following = targets[members, None]  # [positions, 1]
            state = state_loss(similarity, following, torch.ones_like(following), correction) * len(members) / positions
            own = weights[members]
            share = own.sum() / weights.sum()
            reward = reward_loss(scores[:, 0], scores[:, 1:], own, CENTRING) * share
            (state + reward).backward()

    return step


def gradient_difference(fit: AdapterFit, packed: Callable[[], None], prompts: Callable[[], None]) -> float:
    """The largest difference of two steps' gradients, as a share of the largest entry of each parameter's."""
    gradients = []
    for step in (packed, prompts):
        step()
        gradients.append({name: value.grad.clone() for name, value in fit.parameters.items()})
    first, second = gradients
    return max(float((first[name] - second[name]).abs().max() / first[name].abs().max().clamp_min(1e-6)) for name in first)
