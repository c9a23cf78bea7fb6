"""Hyperparameters as frozen dataclasses, parsed strictly from the JSON of config section `environment`.

Keys are camelCase in JSON and snake_case here. The schema with the documentation of each key is
`lib/contracts/config/environment.ts`; a test compares defaults, types and limits with the JSON Schema that is made of it.
"""

import dataclasses
import re
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import ConfigurationError


def within(minimum: float, maximum: float = float("inf"), *, above: bool = False) -> dict[str, Any]:
    """Field metadata: the values allowed, `minimum` itself left out when `above`."""
    return {"minimum": minimum, "maximum": maximum, "above": above}


def text(minimum: int = 0, maximum: float = float("inf"), pattern: str = "") -> dict[str, Any]:
    """Field metadata: the characters that a text may have, and an expression that the whole of it must match."""
    return {"minimumLength": minimum, "maximumLength": maximum, "pattern": pattern}


@dataclass(frozen=True)
class ItemTokenConfig:
    """How one embedding per item is learned from its text."""

    epochs: float = field(default=1.0, metadata=within(0))
    learning_rate: float = field(default=2e-2, metadata=within(0, above=True))
    maximum_text_tokens: int = field(default=48, metadata=within(4, 512))
    template: str = field(default="item is titled {title}[, {other}].", metadata=text(1))


@dataclass(frozen=True)
class AdapterConfig:
    """The LoRA adapter and its training."""

    joint: bool = True
    layers: int | None = field(default=None, metadata=within(1))
    modules: Literal["attention", "all"] = "attention"
    rank: int = field(default=8, metadata=within(1, 256))
    epochs: float = field(default=1.0, metadata=within(0, above=True))
    learning_rate: float = field(default=2e-3, metadata=within(0, above=True))
    head_learning_rate: float = field(default=1e-3, metadata=within(0, above=True))
    item_token_learning_rate: float = field(default=5e-3, metadata=within(0))
    negatives: int = field(default=1, metadata=within(1, 64))
    state_negatives: int = field(default=4096, metadata=within(1))
    reward_weight: float = field(default=1.0, metadata=within(0, above=True))
    weight_decay: float = field(default=0.01, metadata=within(0))
    future_actions: int = field(default=0, metadata=within(0, 50))
    batch_tokens: int = field(default=1024, metadata=within(64))
    patience: int = field(default=3, metadata=within(1))


@dataclass(frozen=True)
class ItemVectorConfig:
    """How every item of the catalogue gets a vector from its sentence."""

    encoder: Literal["language-model", "random-weights", "tfidf"] = "language-model"
    layers: int | None = field(default=None, metadata=within(1))
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    dimension: int = field(default=64, metadata=within(2, 1024))
    maximum_text_tokens: int = field(default=64, metadata=within(4, 512))
    permute: int | None = field(default=None, metadata=within(0))


@dataclass(frozen=True)
class EnvironmentConfig:
    """Config section `environment`; `base_model`, `maximum_age_days`, `maximum_new_share` and `warm_start` matter to the pipeline only."""

    base_model: str = field(default="smollm2-135m-instruct", metadata=text(pattern="^[A-Za-z0-9._-]+$"))
    layers: int | None = field(default=None, metadata=within(1))
    subset_fraction: float = field(default=0.3, metadata=within(0, 1, above=True))
    maximum_age_days: float = field(default=7.0, metadata=within(0))
    maximum_new_share: float = field(default=0.1, metadata=within(0, 1))
    warm_start: bool = False
    state_dimension: int = field(default=64, metadata=within(8, 1024))
    candidates: int = field(default=8, metadata=within(1, 100))
    proposals: Literal["chance", "similarity"] = "chance"
    similar_candidates: int = field(default=6, metadata=within(0, 100))
    reward: Literal["preference", "likelihood"] = "preference"
    read_actions: bool = False
    reward_heads: int = field(default=3, metadata=within(1, 16))
    instruction: str = field(default="", metadata=text(maximum=1000))
    item_tokens: ItemTokenConfig = field(default_factory=ItemTokenConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    item_vectors: ItemVectorConfig = field(default_factory=ItemVectorConfig)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: int = field(default=1, metadata=within(0))


def parse_config(value: Any) -> EnvironmentConfig:
    """Checks the JSON of config section `environment`.

    Raises:
        ConfigurationError: naming each unknown key and each wrong value, and what was expected.
    """
    problems: list[str] = []
    config: EnvironmentConfig = _parse(EnvironmentConfig, value, "", problems)
    if problems:
        raise ConfigurationError("Hyperparameter config is not valid:\n  " + "\n  ".join(problems))
    return config


def to_json(config: Any) -> dict[str, Any]:
    """The JSON that `parse_config` reads back to an equal value."""
    return {
        camel_case(item.name): to_json(value) if dataclasses.is_dataclass(value) else value
        for item in dataclasses.fields(config)
        for value in [getattr(config, item.name)]
    }


def camel_case(name: str) -> str:
    """`batch_tokens` -> `batchTokens`."""
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


def _parse(cls: Any, value: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(value, dict):
        problems.append(f"{path or '(top level)'}: expected an object, got {value!r}")
        return cls()
    fields = {camel_case(item.name): item for item in dataclasses.fields(cls)}
    hints = typing.get_type_hints(cls)
    problems.extend(f"{_join(path, key)}: unknown key" for key in value if key not in fields)
    given = {
        item.name: _value(hints[item.name], item.metadata, value[key], _join(path, key), problems)
        for key, item in fields.items()
        if key in value
    }
    return cls(**given)


def _value(hint: Any, limits: Any, value: Any, path: str, problems: list[str]) -> Any:
    if dataclasses.is_dataclass(hint):
        return _parse(hint, value, path, problems)
    options = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        if value not in options:
            problems.append(f"{path}: expected one of {', '.join(map(repr, options))}, got {value!r}")
        return value
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(option for option in options if option is not type(None))
    accepted = (int, float) if hint is float else hint
    if not isinstance(value, accepted) or (isinstance(value, bool) and hint is not bool):
        problems.append(f"{path}: expected {hint.__name__}, got {value!r}")
        return value
    if "minimum" in limits:
        low, high, above = limits["minimum"], limits["maximum"], limits["above"]
        if not (low < value if above else low <= value) or value > high or value == float("inf"):
            sign = ">" if above else ">="
            upper = "" if high == float("inf") else f" and <= {high}"
            problems.append(f"{path}: expected {sign} {low}{upper}, got {value!r}")
            return value
    if isinstance(value, str) and "pattern" in limits:
        expected = _text_problem(value, limits)
        if expected:
            problems.append(f"{path}: expected {expected}, got {value[:60]!r}")
    return float(value) if hint is float else value


def _text_problem(value: str, limits: Any) -> str | None:
    length = len(value.encode("utf-16-le", "surrogatepass")) // 2  # as JavaScript counts
    if not limits["minimumLength"] <= length <= limits["maximumLength"]:
        return f"{limits['minimumLength']} to {limits['maximumLength']} characters"
    if limits["pattern"] and not re.fullmatch(limits["pattern"], value):
        return f"a text that matches {limits['pattern']}"
    return None


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
