"""Fixtures: the package on the path, tiny random base models of three families, a small run's sequences."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "containers" / "environment"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import environment  # noqa: F401 - before torch: it sets how threads wait
import numpy as np
import pyarrow as pa
import pytest
import torch
from environment.layout import pack
from environment.model import EnvironmentModel
from hypothesis import settings

# What tests and libraries keep in the temporary folder ends with the run; of one that was killed, the next run of Vitest removes it.
TEMPORARY = Path(tempfile.gettempdir()) / f"lea-tests-{os.getpid()}"
TEMPORARY.mkdir()
atexit.register(shutil.rmtree, TEMPORARY, ignore_errors=True)
os.environ["TMPDIR"] = tempfile.tempdir = str(TEMPORARY)

# The same examples in every run, no time limits, nothing left on disk.
settings.register_profile("environment", deadline=None, derandomize=True, database=None)
settings.load_profile("environment")

ITEMS = 30
FAMILIES = ("llama", "qwen2", "gpt2")
WORDS = ["red", "green", "blue", "dark", "light", "old", "new", "small", "great", "last", "first", "night", "day", "river", "stone"]


def titles(count: int) -> list[str]:
    """Titles that differ from item to item."""
    return [f"{WORDS[index % 15].title()} {WORDS[index * 7 % 15]} {index}" for index in range(count)]


def write_base_model(folder: Path, family: str, layers: int = 3) -> Path:
    """A random causal language model with a byte-level tokenizer, as a Hugging Face folder."""
    from environment.train_base_model import train_tokenizer
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(titles(ITEMS)), unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    shape: dict[str, int] = {
        "hidden_size": 32,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "vocab_size": len(tokenizer),
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    if family != "gpt2":
        shape |= {"intermediate_size": 48, "num_key_value_heads": 2, "max_position_embeddings": 256}
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **shape))
    for parameter in model.parameters():
        # Larger than the usual start, so that a wrong mask or position shows in the numbers.
        parameter.data += 0.2 * torch.randn_like(parameter) * (parameter.dim() > 1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_stream(path: Path, table: pa.Table) -> None:
    """An Arrow IPC stream."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


MANIFEST = {"items": 3, "shards": 1, "trainSequences": 1, "window": 2, "repeatShare": 0.05, "excludeHistory": True}


def write_manifest(folder: Path, **values: int | bool) -> None:
    """A run's `manifest.json`, as far as it is read here."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | values))


def write_sequences(folder: Path, users: int = 40, items: int = ITEMS, window: int = 8, seed: int = 3) -> Path:
    """A run's sequences: users walk around a ring of items, mostly forwards, so that histories predict what follows."""
    generator = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        steps = generator.choice([1, 2, 5], int(generator.integers(2, 2 * window)), p=[0.7, 0.2, 0.1])
        walk = (int(generator.integers(items)) + np.cumsum(steps)) % items + 1
        starts = range(0, max(len(walk) - 1, 1), window)
        rows.extend((f"user-{user}", start, walk[start : start + window + 1]) for start in starts)
    counts = np.bincount(np.concatenate([row[2] for row in rows]), minlength=items + 1)[1:]
    write_stream(
        folder / "items.arrow",
        pa.table(
            {
                "item_id": [f"item-{index}" for index in range(items)],
                "title": titles(items),
                "fields": [json.dumps({"colour": WORDS[index % 15]}) for index in range(items)],
                "count": pa.array(counts, pa.int32()),
            }
        ),
    )
    write_manifest(folder, items=items, shards=3, trainSequences=len(rows), window=window)
    for part, chunk in enumerate(np.array_split(np.arange(len(rows)), 3)):
        chosen = [rows[index] for index in chunk]
        write_stream(
            folder / "train" / f"part-{part:05d}.arrow",
            pa.table(
                {
                    "user_id": [row[0] for row in chosen],
                    "start": pa.array([row[1] for row in chosen], pa.int32()),
                    "items": pa.array([row[2].tolist() for row in chosen], pa.list_(pa.int32())),
                    "timestamps": pa.array([np.arange(len(row[2]), dtype=float).tolist() for row in chosen], pa.list_(pa.float64())),
                    "rewards": pa.array([[1.0] * len(row[2]) for row in chosen], pa.list_(pa.float32())),
                }
            ),
        )
    return folder


TINY = {
    "precision": "float32",
    "subsetFraction": 0.8,
    "stateDimension": 8,
    "candidates": 4,
    "similarCandidates": 2,
    "rewardHeads": 3,
    "itemTokens": {"epochs": 1, "learningRate": 0.02},
    "adapter": {"rank": 2, "epochs": 2, "negatives": 2, "batchTokens": 128},
}


def write_job(root: Path, sequences: Path, base: Path, config: dict | None = None, window: int = 8) -> Path:
    """A training job's folder as SageMaker lays it out."""
    (root / "input" / "config").mkdir(parents=True, exist_ok=True)
    (root / "input" / "data").mkdir(exist_ok=True)
    values = {"config": json.dumps(TINY | (config or {})), "window": str(window)}
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(values))
    for name, target in (("sequences", sequences), ("basemodel", base)):
        (root / "input" / "data" / name).symlink_to(target)
    return root


def fit(root: Path) -> Path:
    """Runs a training job in its folder."""
    from environment.contract import Folders, read_hyperparameters
    from environment.train import train

    train(Folders(root), read_hyperparameters(root))
    return root


def zod(expression: str, module: str, name: str, value: object = None) -> Any:
    """What a TypeScript expression over `name` of a module of the pipeline, zod's `z` and `value` gives, through JSON."""
    root = Path(__file__).resolve().parents[3]
    script = (
        f"import * as z from 'zod'; import {{ {name} }} from './{module}';"
        "import { readFileSync } from 'node:fs';"
        f"const value = JSON.parse(readFileSync(0, 'utf8')); process.stdout.write(JSON.stringify({expression}))"
    )
    command = [root / "node_modules" / ".bin" / "node", "--input-type=module", "-e", script]
    return json.loads(subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, input=json.dumps(value), text=True).stdout)


@pytest.fixture(scope="session", params=FAMILIES)
def family_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base model's folder, of each family in turn."""
    return write_base_model(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def llama_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama's folder."""
    return write_base_model(tmp_path_factory.mktemp("llama-only"), "llama")


@pytest.fixture(scope="session")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run's sequences."""
    return write_sequences(tmp_path_factory.mktemp("sequences"))


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory, sequences: Path, llama_model: Path) -> Path:
    """The folder of a finished training job."""
    return fit(write_job(tmp_path_factory.mktemp("fitted"), sequences, llama_model))


@cache
def random_model(folder: Path, layers: int | None = None, items: int = ITEMS, instruction: int = 0) -> EnvironmentModel:
    """An environment with random item tokens and heads of ordinary size over a tiny base model; not to be changed."""
    from environment.base_model import load_base_model

    base = load_base_model(folder, layers, torch.float32, torch.device("cpu"))
    torch.manual_seed(11)
    tokens = torch.randn(items + 1, base.dimension)
    model = EnvironmentModel(base.decoder, None, tokens, torch.randn(items + 1) * 0.3, torch.randn(instruction, base.dimension), 8, 3)
    model.calibration.copy_(torch.tensor([0.1, 0.4, 2.0, 0.5]))
    return model.eval().requires_grad_(False)


def naive(model: EnvironmentModel, row: np.ndarray, action: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`action` after `row` from a prompt of its own: (hidden state at the action [dim], raw scores [heads])."""
    batch = pack([np.append(row, action)])
    hidden = model(batch)
    return hidden.history[0, -1], model.score(batch, hidden).logged[0, -1]
