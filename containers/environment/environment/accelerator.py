"""A container that was given a GPU computes on it or fails at once, with all that somebody needs to know to mend it.

The pipeline says what was given (`lib/contracts/accelerators.ts` has the table of what goes with what): `ACCELERATOR` is
`nvidia` or `none`, `REQUIRED_NVIDIA_DRIVER` the oldest branch of the driver that runs this image's CUDA by itself,
`COMPATIBLE_NVIDIA_DRIVER` the oldest one with the compatibility libraries that the image brings along, and
`INFERENCE_AMI_VERSION` what an endpoint's host was started from.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import AcceleratorError

COMPATIBILITY_LIBRARIES = Path("/opt/cuda-compat")
"""Where the image has NVIDIA's user-mode driver of its own CUDA release, for hosts with an older one."""
SEARCHED = "LD_LIBRARY_PATH"


@dataclass(frozen=True)
class Gpu:
    """What the device query found."""

    cuda: str | None
    """The CUDA release that torch was built for; None for a build without."""
    usable: bool
    problem: str = ""
    """What torch says when it is not usable."""


def query_gpu() -> Gpu:
    """Asks torch for a GPU and has it compute: one that is there may still be of no use to this build."""
    import torch

    try:
        if not torch.cuda.is_available():
            torch.cuda.init()  # says why
        torch.ones(1, device="cuda").add(1).item()
    except Exception as error:
        return Gpu(torch.version.cuda, False, str(error).splitlines()[0] if str(error) else type(error).__name__)
    return Gpu(torch.version.cuda, True)


def host_driver() -> str | None:
    """The version of the host's NVIDIA driver; None when there is none to be seen."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf8")
    except OSError:
        text = _nvidia_smi()
    found = re.search(r"\b(\d{3}\.\d+(?:\.\d+)?)\b", text)
    return found.group(1) if found else None


def branch(driver: str | None) -> int:
    """`580.95.05` -> 580; 0 for none."""
    return int(driver.split(".")[0]) if driver else 0


def compatibility_path(environment: Mapping[str, str], driver: str | None, libraries: Path) -> str | None:
    """The search path for libraries that makes CUDA work on an older driver; None where it is right as it is.

    On a driver that is new enough by itself the compatibility libraries must not be used: they are older than it.
    """
    required = int(environment.get("REQUIRED_NVIDIA_DRIVER", "0"))
    searched = environment.get(SEARCHED, "")
    is_older = 0 < branch(driver) < required
    if environment.get("ACCELERATOR") != "nvidia" or not is_older or not libraries.is_dir():
        return None
    if str(libraries) in searched.split(":"):
        return None
    return f"{libraries}:{searched}" if searched else str(libraries)


def use_compatible_libraries() -> None:
    """Starts this process anew where it needs another search path: the loader reads it once, at the start."""
    path = compatibility_path(os.environ, host_driver(), COMPATIBILITY_LIBRARIES)
    if path is not None:
        os.execve(sys.executable, sys.orig_argv, {**os.environ, SEARCHED: path})


def require_accelerator(environment: Mapping[str, str], driver: str | None, gpu: Gpu) -> None:
    """Checks that the GPU is there that was given.

    Raises:
        AcceleratorError: there is none that can be used; the message has driver, CUDA and AMI.
    """
    if environment.get("ACCELERATOR") != "nvidia" or gpu.usable:
        return
    required = environment.get("REQUIRED_NVIDIA_DRIVER", "unknown")
    oldest = environment.get("COMPATIBLE_NVIDIA_DRIVER", required)
    ami = environment.get("INFERENCE_AMI_VERSION", "chosen by SageMaker, as for every training job")
    raise AcceleratorError(
        "This container was given a GPU instance and finds no GPU that it can use; it does not compute on the processor instead. "
        f"Host driver: {driver or 'none found'}. CUDA of this image's torch: {gpu.cuda or 'none'}, which needs driver {required} "
        f"(with compatibility libraries {oldest}) or newer. AMI: {ami}. torch says: {gpu.problem or 'nothing'}. "
        "Take an instance type or AMI with a newer driver, or an image for an older CUDA (docs/environment.md, GPUs)."
    )


def _nvidia_smi() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
