"""Shares of a GPU's bf16 peak, real tokens counted: packed scoring and LoRA training with random weights of common shapes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from environment.adapter import add_adapter
from environment.adapter_fit import AdapterFit, FitData
from environment.base_model import build_decoder
from environment.batching import BATCH_TOKENS
from environment.config import AdapterConfig, EnvironmentConfig
from environment.engine import CandidatePolicy, Engine
from environment.flops import adapter_flops, matrix_parameters
from environment.model import EnvironmentModel

from .measure import Line, by_turns, higher_is_better
from .subject import packed_tokens, training_rows

ITEMS = 20_000
LENGTH = 51
CANDIDATES = 8
FORWARD_TOKENS = BATCH_TOKENS["cuda"]
GOAL = 0.4
"""Share of the peak to reach."""
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12, "A10G": 70e12}
"""Dense bf16 operations per second by part of the device's name (vendor's data sheets; SXM where there are several)."""


@dataclass(frozen=True)
class Shape:
    """A Llama decoder's shape."""

    dimension: int
    layers: int
    heads: int
    groups: int
    inner: int
    training_tokens: int
    """Of a step, so that decoder and activations fit 80 GB."""


SHAPES = {
    "135M": Shape(576, 30, 9, 3, 1536, 1 << 15),
    "1B": Shape(2048, 16, 32, 8, 8192, 1 << 15),
    "3B": Shape(3072, 28, 24, 8, 8192, 1 << 14),
    "8B": Shape(4096, 32, 32, 8, 14336, 1 << 13),
}
"""Of SmolLM2 135M, Llama 3.2 1B and 3B, and Llama 3.1 8B."""


def peak_of(name: str) -> float:
    """The peak of a device.

    Raises:
        KeyError: the device is not listed.
    """
    for part, peak in PEAKS.items():
        if part in name:
            return peak
    raise KeyError(f"The bf16 peak of {name} is not known here: pass --peak-teraflops.")


def forward_utilisation(shape: Shape, device: torch.device, peak: float, rounds: int) -> list[Line]:
    """Answers rows as serving does: states, rewards of logged actions, similarity search, rewards of candidates."""
    model = random_environment(shape, device)
    engine = Engine(model, CandidatePolicy(CANDIDATES - 2, False, 1))
    each = int(packed_tokens([np.zeros(LENGTH)], CANDIDATES, 0)[0])
    rows = random_rows(max(1, FORWARD_TOKENS // each))
    tokens = each * len(rows)
    (seconds,) = by_turns([lambda: engine.answer(rows, [CANDIDATES] * len(rows))], rounds, waiting(device))
    operations = 2.0 * matrix_parameters(model.decoder) * tokens
    positions = len(rows) * (LENGTH - 1)
    return [*lines("forward", operations, tokens, seconds, peak), rate("forward", positions, seconds)]


def training_utilisation(
    shape: Shape, device: torch.device, peak: float, rounds: int, batch_tokens: int | None = None
) -> list[Line]:
    """Whole LoRA steps of a fit as it runs: draws, forward and backward pass, optimiser; adapters in all layers.

    Args:
        shape: of the decoder.
        device: where it runs.
        peak: operations per second.
        rounds: measured steps.
        batch_tokens: tokens of a step, by default as many as fit.
    """
    model = random_environment(shape, device)
    batch_tokens = batch_tokens or shape.training_tokens
    config = EnvironmentConfig(adapter=AdapterConfig(batch_tokens=batch_tokens), reward="likelihood", read_actions=True)
    add_adapter(model.decoder, config.adapter, seed=1)
    each = int(packed_tokens([np.zeros(LENGTH)], config.adapter.negatives, 0)[0])
    batch = max(1, batch_tokens // each)
    rows = random_rows(batch * (rounds + 1))
    fit = AdapterFit(model, config, FitData(training_rows(rows), np.arange(len(rows)), np.arange(1), False))
    reported = [time.perf_counter()]
    fit.run(lambda *_, **__: reported.append(time.perf_counter()), lambda _: None)
    # The first step warms up; the last report is of the held-out users.
    seconds = median(np.diff(reported)[1 : rounds + 1])
    tokens = each * batch
    operations = adapter_flops(model.decoder, config.adapter, tokens)
    return [*lines("LoRA training", operations, tokens, seconds, peak), rate("LoRA training", batch * (LENGTH - 1), seconds)]


def rate(what: str, positions: int, seconds: float) -> Line:
    """Transitions per second, for which no goal is set."""
    return Line(f"{what}: transitions", positions / seconds, "transitions/s", "", 0.0, 0.0)


def lines(what: str, operations: float, tokens: int, seconds: float, peak: float) -> list[Line]:
    """The share of the peak beside the goal, and real tokens per second beside those at the goal."""
    at_goal = GOAL * peak * tokens / operations
    return [
        higher_is_better(f"{what}: share of the bf16 peak", operations / seconds / peak, "", "goal", GOAL),
        higher_is_better(f"{what}: real tokens", tokens / seconds, "tokens/s", "goal", at_goal),
    ]


def random_environment(shape: Shape, device: torch.device) -> EnvironmentModel:
    """An environment with random weights in bf16, made on the device."""
    return environment_of(random_decoder(shape, device), torch.bfloat16, device)


@dataclass(frozen=True)
class RandomDecoder:
    """A decoder's configuration and weights, and item tokens for it."""

    config: dict[str, object]
    weights: dict[str, torch.Tensor]
    item_tokens: torch.Tensor


def random_decoder(shape: Shape, device: torch.device) -> RandomDecoder:
    """Weights in bf16 on the device, the same for the same kind of device."""
    from transformers import LlamaConfig

    config = LlamaConfig(
        vocab_size=1,
        hidden_size=shape.dimension,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.groups,
        max_position_embeddings=2048,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    ).to_diff_dict() | {"model_type": "llama"}
    torch.manual_seed(1)
    with torch.device("meta"):
        empty = build_shape(config)
    weights = {
        name: torch.ones(value.shape, dtype=torch.bfloat16, device=device)
        if value.dim() == 1
        else torch.randn(value.shape, dtype=torch.bfloat16, device=device) * 0.02
        for name, value in empty.items()
    }
    return RandomDecoder(config, weights, torch.randn(ITEMS + 1, shape.dimension, device=device) * 0.02)


def environment_of(made: RandomDecoder, precision: torch.dtype, device: torch.device) -> EnvironmentModel:
    """An environment before its fit around a decoder in that precision."""
    weights = {name: value.to(device, precision) for name, value in made.weights.items()}
    decoder = build_decoder(made.config, weights, precision, device)
    nothing = torch.zeros(0, made.item_tokens.shape[1])
    model = EnvironmentModel(decoder, None, made.item_tokens.to(device), torch.zeros(ITEMS + 1), nothing, 64, 3)
    torch.manual_seed(1)
    model.initialise_heads(1)
    return model.to(device)


def build_shape(config: dict[str, object]) -> dict[str, torch.Tensor]:
    """The decoder's tensors without content, word embeddings left out."""
    from transformers import AutoConfig, AutoModel

    values = {name: value for name, value in config.items() if name != "model_type"}
    decoder = AutoModel.from_config(AutoConfig.for_model("llama", **values))
    return {name: value for name, value in decoder.state_dict().items() if "embed_tokens" not in name}


def random_rows(count: int) -> list[np.ndarray]:
    """Rows of `LENGTH` items."""
    generator = np.random.default_rng(1)
    return [generator.integers(1, ITEMS + 1, LENGTH).astype(np.int32) for _ in range(count)]


def waiting(device: torch.device) -> Callable[[], object]:
    """Blocks until the device is idle."""
    return torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
