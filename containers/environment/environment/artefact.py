"""The fitted environment as a folder: what training writes and serving reads.

`manifest.json` (written last), `decoder.safetensors` (the kept layers with the adapter merged in; with separate
adapters `reward_decoder.safetensors` too),
`environment.safetensors` (item tokens, projections, heads, calibration), `proposals.safetensors` (neighbours and chances, where
candidates are proposed by them), `adapter.safetensors` (the adapter alone, which
a later fit may begin from), `words/` (what makes a token of a text), `items.arrow` (the item ids of the vocabulary), `metrics.json`. Later
nights add `added/` (items that came after the fit).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import torch
from safetensors.torch import load_file, save_file

from .base_model import build_decoder
from .errors import DataError
from .model import EnvironmentModel
from .proposals import Proposer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FORMAT = "lea-environment"
FORMAT_VERSION = 3
DECODERS = ("decoder", "reward_decoder")


@dataclass(frozen=True)
class Manifest:
    """What serving must know besides the weights."""

    base_model: str
    base_model_origin: str
    decoder: dict[str, Any]
    """The decoder's configuration."""
    joint: bool
    """Whether one decoder serves states and rewards."""
    read_actions: bool
    """Whether the decoder reads actions."""
    window: int
    items: int
    state_dimension: int
    reward_heads: int
    candidates: int
    similar_candidates: int
    proposes: bool
    """Whether candidates are proposed by their chance to be taken."""
    repeats: bool
    seed: int
    started_from: str | None = None
    """Version of the environment whose weights the fit began with."""


def write_environment(
    folder: Path,
    model: EnvironmentModel,
    proposer: Proposer | None,
    adapter: dict[str, torch.Tensor],
    manifest: Manifest,
    identifiers: list[str],
) -> None:
    """Writes a merged model; the manifest comes last, its presence says that the folder is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in DECODERS[: 1 if manifest.joint else 2]:
        save_file(_weights(getattr(model, name)), folder / f"{name}.safetensors")
    rest = {name: value.contiguous() for name, value in model.state_dict().items() if not name.startswith(DECODERS)}
    save_file(rest, folder / "environment.safetensors")
    save_file(adapter, folder / "adapter.safetensors")
    if proposer is not None:
        save_file(proposer.tensors(), folder / "proposals.safetensors")
    table = pa.table({"item_id": pa.array(identifiers, pa.string())})
    with pa.OSFile(str(folder / "items.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    document = {"format": FORMAT, "formatVersion": FORMAT_VERSION, **vars(manifest)}
    (folder / "manifest.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf8")


def read_manifest(folder: Path) -> Manifest:
    """What an environment's folder says of it.

    Raises:
        DataError: no complete environment in the folder, or one of another format version.
    """
    path = folder / "manifest.json"
    if not path.exists():
        raise DataError(f"{path} is missing: the folder holds no fitted environment.")
    document = json.loads(path.read_text(encoding="utf8"))
    if (document.pop("format", None), document.pop("formatVersion", None)) != (FORMAT, FORMAT_VERSION):
        raise DataError(f"{path} is not a {FORMAT} of version {FORMAT_VERSION}: fit the environment again.")
    return Manifest(**document)


def read_environment(folder: Path, device: torch.device) -> tuple[EnvironmentModel, Manifest]:
    """Loads what `write_environment` wrote.

    Raises:
        DataError: no complete environment in the folder, or one of another format version.
    """
    manifest = read_manifest(folder)
    decoders = [
        _read_decoder(folder / f"{name}.safetensors", manifest, device) for name in DECODERS[: 1 if manifest.joint else 2]
    ]
    rest = load_file(folder / "environment.safetensors", device=str(device))
    model = EnvironmentModel(
        decoders[0],
        None if manifest.joint else decoders[1],
        rest["item_tokens"],
        rest["popularity"],
        rest["instruction"],
        manifest.state_dimension,
        manifest.reward_heads,
        manifest.read_actions,
    ).to(device)
    missing, unexpected = model.load_state_dict(rest, strict=False)
    if unexpected or any(not name.startswith(DECODERS) for name in missing):
        raise DataError(f"{folder}: environment.safetensors does not fit manifest.json: fit the environment again.")
    return model.eval().requires_grad_(False), manifest


def read_proposer(folder: Path, model: EnvironmentModel, manifest: Manifest) -> Proposer | None:
    """What proposes candidates; None where the nearest items to the state are proposed."""
    if not manifest.proposes:
        return None
    tensors = load_file(folder / "proposals.safetensors", device=str(model.item_tokens.device))
    return Proposer.from_tensors(model, tensors)


def _weights(decoder: "PreTrainedModel") -> dict[str, torch.Tensor]:
    """A decoder's weights without its word embeddings."""
    words = decoder.get_input_embeddings()
    left_out = {f"{name}.weight" for name, module in decoder.named_modules() if module is words}
    return {name: value.contiguous() for name, value in decoder.state_dict().items() if name not in left_out}


def _read_decoder(path: Path, manifest: Manifest, device: torch.device) -> "PreTrainedModel":
    weights = load_file(path, device=str(device))
    dtype = next(value.dtype for value in weights.values() if value.dim() == 2)
    return build_decoder(manifest.decoder, weights, dtype, device)
