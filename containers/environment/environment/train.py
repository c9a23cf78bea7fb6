"""`python -m environment train`: from sequences and a base model to a fitted environment."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .action_metrics import action_metrics
from .adapter import add_adapter, merge_adapter, separate_weights, share_weights
from .adapter_fit import AdapterFit, FitData, is_adapter
from .artefact import Manifest, write_environment
from .base_model import BaseModel, decoder_config, load_base_model
from .calibration import Calibration, fit_calibration, fit_preferences
from .checkpoint import Checkpoints
from .config import EnvironmentConfig, to_json
from .contract import Folders, Hyperparameters, report_progress
from .data import Catalogue, TrainingRows, read_catalogue, read_manifest, read_training_rows
from .errors import ConfigurationError
from .flops import adapter_flops, item_token_flops
from .item_text import item_sentences
from .item_tokens import ItemTokenFit, Sentences, TokenStart, initial_tokens, token_start, tokenise
from .memory import enough_memory
from .metrics import held_out_metrics
from .model import EnvironmentModel
from .neighbours import count_neighbours
from .precision import data_type
from .proposals import Proposer, fit_proposer
from .scoring import score_positions
from .users import UserRows, choose_users
from .warm_start import CHANNEL, Earlier, read_earlier
from .words import words_of, write_words

CALIBRATION_POSITIONS = 2000
"""Positions of training users that the calibration is fitted on, at least."""
CHANCE_POSITIONS = 4000
"""The same for the chances of actions."""
METRIC_NEGATIVES = 3
"""Negatives per position for the metrics: as many uniform ones as popular ones."""


@dataclass(frozen=True)
class Input:
    """What the job was given, read and checked."""

    parameters: Hyperparameters
    catalogue: Catalogue
    rows: TrainingRows
    users: UserRows
    repeats: bool
    """Whether items of the history may be actions: the run's own decision."""
    base: BaseModel
    sentences: Sentences
    start: TokenStart
    earlier: Earlier | None
    """What the fit begins from; None where it begins from nothing."""
    fingerprint: str

    @property
    def config(self) -> EnvironmentConfig:
        """Config section `environment`."""
        return self.parameters.config


@enough_memory(
    "Fitting the environment",
    "lower environment.adapter.batchTokens or environment.layers, set environment.precision to bfloat16, or use a larger "
    "instance type",
)
def train(folders: Folders, parameters: Hyperparameters) -> None:
    """Fits an environment as the job's hyperparameters say and writes it to `model/`.

    Raises:
        LanguageEnvironmentError: what is wrong with hyperparameters, data or base model, and what to do; or
            `Interrupted` after SIGTERM, with a checkpoint to go on from.
    """
    started = time.monotonic()
    job = read_input(folders, parameters)
    config, base = job.config, job.base
    report_progress("load", 1.0, baseModel=base.name, layers=base.layers, items=len(job.catalogue))
    checkpoints = Checkpoints(folders.checkpoints, job.fingerprint)
    with checkpoints.listening():
        saved = checkpoints.load()
        table, item_tokens = fit_item_tokens(job, checkpoints, saved)
        item_seconds = time.monotonic() - started
        model = build_model(job, table)
        adapted = adapt(model, config)
        fit = fit_adapter(job, model, item_tokens, checkpoints, saved)
    adapter_seconds = time.monotonic() - started - item_seconds
    adapter = {name: value.detach().cpu().clone() for name, value in fit.parameters.items() if is_adapter(name)}
    merge(model, adapted)
    calibration = calibrate(model, job)
    report_progress("calibration", 1.0, **vars(calibration))
    metrics = {
        "baseModel": base.name,
        "baseModelOrigin": base.origin,
        "startedFrom": None if job.earlier is None else job.earlier.version,
        "parameters": sum(value.numel() for value in model.decoder.parameters()),
        "trainableParameters": sum(value.numel() for value in fit.parameters.values()),
        "itemTokenParameters": table[1:].numel(),
        "layers": base.layers,
        "subsetFraction": config.subset_fraction,
        "users": job.users.fitted_users,
        **measure(model, job, calibration),
        "seconds": time.monotonic() - started,
        "itemTokenSeconds": item_seconds,
        "adapterSeconds": adapter_seconds,
        "cpuSeconds": checkpoints.cpu_seconds(),
        "tokens": item_tokens + fit.tokens,
        "itemTokenTokens": item_tokens,
        "adapterTokens": fit.tokens,
        "itemTokenFlops": item_token_flops(
            model.decoder, len(job.sentences.vocabulary), base.dimension, item_tokens, base.cut
        ),
        "adapterFlops": adapter_flops(model.decoder, config.adapter, fit.tokens),
        "earlyStopping": fit.history,
        "precision": str(model.precision).removeprefix("torch."),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "config": to_json(config),
    }
    proposer = None
    if config.proposals == "chance":
        proposer = propose(model, job)
        metrics["actions"] = action_metrics(proposer, job.rows, job.users.held_out, job.repeats)
        refused = metrics["actions"]["refused"]
        report_progress("actions", 1.0, kept=metrics["actions"]["kept"], refused="yes" if refused else "no")
        proposer = None if refused else proposer
    folders.model.mkdir(parents=True, exist_ok=True)
    (folders.model / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf8")
    manifest = manifest_of(job, model, proposer)
    tokens = config.item_tokens
    words = words_of(base, job.start, tokens.template, tokens.maximum_text_tokens)
    write_words(folders.model, words, folders.channel("basemodel"))
    write_environment(folders.model, model, proposer, adapter, manifest, job.catalogue.identifiers)
    checkpoints.clear()
    shown = ("pairAccuracy", "popularityPairAccuracy", "pairAccuracyPopular", "recallAt10", "popularityRecallAt10", "seconds")
    report_progress("metrics", 1.0, **{name: metrics[name] for name in shown})


def read_input(folders: Folders, parameters: Hyperparameters) -> Input:
    """Reads the channels and loads the base model."""
    config = parameters.config
    sequences = folders.channel("sequences")
    manifest = read_manifest(sequences)
    if manifest.window != parameters.window:
        raise ConfigurationError(f"Hyperparameter window is {parameters.window}, the sequences have window {manifest.window}.")
    catalogue = read_catalogue(sequences, manifest)
    rows = read_training_rows(sequences, manifest)
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # Sums over tokens in a fixed order, so that the same job gives the same model; a GPU would pay with its speed.
    torch.use_deterministic_algorithms(device.type == "cpu")
    base = load_base_model(
        folders.channel("basemodel"), config.layers, data_type(config.precision, device), device
    )
    texts = item_sentences(catalogue, config.item_tokens.template)
    sentences = tokenise(base, texts, config.item_tokens.maximum_text_tokens)
    earlier = read_earlier(folders.channel(CHANNEL)) if folders.has_channel(CHANNEL) else None
    return Input(
        parameters,
        catalogue,
        rows,
        choose_users(rows, config.subset_fraction, config.seed),
        not manifest.exclude_history,
        base,
        sentences,
        # Tokens that texts make must lie among those that were learned.
        token_start(base, sentences) if earlier is None else earlier.start,
        earlier,
        fingerprint(parameters, sequences, base, earlier),
    )


def fingerprint(parameters: Hyperparameters, sequences: Path, base: BaseModel, earlier: Earlier | None) -> str:
    """What a checkpoint must agree on to be used: configuration, window, data, base model, what it computes in and began from."""
    digest = hashlib.sha256()
    precision = str(next(base.decoder.parameters()).dtype)
    makeup = [to_json(parameters.config), parameters.window, base.name, base.origin, precision]
    digest.update(json.dumps([*makeup, None if earlier is None else earlier.version]).encode())
    for path in [sequences / "items.arrow", *sorted((sequences / "train").glob("part-*.arrow"))]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fit_item_tokens(job: Input, checkpoints: Checkpoints, saved: dict[str, Any] | None) -> tuple[torch.Tensor, int]:
    """The item tokens [items + 1, dim] that the text makes, and how many tokens were read for it.

    With an earlier environment they are its own; those of items that it was not fitted with are what the text alone says, and
    learn with the adapter.
    """
    config, base = job.config, job.base
    table = initial_tokens(base, job.sentences, job.start).to(next(base.decoder.parameters()).device)
    if job.earlier is not None:
        return job.earlier.tokens_of(job.catalogue.identifiers, table), 0
    if saved and saved["stage"] == "adapter":
        return table, saved["state"]["itemTokens"]  # the checkpoint holds the tokens themselves
    items = np.arange(1, len(job.catalogue) + 1)
    fit = ItemTokenFit(base, table, job.sentences, config.item_tokens, items, config.adapter.batch_tokens, config.seed)
    if saved and saved["stage"] == "item-tokens":
        fit.load(saved["state"])
    fit.run(
        lambda done, loss: report_progress("item-tokens", done, loss=loss),
        lambda state: checkpoints.pause("item-tokens", state),
    )
    return table, fit.tokens


def fit_adapter(
    job: Input, model: EnvironmentModel, item_tokens: int, checkpoints: Checkpoints, saved: dict[str, Any] | None
) -> AdapterFit:
    """Fits the adapters, projections and heads of a model; `item_tokens` is what a resumed job must know of before."""
    fit = AdapterFit(model, job.config, FitData(job.rows, job.users.fitted, job.users.held_out, job.repeats))
    if saved and saved["stage"] == "adapter":
        fit.load(saved["state"])
    elif job.earlier is not None:
        report_progress("adapter", 0.0, startedFrom=job.earlier.version, **fit.begin(job.earlier.trained))
    fit.run(
        lambda done, **losses: report_progress("adapter", done, **losses),
        lambda state: checkpoints.pause("adapter", lambda: state() | {"itemTokens": item_tokens}),
    )
    return fit


def build_model(job: Input, table: torch.Tensor) -> EnvironmentModel:
    """The model before its fit; with separate adapters a second decoder on the same weights."""
    config, base = job.config, job.base
    frequency = torch.log(torch.from_numpy(job.catalogue.counts).float() + 1.0)
    popularity = torch.cat([torch.zeros(1), frequency - frequency.mean()])
    words = base.tokenise([config.instruction])[0]
    model = EnvironmentModel(
        base.decoder,
        None if config.adapter.joint else share_weights(base.decoder),
        table,
        popularity,
        base.embedding[torch.tensor(words, dtype=torch.long)],
        config.state_dimension,
        config.reward_heads,
        config.read_actions,
    )
    model.initialise_heads(config.seed)
    if config.reward == "preference":
        model.leave_popularity_out()
    return model.to(table.device)


def adapt(model: EnvironmentModel, config: EnvironmentConfig) -> list[torch.nn.Module]:
    """Puts the adapters in place; for `merge`."""
    decoders = [model.decoder] if model.reward_decoder is None else [model.decoder, model.reward_decoder]
    return [add_adapter(decoder, config.adapter, config.seed + index) for index, decoder in enumerate(decoders)]


def merge(model: EnvironmentModel, adapted: list[torch.nn.Module]) -> None:
    """Adds the adapters to the decoders' weights; the model is then as fast as without."""
    if len(adapted) > 1:
        separate_weights(model.reward_decoder)
        model.reward_decoder = merge_adapter(adapted[1])
    model.decoder = merge_adapter(adapted[0])
    model.eval().requires_grad_(False)


def calibrate(model: EnvironmentModel, job: Input) -> Calibration:
    """Fits the map from scores to rewards on training users and stores it in the model."""
    config = job.config
    order = np.random.default_rng(config.seed + 2).permutation(job.users.calibration)
    positions = np.cumsum(job.rows.lengths()[order] - 1)
    chosen = order[: int(np.searchsorted(positions, CALIBRATION_POSITIONS)) + 1]
    count, budget, seed = config.adapter.negatives, config.adapter.batch_tokens, config.seed + 2
    if config.reward == "preference":
        model.standardise(torch.from_numpy(job.catalogue.counts))
        scored = score_positions(model, job.rows, chosen, 0, job.repeats, budget, seed, count)
        fit = fit_preferences
    else:
        scored = score_positions(model, job.rows, chosen, count, job.repeats, budget, seed)
        fit = fit_calibration
    calibration = fit(scored.logged_scores.mean(-1), scored.negative_scores.mean(-1).ravel())
    values = (calibration.slope, calibration.intercept, calibration.width, calibration.centre)
    model.calibration.copy_(torch.tensor(values))
    return calibration


def propose(model: EnvironmentModel, job: Input) -> Proposer:
    """Counts neighbours in all sequences and fits the chances on some users, as the calibration is."""
    neighbours = count_neighbours(job.rows, len(job.catalogue), job.config.seed)
    order = np.random.default_rng(job.config.seed + 3).permutation(job.users.calibration)
    positions = np.cumsum(job.rows.lengths()[order] - 1)
    chosen = order[: int(np.searchsorted(positions, CHANCE_POSITIONS)) + 1]
    return fit_proposer(model, neighbours, job.rows, chosen, job.repeats, job.config.seed)


def measure(model: EnvironmentModel, job: Input, calibration: Calibration) -> dict[str, Any]:
    """The metrics on held-out users."""
    config = job.config
    scored = score_positions(
        model,
        job.rows,
        job.users.held_out,
        METRIC_NEGATIVES,
        job.repeats,
        config.adapter.batch_tokens,
        config.seed + 1,
        METRIC_NEGATIVES,
    )
    fitted_items = np.unique(np.concatenate([job.rows.row(row) for row in job.users.fitted]))
    return held_out_metrics(scored, METRIC_NEGATIVES, job.catalogue.counts, fitted_items, calibration)


def manifest_of(job: Input, model: EnvironmentModel, proposer: Proposer | None) -> Manifest:
    """What serving must know."""
    config = job.config
    return Manifest(
        base_model=job.base.name,
        base_model_origin=job.base.origin,
        decoder=decoder_config(model.decoder),
        joint=config.adapter.joint,
        read_actions=config.read_actions,
        window=job.parameters.window,
        items=len(job.catalogue),
        state_dimension=config.state_dimension,
        reward_heads=config.reward_heads,
        candidates=config.candidates,
        similar_candidates=config.similar_candidates,
        proposes=proposer is not None,
        repeats=job.repeats,
        seed=config.seed,
        started_from=None if job.earlier is None else job.earlier.version,
    )
