"""SASRec of RecTools on a file of sequences: an independent implementation to compare accuracy with.

The protocol is that of `npx lea experiment --format sequences --split leave-one-out`: the last item of each user is the test case, the
one before it the validation case; all items are ranked but those of the history; the epoch that is best on validation is tested.

RecTools wants an environment of its own: `python -m venv PEER && PEER/bin/pip install 'rectools[torch]==0.19.0'`, then
`PEER/bin/python bench/peers/sasrec_rectools.py FILE [--dimension 64] ...`. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
import torch
from pytorch_lightning import Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel


def read(path: Path) -> dict[str, list[str]]:
    """`user item item ...` a line, at least three items."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: row[1:] for row in rows if len(row) > 3}


def dataset(histories: dict[str, list[str]], held_out: int) -> Dataset:
    """The interactions but the last `held_out` of each user."""
    rows = [
        (user, item, place)
        for user, items in histories.items()
        for place, item in enumerate(items[: len(items) - held_out])
    ]
    frame = pd.DataFrame(rows, columns=[Columns.User, Columns.Item, Columns.Datetime])
    frame[Columns.Datetime] = pd.to_datetime(frame[Columns.Datetime], unit="s")
    frame[Columns.Weight] = 1.0
    return Dataset.construct(frame)


def metrics(model: SASRecModel, context: Dataset, histories: dict[str, list[str]], held_out: int) -> dict[str, float]:
    """Hit rate and NDCG at 10 of the item after the context."""
    targets = {user: items[len(items) - held_out] for user, items in histories.items()}
    table = model.recommend(users=list(targets), dataset=context, k=10, filter_viewed=True, on_unsupported_targets="ignore")
    is_hit = table[Columns.Item] == table[Columns.User].map(targets)
    ranks = table.loc[is_hit, Columns.Rank]
    return {"hr10": len(ranks) / len(targets), "ndcg10": sum(1 / math.log2(rank + 1) for rank in ranks) / len(targets)}


def trainer() -> Trainer:
    """A quiet trainer that writes nothing."""
    return Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)


def main() -> None:
    """Trains with early stopping on validation NDCG@10."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--patience", type=int, default=5)
    parser.add_argument("--similarity", choices=["dot", "cosine"], default="dot")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    seed_everything(options.seed, verbose=False)
    begun = time.perf_counter()
    histories = read(options.file)
    training, validation = dataset(histories, 2), dataset(histories, 1)
    model = SASRecModel(
        n_blocks=options.blocks,
        n_heads=options.heads,
        n_factors=options.dimension,
        dropout_rate=options.dropout,
        session_max_len=options.window,
        train_min_user_interactions=2,
        loss="softmax",
        lr=options.rate,
        batch_size=options.batch,
        similarity_module_kwargs={"distance": options.similarity},
        get_trainer_func=trainer,
        recommend_torch_device="cpu",
    )
    best: dict = {}
    for epoch in range(1, options.epochs + 1):
        model.fit_partial(training, min_epochs=1, max_epochs=1)
        judged = metrics(model, training, histories, 2)
        print(f"epoch {epoch}, {time.perf_counter() - begun:.0f} s: {judged}", file=sys.stderr, flush=True)
        if not best or judged["ndcg10"] > best["validation"]["ndcg10"]:
            best = {"epoch": epoch, "validation": judged, "test": metrics(model, validation, histories, 1)}
        elif epoch - best["epoch"] >= options.patience:
            break
    seconds = round(time.perf_counter() - begun, 1)
    settings = {name: value for name, value in vars(options).items() if name != "file"}
    versions = {"torch": torch.__version__}
    print(json.dumps({"file": options.file.name, **settings, **best, "epochs": epoch, "seconds": seconds, "versions": versions}))


if __name__ == "__main__":
    main()
