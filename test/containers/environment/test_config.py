"""Function: parse_config."""

import json
import subprocess
from pathlib import Path

import pytest
from environment.config import EnvironmentConfig, camel_case, parse_config, to_json
from environment.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[3]


def test_defaults_and_keys_are_those_of_the_pipelines_schema():
    # Arrange
    script = (
        "import { environmentConfig } from './lib/contracts/config/environment.ts';"
        "process.stdout.write(JSON.stringify(environmentConfig.parse({})))"
    )
    node = ROOT / "node_modules" / ".bin" / "node"

    # Act
    schema = json.loads(subprocess.run([node, "--input-type=module", "-e", script], cwd=ROOT, check=True, capture_output=True).stdout)

    # Assess
    assert to_json(EnvironmentConfig()) == schema
    assert parse_config(schema) == EnvironmentConfig()


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
    }

    # Act
    with pytest.raises(ConfigurationError) as caught:
        parse_config(value)

    # Assess
    lines = str(caught.value).splitlines()[1:]
    for name in ("layer", "layers", "subsetFraction", "rewardHeads", "precision", "adapter.rank", "adapter.speed", "itemTokens"):
        assert sum(line.strip().startswith(f"{name}:") for line in lines) == 1, name
    assert len(lines) == 8


def test_names_become_camel_case():
    assert camel_case("item_token_learning_rate") == "itemTokenLearningRate"
