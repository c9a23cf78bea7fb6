"""Module: contract."""

import dataclasses
import json
from pathlib import Path

import pytest
from conftest import zod
from environment.config import camel_case
from environment.contract import WINDOW, Folders, read_hyperparameters, report_progress, write_failure
from environment.data import SequencesManifest
from environment.errors import ConfigurationError, DataError


def write(root: Path, value: object) -> Path:
    (root / "input" / "config").mkdir(parents=True)
    (root / "input" / "config" / "hyperparameters.json").write_text(value if isinstance(value, str) else json.dumps(value))
    return root


def test_hyperparameters_arrive_as_strings(tmp_path: Path):
    # Arrange
    root = write(tmp_path, {"config": '{"layers": 2}', "window": "50"})

    # Act
    parameters = read_hyperparameters(root)

    # Assess
    assert (parameters.task, parameters.config.layers, parameters.window) == ("fit", 2, 50)


def test_the_task_decides_what_else_is_expected(tmp_path: Path):
    # Arrange
    root = write(tmp_path, {"task": "vectors", "config": '{"itemVectors": {"dimension": 32}}'})

    # Act
    parameters = read_hyperparameters(root)

    # Assess
    assert (parameters.task, parameters.config.item_vectors.dimension) == ("vectors", 32)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "expected an object of hyperparameters, got list"),
        ({}, "expected exactly the hyperparameters config and window for task fit, got none"),
        ({"window": "50"}, "expected exactly the hyperparameters config and window for task fit, got window"),
        ({"task": "vectors", "config": "{}", "window": "50"}, "hyperparameters config for task vectors, got config, window"),
        ({"task": "serve", "config": "{}"}, "task: expected one of fit, vectors, got 'serve'"),
        ({"task": ["fit"], "config": "{}"}, "task: expected one of fit, vectors, got .'fit'."),
        ({"config": "{}", "window": "50", "epochs": "1"}, "got config, epochs, window"),
        ({"config": "{}", "window": "1"}, "from 2 to 200, got 1"),
        ({"config": "{}", "window": "many"}, "Hyperparameter window is not JSON"),
        ({"config": '{"speed": 1}', "window": "50"}, "speed: unknown key"),
    ],
)
def test_wrong_hyperparameters_are_explained(tmp_path: Path, value: object, message: str):
    # Arrange
    root = write(tmp_path, value)

    # Act & Assess
    with pytest.raises(ConfigurationError, match=message):
        read_hyperparameters(root)


def test_the_window_has_the_limits_of_the_pipelines_schema():
    # Act
    window = zod("z.toJSONSchema(sequencesConfig.shape.window)", "lib/contracts/config/sequences.ts", "sequencesConfig")

    # Assess
    assert (window["minimum"], window["maximum"]) == WINDOW


def test_what_is_read_of_the_sequences_manifest_is_written_by_the_pipeline():
    # Act
    schema = zod("z.toJSONSchema(sequencesManifest)", "lib/sequences/manifest.ts", "sequencesManifest")

    # Assess
    kinds = {int: "integer", bool: "boolean"}
    for item in dataclasses.fields(SequencesManifest):
        assert schema["properties"][camel_case(item.name)]["type"] == kinds[item.type]
        assert camel_case(item.name) in schema["required"]


def test_the_metrics_of_a_fit_are_what_the_pipeline_reads(fitted: Path):
    # Arrange
    metrics = json.loads((fitted / "model" / "metrics.json").read_text())

    # Act
    result = zod("environmentMetrics.safeParse(value)", "lib/environment/metrics.ts", "environmentMetrics", metrics)

    # Assess
    assert result["success"], result
    assert result["data"] == metrics


def test_a_job_without_hyperparameters_or_channel_says_so(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="hyperparameters.json is missing"):
        read_hyperparameters(tmp_path)
    with pytest.raises(DataError, match="Input channel basemodel is missing"):
        Folders(tmp_path).channel("basemodel")


def test_progress_is_one_line_of_pairs(capsys: pytest.CaptureFixture[str]):
    # Act
    report_progress("adapter", 0.42, loss=0.61349, users=12, baseModel="tiny")

    # Assess
    assert capsys.readouterr().out == "stage=adapter progress=0.420 loss=0.6135 users=12 baseModel=tiny\n"


def test_the_failure_file_holds_what_sagemaker_shows(tmp_path: Path):
    # Act
    write_failure(Folders(tmp_path), "x" * 2000)

    # Assess
    assert (tmp_path / "output" / "failure").read_text() == "x" * 1024
