"""Module: accelerator. The device query is faked: there is no GPU where these run."""

from pathlib import Path

import pytest
from environment.__main__ import main
from environment.accelerator import Gpu, branch, compatibility_path, query_gpu, require_accelerator
from environment.errors import AcceleratorError

GIVEN = {
    "ACCELERATOR": "nvidia",
    "REQUIRED_NVIDIA_DRIVER": "580",
    "COMPATIBLE_NVIDIA_DRIVER": "535",
    "INFERENCE_AMI_VERSION": "al2023-ami-sagemaker-inference-gpu-4-1",
}
USABLE = Gpu("13.0", True)
TOO_OLD = Gpu("13.0", False, "The NVIDIA driver on your system is too old (found version 11040).")


@pytest.mark.parametrize(
    ("environment", "driver", "gpu"),
    [
        (GIVEN, "580.95.05", USABLE),
        ({"ACCELERATOR": "none"}, None, Gpu(None, False)),
        ({}, None, Gpu(None, False)),
        ({}, "580.95.05", USABLE),
    ],
)
def test_what_was_given_is_there(environment: dict[str, str], driver: str | None, gpu: Gpu):
    require_accelerator(environment, driver, gpu)


def test_a_gpu_that_was_given_and_cannot_be_used_is_an_error_with_all_versions():
    # Act
    with pytest.raises(AcceleratorError) as raised:
        require_accelerator(GIVEN, "470.256.02", TOO_OLD)

    # Assess
    message = str(raised.value)
    assert "Host driver: 470.256.02" in message
    assert "CUDA of this image's torch: 13.0, which needs driver 580 (with compatibility libraries 535) or newer" in message
    assert "AMI: al2023-ami-sagemaker-inference-gpu-4-1" in message
    assert "found version 11040" in message
    assert len(message) < 1024  # what SageMaker shows of a failure


def test_a_job_has_no_ami_to_name():
    environment = {name: value for name, value in GIVEN.items() if name != "INFERENCE_AMI_VERSION"}
    with pytest.raises(AcceleratorError, match=r"Host driver: none found.*AMI: chosen by SageMaker"):
        require_accelerator(environment, None, Gpu(None, False, "no CUDA"))


@pytest.mark.parametrize("command", ["train", "serve"])
def test_both_commands_fail_at_once_where_there_is_no_gpu(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # Arrange: a GPU was given, and this machine has none; nor is there a job or a model to get lost in
    monkeypatch.setenv("ML_ROOT", str(tmp_path))
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("environment.__main__.query_gpu", lambda: TOO_OLD)
    monkeypatch.setattr("environment.__main__.host_driver", lambda: "470.256.02")

    # Act
    code = main([command])

    # Assess
    assert code == 1
    assert "Host driver: 470.256.02" in (tmp_path / "output" / "failure").read_text()
    assert "does not compute on the processor" in capsys.readouterr().err


def test_the_query_says_why_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch):
    # Arrange: as a driver that is too old makes torch answer
    def too_old() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).\nMore lines")

    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.init", too_old)

    # Act
    gpu = query_gpu()

    # Assess
    assert not gpu.usable
    assert gpu.problem == "The NVIDIA driver on your system is too old (found version 11040)."


@pytest.mark.parametrize(
    ("driver", "searched", "path"),
    [
        ("535.183.01", "", "{libraries}"),
        ("570.86.15", "/usr/lib", "{libraries}:/usr/lib"),
        ("570.86.15", "{libraries}:/usr/lib", None),  # started anew already
        ("580.95.05", "", None),  # new enough by itself
        ("595.91.07", "", None),
        (None, "", None),  # no driver to be compatible with
    ],
)
def test_the_compatibility_libraries_are_used_on_older_drivers_alone(
    driver: str | None, searched: str, path: str | None, tmp_path: Path
):
    # Arrange
    environment = GIVEN | {"LD_LIBRARY_PATH": searched.format(libraries=tmp_path)}

    # Act
    found = compatibility_path(environment, driver, tmp_path)

    # Assess
    assert found == (None if path is None else path.format(libraries=tmp_path))


def test_the_compatibility_libraries_are_not_looked_for_where_they_are_not(tmp_path: Path):
    assert compatibility_path(GIVEN, "535.183.01", tmp_path / "absent") is None
    assert compatibility_path({}, "535.183.01", tmp_path) is None


def test_the_branch_of_a_driver():
    assert (branch("580.95.05"), branch(None)) == (580, 0)
