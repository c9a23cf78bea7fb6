"""Measures the environment and prints JSON lines {bench, case, metric, value, unit, peer, peerValue, ratio}."""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import environment  # noqa: F401 - before torch: it sets how threads wait
import torch

from .measure import Line
from .scoring import packed_beside_naive
from .serialisation import serialisation_share
from .subject import ROOT
from .training import cheaper_training

Case = Callable[[], list[Line]]


def cpu_cases(folder: Path, rounds: int) -> dict[str, Case]:
    """What is measured on the processor, with the real base model."""
    cases: dict[str, Case] = {}
    for layers, count in ((2, 64), (None, 4)):
        depth = "full depth" if layers is None else f"{layers} layers"
        for instruction in (0, 15):
            prompt = f", instruction of {instruction} tokens" if instruction else ""
            cases[f"packed scoring T=10 K=11, {depth}{prompt}"] = partial(packed_beside_naive, folder, layers, count, instruction, rounds)
    for layers in (4, None):
        depth = "full depth" if layers is None else f"{layers} layers"
        cases[f"LoRA step, {depth}"] = partial(cheaper_training, folder, layers, rounds)
    for layers in (2, 8):
        cases[f"serialisation, {layers} layers"] = partial(serialisation_share, folder, layers, rounds)
    return cases


def accelerator_cases(rounds: int, peak: float | None) -> dict[str, Case]:
    """What is measured on a GPU, with random weights of common shapes."""
    from .accelerator import SHAPES, forward_utilisation, peak_of, training_utilisation
    from .agreement import fused_beside_float32

    if not torch.cuda.is_available():
        print("skipped: there is no CUDA device on this machine", file=sys.stderr)
        return {}
    device = torch.device("cuda")
    peak = peak_of(torch.cuda.get_device_name()) if peak is None else peak * 1e12
    cases: dict[str, Case] = {"agreement": partial(fused_beside_float32, device)}
    for name, shape in SHAPES.items():
        cases[f"forward {name}"] = partial(forward_utilisation, shape, device, peak, rounds)
        cases[f"LoRA training {name}"] = partial(training_utilisation, shape, device, peak, rounds)
    for name in ("135M", "1B"):
        for tokens in (1 << 10, 1 << 12):
            cases[f"LoRA training {name}, steps of {tokens} tokens"] = partial(
                training_utilisation, SHAPES[name], device, peak, rounds, tokens
            )
    return cases


def main(arguments: list[str]) -> int:
    """Measures and prints; returns the exit code."""
    parser = argparse.ArgumentParser(prog="npm run bench -- environment", description=__doc__)
    parser.add_argument("--only", default="", help="measure the cases whose names contain this")
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds of each case")
    parser.add_argument("--list", action="store_true", help="name the cases only")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--base-model", type=Path, default=ROOT / ".cache/base-models/smollm2-135m-instruct")
    parser.add_argument("--peak-teraflops", type=float, help="bf16 peak of a GPU that is not known here")
    given = parser.parse_args(arguments)
    cases = accelerator_cases(given.rounds, given.peak_teraflops) if given.device == "cuda" else cpu_cases(given.base_model, given.rounds)
    for name, case in cases.items():
        if given.only not in name:
            continue
        if given.list:
            print(name)
            continue
        print(name, file=sys.stderr, flush=True)
        for line in case():
            values = {"metric": line.metric, "value": line.value, "unit": line.unit, "peer": line.peer}
            beside = {"peerValue": line.peer_value, "ratio": line.ratio}
            print(json.dumps({"bench": "environment", "case": name, **values, **beside}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
