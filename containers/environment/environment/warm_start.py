"""Where a fit begins that is given an earlier environment of the same makeup (channel `earlier`): at its weights."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from .artefact import read_manifest
from .data import read_item_ids
from .errors import DataError
from .item_tokens import TokenStart
from .words import read_words

CHANNEL = "earlier"
"""The input channel: the folder of a fitted environment, with the pipeline's `registration.json`."""


@dataclass(frozen=True)
class Earlier:
    """An environment that a fit goes on from."""

    version: str
    tokens: torch.Tensor
    """[items + 1, dim] float32: its item tokens."""
    trained: dict[str, torch.Tensor]
    """Adapters, projections and heads, by the names that they have in a model with its adapters in place."""
    identifiers: list[str]
    """The item ids that it was fitted with: item `i` at place `i - 1`."""
    start: TokenStart
    """How it made tokens of texts."""

    def tokens_of(self, identifiers: list[str], otherwise: torch.Tensor) -> torch.Tensor:
        """[items + 1, dim] float32: the items' tokens as they were; `otherwise`'s for items that it was not fitted with."""
        known = {identifier: index + 1 for index, identifier in enumerate(self.identifiers)}
        places = torch.tensor([0, *(known.get(identifier, 0) for identifier in identifiers)])  # [items + 1]
        return torch.where((places > 0)[:, None].to(otherwise.device), self.tokens[places].to(otherwise), otherwise)


def read_earlier(folder: Path) -> Earlier:
    """Reads what `write_environment` and `write_words` wrote for an earlier fit.

    Raises:
        DataError: a file is missing, or it is an environment of another format.
    """
    read_manifest(folder)
    weights = load_file(_existing(folder, "environment.safetensors"))
    adapter = load_file(_existing(folder, "adapter.safetensors"))
    version = json.loads(_existing(folder, "registration.json").read_text(encoding="utf8"))["version"]
    tokens = weights.pop("item_tokens")
    identifiers = read_item_ids(_existing(folder, "items.arrow"))
    if len(tokens) != len(identifiers) + 1:
        raise DataError(
            f"{folder}: items.arrow has {len(identifiers)} items, environment.safetensors {len(tokens) - 1}. Leave channel {CHANNEL} out."
        )
    return Earlier(version, tokens, weights | adapter, identifiers, read_words(folder).start)


def _existing(folder: Path, name: str) -> Path:
    if (folder / name).exists():
        return folder / name
    raise DataError(f"{folder / name} is missing: a fit cannot begin from this environment. Leave channel {CHANNEL} out.")
