"""Writes a base model's twin that has learned nothing: the same shape and tokenizer, random weights.

`python -m environment.random_base_model --base-model DIR --out DIR [--seed 1]`. An environment that is fitted on it is what
an experiment's control `base-model-random` sets beside one that is fitted on the base model itself.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .errors import BaseModelError, LanguageEnvironmentError

TOKENIZER = ("tokenizer*", "vocab*", "merges*", "special_tokens*", "added_tokens*", "chat_template*")


def randomise(base_model: Path, out: Path, seed: int) -> dict[str, str | int]:
    """Writes the folder `out`, complete or not at all, and returns its `origin.json`; a complete folder is left as it is.

    Raises:
        BaseModelError: the base model's configuration is missing or of no known architecture.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    if (out / "origin.json").exists():
        return json.loads((out / "origin.json").read_text(encoding="utf8"))
    logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(base_model, local_files_only=True)
    except (ValueError, KeyError, OSError) as error:
        raise BaseModelError(f"{base_model / 'config.json'} is not a usable configuration: {error}") from error
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    origin = {
        "name": f"{base_model.name}, random weights",
        "origin": f"random weights (seed {seed}) in the shape of {base_model.name}",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        model.to(torch.float16).save_pretrained(staging)
        for pattern in TOKENIZER:
            for path in base_model.glob(pattern):
                shutil.copyfile(path, staging / path.name)
        (staging / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", encoding="utf8")
        staging.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return origin


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-model", type=Path, required=True, help="the Hugging Face folder whose shape is taken")
    parser.add_argument("--out", type=Path, required=True, help="the Hugging Face folder to write")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    # Importing an architecture makes PyTorch's compiler create its folder for caches, which nothing here uses.
    with tempfile.TemporaryDirectory() as unused:
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", unused)
        try:
            origin = randomise(arguments.base_model, arguments.out, arguments.seed)
        except LanguageEnvironmentError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"{arguments.out}: {origin['parameters']:,} parameters ({origin['origin']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
