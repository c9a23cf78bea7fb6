"""Whether a GPU's fused kernels in bf16 compute the same as float32 without them, beside what bf16 itself costs."""

import numpy as np
import torch
from environment.adapter import add_adapter
from environment.adapter_fit import AdapterFit, FitData
from environment.config import AdapterConfig, EnvironmentConfig
from environment.engine import CandidatePolicy, Engine
from environment.model import EnvironmentModel

from .accelerator import RandomDecoder, Shape, environment_of, random_decoder, random_rows
from .measure import Line, lower_is_better
from .subject import training_rows

SMALL = Shape(512, 3, 8, 2, 1024, 1 << 12)
ROWS = 16
CANDIDATES = 8
PEER = "bf16 on the processor"
LIMIT = 1.5
"""A GPU's error may be this many times the one that bf16 has on a processor."""


def fused_beside_float32(device: torch.device) -> list[Line]:
    """Relative errors of states, rewards and gradients against float32 on the processor.

    Raises:
        AssertionError: an error is far above that of bf16 itself.
    """
    made = random_decoder(SMALL, torch.device("cpu"))
    processor = torch.device("cpu")
    exact, rounded, fused = (
        results(made, precision, place)
        for precision, place in ((torch.float32, processor), (torch.bfloat16, processor), (torch.bfloat16, device))
    )
    lines = [
        lower_is_better(f"{what}: relative error", error(fused[what], exact[what]), "", PEER, error(rounded[what], exact[what]))
        for what in exact
    ]
    for line in lines:
        if not line.value <= LIMIT * line.peer_value:
            raise AssertionError(f"{line.metric}: {line.value:.2e}, {line.peer} {line.peer_value:.2e}")
    return lines


def results(made: RandomDecoder, precision: torch.dtype, device: torch.device) -> dict[str, np.ndarray]:
    """Answers of serving, and the gradients of a LoRA step with adapters that already do something."""
    model = environment_of(made, precision, device)
    rows = [row[: len(row) - index] for index, row in enumerate(random_rows(ROWS))]
    # Uniform candidates: the most similar ones may change places at the smallest difference.
    answers = Engine(model, CandidatePolicy(0, False, 1)).answer(rows, [CANDIDATES] * ROWS)
    return {
        "states": np.concatenate([answer.states.ravel() for answer in answers]).astype(np.float64),
        "rewards": np.concatenate([answer.candidate_rewards.ravel() for answer in answers]),
        "gradients": gradients(model, rows),
    }


def gradients(model: EnvironmentModel, rows: list[np.ndarray]) -> np.ndarray:
    """Of all adapters, projections, heads and item tokens, one after the other."""
    config = EnvironmentConfig(adapter=AdapterConfig(batch_tokens=SMALL.training_tokens))
    add_adapter(model.decoder, config.adapter, seed=1)
    generator = torch.Generator().manual_seed(2)
    for name, value in model.named_parameters():
        if "lora_B" in name:
            value.data.copy_(torch.randn(value.shape, generator=generator) * 0.02)
    members = np.arange(len(rows))
    fit = AdapterFit(model, config, FitData(training_rows(rows), members, members, False))
    drawn = next(fit.draws())
    batch = drawn.batch.to(fit.device)
    state, reward, leaf, _ = fit.losses(batch, fit.state_items(batch, drawn.generator), drawn.generator)
    (state + reward).backward()
    learned = [value.grad for value in fit.parameters.values() if value.grad is not None]
    return torch.cat([gradient.flatten().float().cpu() for gradient in [*learned, leaf.grad]]).numpy()


def error(values: np.ndarray, exact: np.ndarray) -> float:
    """Root of the mean squared difference, relative to the size of `exact`."""
    return float(np.linalg.norm(values - exact) / np.linalg.norm(exact))
