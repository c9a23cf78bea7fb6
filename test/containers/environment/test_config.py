"""Function: parse_config."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import zod
from environment.config import EnvironmentConfig, camel_case, parse_config, to_json
from environment.errors import ConfigurationError


def schema_of(cls: type) -> dict[str, Any]:
    """The JSON Schema of a configuration class, in the words that zod uses."""
    properties = {}
    hints = typing.get_type_hints(cls)
    for item in dataclasses.fields(cls):
        hint = hints[item.name]
        if dataclasses.is_dataclass(hint):
            properties[camel_case(item.name)] = schema_of(hint)
            continue
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        kinds = [kind_of(option, item.metadata) for option in options]
        properties[camel_case(item.name)] = {"default": item.default} | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
    return {"type": "object", "properties": properties, "additionalProperties": False}


def kind_of(hint: Any, limits: Mapping[str, Any]) -> dict[str, Any]:
    if typing.get_origin(hint) is typing.Literal:
        return {"type": "string", "enum": list(typing.get_args(hint))}
    kind: dict[str, Any] = {"type": {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}[hint]}
    if hint in (int, float) and "minimum" in limits:
        kind["exclusiveMinimum" if limits["above"] else "minimum"] = limits["minimum"]
        kind |= {"maximum": limits["maximum"]} if limits["maximum"] < float("inf") else {}
    if hint is str and "pattern" in limits:
        kind |= {"minLength": limits["minimumLength"]} if limits["minimumLength"] else {}
        kind |= {"maxLength": limits["maximumLength"]} if limits["maximumLength"] < float("inf") else {}
        kind |= {"pattern": limits["pattern"]} if limits["pattern"] else {}
    return kind


def without_noise(schema: Any) -> Any:
    """Zod's schema without what says nothing: the dialect, an object's own default, the bounds of JavaScript's integers."""
    if isinstance(schema, list):
        return [without_noise(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    noise = {("maximum", str(2**53 - 1)), ("minimum", str(1 - 2**53))}
    own = {"$schema", "default"} if "properties" in schema else {"$schema"}
    return {key: without_noise(value) for key, value in schema.items() if key not in own and (key, str(value)) not in noise}


def test_keys_types_limits_and_defaults_are_those_of_the_pipelines_schema():
    # Act
    schema = zod("z.toJSONSchema(environmentConfig, { io: 'input' })", "lib/contracts/config/environment.ts", "environmentConfig")

    # Assess
    assert schema_of(EnvironmentConfig) == without_noise(schema)


def test_the_pipelines_own_defaults_are_taken():
    # Act
    defaults = zod("environmentConfig.parse({})", "lib/contracts/config/environment.ts", "environmentConfig")

    # Assess
    assert parse_config(defaults) == EnvironmentConfig()
    assert to_json(EnvironmentConfig()) == defaults


def test_values_replace_defaults():
    # Act
    config = parse_config({"layers": 4, "adapter": {"rank": 16}, "precision": "bfloat16"})

    # Assess
    assert (config.layers, config.adapter.rank, config.precision) == (4, 16, "bfloat16")
    assert parse_config(to_json(config)) == config


def test_every_problem_is_named_with_its_key():
    # Arrange
    value = {
        "layer": 2,
        "layers": 0,
        "subsetFraction": 1.5,
        "rewardHeads": True,
        "precision": "float16",
        "adapter": {"rank": "8", "speed": 1},
        "itemTokens": 3,
        "baseModel": "../../etc",
        "instruction": "x" * 1001,
        "itemVectors": {"dimension": 1, "permute": float("inf")},
    }

    # Act
    with pytest.raises(ConfigurationError) as caught:
        parse_config(value)

    # Assess
    lines = str(caught.value).splitlines()[1:]
    names = ["layer", "layers", "subsetFraction", "rewardHeads", "precision", "adapter.rank", "adapter.speed", "itemTokens"]
    names += ["baseModel", "instruction", "itemVectors.dimension", "itemVectors.permute"]
    for name in names:
        assert sum(line.strip().startswith(f"{name}:") for line in lines) == 1, name
    assert len(lines) == len(names)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0, -1])
def test_a_rate_is_a_finite_number_above_zero(value: float):
    with pytest.raises(ConfigurationError, match="adapter.learningRate: expected > 0"):
        parse_config({"adapter": {"learningRate": value}})


def test_names_become_camel_case():
    assert camel_case("item_token_learning_rate") == "itemTokenLearningRate"
