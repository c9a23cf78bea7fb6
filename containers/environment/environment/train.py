"""`python -m environment train`: from sequences and a base model to a fitted environment."""

import hashlib
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .adapter_fit import AdapterFit, FitData, add_adapter
from .artefact import Manifest, write_environment
from .base_model import BaseModel, decoder_config, load_base_model
from .calibration import fit_calibration
from .checkpoint import Checkpoints
from .config import EnvironmentConfig, to_json
from .contract import Folders, Hyperparameters, read_hyperparameters, report_progress
from .data import Catalogue, TrainingRows, read_catalogue, read_training_rows, repeat_share
from .errors import DataError
from .item_text import item_sentences
from .item_tokens import ItemTokenFit, initial_tokens, tokenise
from .metrics import held_out_metrics
from .model import EnvironmentModel
from .scoring import score_positions

HELD_OUT_SHARE = 0.1
"""Share of the subset's users that are never fitted on."""
HELD_OUT_USERS = 400
"""Held-out users at most: enough for a standard error of pair accuracy below 0.005."""
CALIBRATION_POSITIONS = 2000
"""Positions of training users that the calibration is fitted on, at least."""
METRIC_NEGATIVES = 10
"""Negatives a position for the metrics."""
REPEAT_SHARE = 0.01
"""From this share of repeated items on, items of the history may be candidates."""


@dataclass(frozen=True)
class Users:
    """Row numbers of the training sequences by what they are used for."""

    fitted: np.ndarray
    held_out: np.ndarray
    others: np.ndarray
    """Users outside the subset; the fitted ones when the subset is everybody."""
    subset: int
    """Users of the subset."""


def train(folders: Folders) -> None:
    """Fits an environment as the job's hyperparameters say and writes it to `model/`.

    Raises:
        LanguageEnvironmentError: what is wrong with hyperparameters, data or base model, and what to do.
    """
    started = time.monotonic()
    parameters = read_hyperparameters(folders.root)
    config = parameters.config
    sequences = folders.channel("sequences")
    catalogue = read_catalogue(sequences)
    rows = read_training_rows(sequences, len(catalogue), parameters.window)
    repeats = repeat_share(rows) >= REPEAT_SHARE
    users = choose_users(rows, config)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    dtype = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
    base = load_base_model(folders.channel("basemodel"), config.layers, dtype, device)
    report_progress("load", 1.0, baseModel=base.name, layers=base.layers, items=len(catalogue))
    checkpoints = Checkpoints(folders.checkpoints, fingerprint(parameters, sequences, base))
    checkpoints.listen()
    saved = checkpoints.load()

    table, item_fit = _fit_item_tokens(base, catalogue, config, checkpoints, saved, device)
    item_seconds = time.monotonic() - started
    model = _build_model(base, catalogue, config, table)
    peft_model = add_adapter(model, config)
    fit = AdapterFit(model, config, FitData(rows, users.fitted, users.held_out, repeats))
    if saved and saved["stage"] == "adapter":
        fit.load(saved["state"])
    fit.run(
        lambda done, **losses: report_progress("adapter", done, **losses),
        lambda state: checkpoints.pause("adapter", state),
    )
    adapter_seconds = time.monotonic() - started - item_seconds

    adapter = {
        name: value.detach().cpu().contiguous().clone() for name, value in fit.parameters.items() if name.startswith("decoder.")
    }
    model.decoder = peft_model.merge_and_unload()
    model.eval().requires_grad_(False)
    scale, offset = _calibrate(model, rows, users, repeats, config)
    report_progress("calibration", 1.0, scale=scale, offset=offset)
    scored = score_positions(
        model, rows, users.held_out, METRIC_NEGATIVES, repeats, config.adapter.batch_tokens, config.seed + 1
    )
    fitted_items = np.unique(np.concatenate([rows.row(row) for row in users.fitted]))
    trainable = sum(value.numel() for value in fit.parameters.values())
    layer_parameters = sum(value.numel() for value in model.decoder.parameters() if value.dim() >= 2)
    metrics = {
        "baseModel": base.name,
        "baseModelOrigin": base.origin,
        "parameters": sum(value.numel() for value in model.decoder.parameters()),
        "trainableParameters": trainable,
        "itemTokenParameters": table.numel() - table.shape[1],
        "layers": base.layers,
        "subsetFraction": config.subset_fraction,
        "users": users.subset,
        **held_out_metrics(scored, catalogue.counts, fitted_items, scale, offset),
        "seconds": time.monotonic() - started,
        "itemTokenSeconds": item_seconds,
        "adapterSeconds": adapter_seconds,
        "tokens": fit.tokens + item_fit.tokens,
        "itemTokenTokens": item_fit.tokens,
        "adapterTokens": fit.tokens,
        "adapterFlops": 4.0 * layer_parameters * fit.tokens,
        "earlyStopping": fit.history,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "config": to_json(config),
    }
    folders.model.mkdir(parents=True, exist_ok=True)
    (folders.model / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf8")
    manifest = Manifest(
        base_model=base.name,
        base_model_origin=base.origin,
        decoder=decoder_config(model.decoder),
        window=parameters.window,
        items=len(catalogue),
        state_dimension=config.state_dimension,
        reward_heads=config.reward_heads,
        candidates=config.candidates,
        similar_candidates=config.similar_candidates,
        repeats=repeats,
        batch_tokens=config.adapter.batch_tokens,
        seed=config.seed,
    )
    write_environment(folders.model, model, adapter, manifest, catalogue.identifiers)
    checkpoints.clear()
    report_progress(
        "metrics",
        1.0,
        pairAccuracy=metrics["pairAccuracy"],
        popularityPairAccuracy=metrics["popularityPairAccuracy"],
        recallAt10=metrics["recallAt10"],
        popularityRecallAt10=metrics["popularityRecallAt10"],
        seconds=metrics["seconds"],
    )


def choose_users(rows: TrainingRows, config: EnvironmentConfig) -> Users:
    """Draws the subset of users (seeded) and its held-out part; rows of one item teach nothing and are left out.

    Raises:
        DataError: too few users with two actions to fit on some and hold out others.
    """
    usable = np.flatnonzero(rows.lengths() > 1)
    candidates = np.unique(rows.users[usable])
    if len(candidates) < 2:
        raise DataError("The training sequences have fewer than two users with two actions: nothing to fit on.")
    drawn = np.random.default_rng(config.seed).permutation(candidates)
    subset = drawn[: max(2, math.ceil(config.subset_fraction * len(drawn)))]
    held_out = subset[: min(HELD_OUT_USERS, max(1, round(HELD_OUT_SHARE * len(subset))))]

    def of(users: np.ndarray) -> np.ndarray:
        return usable[np.isin(rows.users[usable], users)]

    fitted = of(np.setdiff1d(subset, held_out))
    others = of(np.setdiff1d(drawn, subset))
    return Users(fitted, of(held_out), others if len(others) else fitted, len(subset))


def fingerprint(parameters: Hyperparameters, sequences: Path, base: BaseModel) -> str:
    """What a checkpoint must agree on to be used: configuration, window, data and base model."""
    digest = hashlib.sha256()
    digest.update(json.dumps([to_json(parameters.config), parameters.window, base.name, base.origin]).encode())
    for path in [sequences / "items.arrow", *sorted((sequences / "train").glob("part-*.arrow"))]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _fit_item_tokens(
    base: BaseModel,
    catalogue: Catalogue,
    config: EnvironmentConfig,
    checkpoints: Checkpoints,
    saved: dict | None,
    device: torch.device,
) -> tuple[torch.Tensor, ItemTokenFit]:
    texts = item_sentences(catalogue, config.item_tokens.template)
    sentences = tokenise(base, texts, config.item_tokens.maximum_text_tokens)
    table = initial_tokens(base, sentences).to(device)
    items = np.arange(1, len(catalogue) + 1)
    fit = ItemTokenFit(base, table, sentences, config.item_tokens, items, config.adapter.batch_tokens, config.seed)
    if saved and saved["stage"] == "item-tokens":
        fit.load(saved["state"])
    if not (saved and saved["stage"] == "adapter"):
        fit.run(
            lambda done, loss: report_progress("item-tokens", done, loss=loss),
            lambda state: checkpoints.pause("item-tokens", state),
        )
    return table, fit


def _build_model(base: BaseModel, catalogue: Catalogue, config: EnvironmentConfig, table: torch.Tensor) -> EnvironmentModel:
    frequency = torch.log(torch.from_numpy(catalogue.counts).float() + 1.0)
    popularity = torch.cat([torch.zeros(1), frequency - frequency.mean()])
    model = EnvironmentModel(
        base.decoder, table, popularity, torch.zeros(0, base.dimension), config.state_dimension, config.reward_heads
    )
    model.initialise_heads(config.seed)
    return model.to(table.device)


def _calibrate(
    model: EnvironmentModel, rows: TrainingRows, users: Users, repeats: bool, config: EnvironmentConfig
) -> tuple[float, float]:
    order = np.random.default_rng(config.seed + 2).permutation(users.others)
    positions = np.cumsum(rows.lengths()[order] - 1)
    chosen = order[: int(np.searchsorted(positions, CALIBRATION_POSITIONS)) + 1]
    scored = score_positions(
        model, rows, chosen, config.adapter.negatives, repeats, config.adapter.batch_tokens, config.seed + 2
    )
    scale, offset = fit_calibration(scored.logged_scores.mean(-1), scored.negative_scores.mean(-1).ravel())
    model.calibration.copy_(torch.tensor([scale, offset]))
    return scale, offset
