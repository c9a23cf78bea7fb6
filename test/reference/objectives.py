"""Losses of the recommenders, action by action, in float64: supervised losses, SQN, SAC, SNQN, SA2C, CQL, LEA.

References: https://arxiv.org/abs/2006.05779 (SQN, SAC), https://arxiv.org/abs/2111.03474 (SNQN, SA2C) and their code,
https://arxiv.org/abs/2006.04779 (CQL), https://arxiv.org/abs/2403.16948 (LEA), https://arxiv.org/abs/2308.07192 (gBCE).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from backbones import ENCODERS, Parameters, Shape
from torch import Tensor


@dataclass(frozen=True)
class Transition:
    """One logged action with all that a loss may look at."""

    history: list[int]
    environment: list[float]
    action: int
    reward: float
    continues: bool
    next_history: list[int]
    next_environment: list[float]
    negatives: list[int]
    negative_rewards: list[float]
    augmented: int
    augmented_weight: float
    augmented_reward: float
    consumed_history: list[int]
    propensity: float
    history_share: float


@dataclass(frozen=True)
class Settings:
    """What a model may be configured with, named as in the configuration."""

    objective: str
    discount: float = 0.5
    negativeReward: float = 0.0
    reinforcementWeight: float = 1.0
    conservativeWeight: float = 0.0
    conservativeTemperature: float = 0.5
    advantageRange: tuple[float | None, float | None] = (0.0, 10.0)
    propensityExponent: float = 0.0
    isActing: bool = False
    loss: str = "cross-entropy"
    gbceCalibration: float = 0.75
    sampledItems: list[int] = field(default_factory=list)
    sampledLogCounts: list[float] = field(default_factory=list)
    lea: dict[str, object] | None = None
    timeAttention: bool = False


@dataclass(frozen=True)
class Network:
    """A backbone with its parameters."""

    backbone: str
    shape: Shape
    parameters: Parameters

    def state(self, history: list[int]) -> Tensor:
        return ENCODERS[self.backbone](self.parameters, self.shape, history)

    def enriched(self, state: Tensor, environment: list[float]) -> Tensor:
        """`s + standardise(s_LE) . W`."""
        x = torch.tensor(environment, dtype=torch.float64)
        x = (x - x.mean()) / torch.sqrt(((x - x.mean()) ** 2).mean() + 1e-8)
        return state + x @ self.parameters["environment_map"]

    def q_values(self, state: Tensor) -> Tensor:
        return self.parameters["q_head/kernel"] @ state + self.parameters["q_head/bias"]

    def logits(self, state: Tensor) -> Tensor:
        if "supervised_head/kernel" in self.parameters:
            return self.parameters["supervised_head/kernel"] @ state + self.parameters["supervised_head/bias"]
        projection = self.parameters.get("supervised_head/projection")
        return self.parameters["item_embedding"] @ (state if projection is None else state @ projection)


def supervised_loss(logits: Tensor, action: int, settings: Settings) -> Tensor:
    """The supervised loss of one action given all logits."""
    own = logits[action - 1]
    if settings.loss == "cross-entropy":
        return torch.logsumexp(logits, 0) - own
    pairs = zip(settings.sampledItems, settings.sampledLogCounts, strict=True)
    others = [(logits[item - 1], log_count) for item, log_count in pairs if item != action]
    if settings.loss == "sampled-softmax":
        return torch.logsumexp(torch.stack([own] + [value - log_count for value, log_count in others]), 0) - own
    alpha = len(settings.sampledItems) / (len(logits) - 1)
    beta = alpha * (settings.gbceCalibration * (1 - 1 / alpha) + 1 / alpha)
    positive = -torch.log(torch.sigmoid(own) ** beta)
    return positive + sum((-torch.log(1 - torch.sigmoid(value)) for value, _ in others), torch.zeros(()).double())


def bootstrap(main: Network, target: Network, history: list[int], environment: list[float], uses_le: bool) -> float:
    """`Q_target(s, argmax_a Q_main(s, a))`."""
    values = []
    for network in (main, target):
        state = network.state(history)
        values.append(network.q_values(network.enriched(state, environment) if uses_le else state))
    return float(values[1][int(values[0].argmax())])


def loss(main: Network, target: Network, transitions: list[Transition], settings: Settings) -> dict[str, Tensor]:
    """Mean loss over the transitions and its parts."""
    lea = settings.lea
    uses_le = lea is not None and lea["state"] != "off"
    uses_augmented = lea is not None and float(lea["augmentedWeight"]) > 0  # type: ignore[arg-type]
    supervised, reinforcement = (torch.zeros((), dtype=torch.float64) for _ in range(2))
    for t in transitions:
        state = main.state(t.history)
        enriched = main.enriched(state, t.environment) if uses_le else state
        logits = main.logits(state)
        logged = supervised_loss(logits, t.action, settings)
        augmented = supervised_loss(logits, t.augmented, settings) if uses_augmented and t.augmented > 0 else None
        weight, augmented_weight = 1.0, t.augmented_weight
        if settings.objective != "supervised":
            q = main.q_values(enriched)
            value, weights = q_loss(main, target, t, q, logits, settings, uses_le, uses_augmented)
            reinforcement = reinforcement + value
            weight, augmented_weight = weights[0], weights[1] * augmented_weight
        supervised = supervised + weight * logged
        if augmented is not None:
            supervised = supervised + augmented_weight * augmented
    count = len(transitions)
    total = supervised + settings.reinforcementWeight * reinforcement
    if lea is not None and float(lea["stateWeight"]) > 0:  # type: ignore[arg-type]
        total = total + float(lea["stateWeight"]) * distillation(main, transitions)  # type: ignore[arg-type]
    return {"loss": total / count, "supervised": supervised / count, "reinforcement": reinforcement / count}


def distillation(main: Network, transitions: list[Transition]) -> Tensor:
    """InfoNCE between the states that the encoder is mapped to and the LE's, over transitions that the LE has answered."""
    answered = [t for t in transitions if any(value != 0 for value in t.environment)]
    goals, own = [], []
    for t in answered:
        x = torch.tensor(t.environment, dtype=torch.float64)
        x = (x - x.mean()) / torch.sqrt(((x - x.mean()) ** 2).mean() + 1e-8)
        goals.append(x / torch.linalg.vector_norm(x))
        mapped = main.state(t.history) @ main.parameters["state_map"]
        own.append(mapped / torch.linalg.vector_norm(mapped))
    total = torch.zeros((), dtype=torch.float64)
    for number, state in enumerate(own):
        similarities = torch.stack([state @ goal / 0.1 for goal in goals])
        total = total + torch.logsumexp(similarities, 0) - similarities[number]
    return total


def q_loss(
    main: Network,
    target: Network,
    t: Transition,
    q: Tensor,
    logits: Tensor,
    settings: Settings,
    uses_le: bool,
    uses_augmented: bool,
) -> tuple[Tensor, tuple[float, float]]:
    """Loss of the Q head of one transition, and the factors of its supervised losses."""
    gamma = settings.discount
    if settings.objective == "auxiliary":
        return 0.5 * (t.history_share - q[t.action - 1]) ** 2, (1.0, 1.0)
    after = gamma * bootstrap(main, target, t.next_history, t.next_environment, uses_le) if t.continues else 0.0
    result = 0.5 * (t.reward + after - q[t.action - 1]) ** 2
    with_negatives = settings.objective in ("snqn", "sa2c")
    if with_negatives:
        stay = gamma * bootstrap(main, target, t.history, t.environment, uses_le)
        for item, reward in zip(t.negatives, t.negative_rewards, strict=True):
            result = result + 0.5 * (reward + stay - q[item - 1]) ** 2
    if settings.conservativeWeight > 0:
        tau = settings.conservativeTemperature
        actions = [t.action, int(q.detach().argmax()) + 1] + (t.negatives if with_negatives else [])
        soft = tau * torch.log(sum(torch.exp(q[item - 1] / tau) for item in actions))
        result = result + settings.conservativeWeight * (soft - q[t.action - 1])
    has_augmented = uses_augmented and t.augmented > 0
    if has_augmented:
        goal = t.augmented_reward
        kind = settings.lea["augmentedBootstrap"]  # type: ignore[index]
        if kind == "consumed":
            goal += gamma * bootstrap(main, target, t.consumed_history, t.environment, uses_le)
        elif kind == "logged":
            goal += after
        result = result + t.augmented_weight * 0.5 * (goal - q[t.augmented - 1]) ** 2
    if settings.objective == "sac" and settings.isActing:
        q = q.detach()
        return result, (float(q[t.action - 1]), float(q[t.augmented - 1]) if has_augmented else 0.0)
    if settings.objective == "sa2c" and settings.isActing:
        q = q.detach()
        values = [float(q[item - 1]) for item in [t.action, *t.negatives]]
        average = sum(values) / len(values)
        correction = 1.0
        if settings.propensityExponent > 0:
            policy = float(torch.softmax(logits.detach(), 0)[t.action - 1])
            correction = min(10.0, max(0.1, policy / t.propensity)) ** settings.propensityExponent
        low, high = settings.advantageRange

        def factor(value: float) -> float:
            advantage = value - average
            if low is not None:
                advantage = max(low, advantage)
            if high is not None:
                advantage = min(high, advantage)
            return advantage * correction

        return result, (factor(values[0]), factor(float(q[t.augmented - 1])) if has_augmented else 0.0)
    return result, (1.0, 1.0)
