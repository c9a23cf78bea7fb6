"""Class: AdapterFit, its losses and what its gradients reach."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TINY, write_job
from environment import train as command
from environment.adapter_fit import AdapterFit, FitData
from environment.batching import packed_length
from environment.checkpoint import Checkpoints
from environment.contract import Folders, read_hyperparameters
from environment.layout import pack


def fit_of(root: Path, sequences: Path, base: Path, layers: int | None) -> AdapterFit:
    """A fit before its first step, with adapters in the upper `layers` of three layers."""
    folders = Folders(write_job(root, sequences, base, {"adapter": TINY["adapter"] | {"layers": layers}}))
    job = command.read_input(folders, read_hyperparameters(folders.root))
    table, _ = command.fit_item_tokens(job, Checkpoints(root / "none", ""), None)
    model = command.build_model(job, table)
    command.adapt(model, job.config)
    return AdapterFit(model, job.config, FitData(job.rows, job.users.fitted, job.users.held_out, job.repeats))


@pytest.mark.parametrize("layers", [None, 1])
def test_the_backward_pass_ends_at_the_lowest_adapter(family_model: Path, sequences: Path, tmp_path: Path, layers: int | None):
    # Arrange
    fit = fit_of(tmp_path, sequences, family_model, layers)
    stacks = [module for module in fit.model.decoder.modules() if isinstance(module, torch.nn.ModuleList) and len(module) == 3]
    flows: list[bool] = []
    for layer in stacks[0]:
        layer.register_forward_hook(lambda module, args, output: flows.append(torch.as_tensor(output[0]).requires_grad))
    batch = pack([np.array([3, 9, 4])], [np.array([[5, 6], [7, 8]])])
    sampled = torch.arange(1, fit.items + 1)

    # Act
    state, reward, leaf, touched = fit.losses(batch, sampled, np.random.default_rng(1))
    (state + reward).backward()

    # Assess: without a graph nothing is kept of the frozen layers; item tokens learn in either case
    assert flows == ([True, True, True] if layers is None else [False, False, True])
    assert touched.tolist() == list(range(1, fit.items + 1))
    assert leaf.grad.abs().sum(1).min() > 0
    adapters = {name for name, value in fit.parameters.items() if "lora_B" in name and value.grad.abs().sum() > 0}
    assert adapters == {name for name in fit.parameters if "lora_B" in name}


def test_items_outside_the_batch_get_no_gradient(llama_model: Path, sequences: Path, tmp_path: Path):
    # Arrange
    fit = fit_of(tmp_path, sequences, llama_model, None)
    before = fit.model.item_tokens.clone()
    sampled = torch.tensor([4, 9, 20])
    batch = pack([np.array([3, 9, 4])], [np.array([[5], [7]])])

    # Act
    state, reward, leaf, touched = fit.losses(batch, sampled, np.random.default_rng(1))
    (state + reward).backward()
    fit.token_optimizer.step(touched, leaf.grad, 0.1)

    # Assess
    assert touched.tolist() == [3, 4, 5, 7, 9, 20]
    changed = (fit.model.item_tokens != before).any(1).nonzero().flatten().tolist()
    assert changed == [3, 4, 5, 7, 9, 20]


def test_tokens_are_those_of_the_packed_rows_with_their_instruction(llama_model: Path, sequences: Path, tmp_path: Path):
    # Arrange
    fit = fit_of(tmp_path, sequences, llama_model, None)
    fit.model.instruction = torch.zeros(3, fit.model.item_tokens.shape[1])
    lengths = fit.data.rows.lengths()[fit.data.fitted[fit.epoch_plan(0)[0]]]

    # Act
    fit.step(next(fit.draws()), 0.5, 10)

    # Assess
    assert fit.tokens == packed_length(lengths, TINY["adapter"]["negatives"], 3).sum()
