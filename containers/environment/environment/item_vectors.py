"""Task `vectors`: a vector for every item of the catalogue from its text, without a fit."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from .base_model import load_base_model
from .batching import BATCH_TOKENS
from .config import EnvironmentConfig, to_json
from .contract import Folders, report_progress
from .data import read_item_texts
from .item_text import item_sentences
from .memory import enough_memory
from .precision import data_type
from .sentence_encoder import POOLING, SentenceEncoder, space, with_random_weights
from .tfidf import tfidf_vectors
from .vector_store import Vectors, read_store, sentence_key, write_part
from .whitening import Whitening, fit_whitening, read_whitening, write_whitening

SENTENCES_AT_ONCE = 2048
"""Sentences between two checkpoints."""
SPARE_COMPONENTS = 2
"""TF-IDF vectors have so many times the dimensions that are asked for, of which whitening takes the first."""


@dataclass(frozen=True)
class Encoded:
    """Raw vectors of the catalogue and what they are of."""

    raw: np.ndarray
    """[items, hidden]."""
    space: str
    metadata: dict[str, str]
    """Of `item-vectors.arrow`."""
    metrics: dict[str, int]


@enough_memory(
    "Reading the catalogue",
    "lower environment.itemVectors.layers or maximumTextTokens, set environment.itemVectors.precision to bfloat16, or use a larger "
    "instance type",
)
def write_item_vectors(folders: Folders, config: EnvironmentConfig) -> None:
    """Makes the vectors as the settings say and writes them to `model/`.

    Raises:
        LanguageEnvironmentError: what is wrong with settings, catalogue or base model, and what to do.
    """
    started = time.monotonic()
    settings = config.item_vectors
    catalogue = read_item_texts(folders.channel("catalogue") / "catalogue.arrow")
    sentences = item_sentences(catalogue, config.item_tokens.template)
    encode = _encode_tfidf if settings.encoder == "tfidf" else _encode_with_model
    encoded = encode(folders, config, sentences)
    whitening = _whitening(folders, encoded, settings.dimension)
    vectors = whitening(encoded.raw)
    if settings.permute is not None:
        vectors = vectors[np.random.default_rng(settings.permute).permutation(len(vectors))]
    folders.model.mkdir(parents=True, exist_ok=True)
    write_whitening(folders.model / "whitening.safetensors", whitening)
    metadata = encoded.metadata | {
        "encoder": settings.encoder,
        "permute": "" if settings.permute is None else str(settings.permute),
        "dimension": str(settings.dimension),
        "whitening": whitening.name,
    }
    _write(folders.model / "item-vectors.arrow", catalogue.identifiers, vectors, metadata)
    seconds = time.monotonic() - started
    metrics = {
        "items": len(catalogue),
        "sentences": len(set(sentences)),
        "space": "" if settings.encoder == "tfidf" else encoded.space,
        **encoded.metrics,
        "seconds": seconds,
        "cpuSeconds": time.process_time(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        **metadata,
        "config": to_json(config),
    }
    (folders.model / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf8")
    shutil.rmtree(folders.checkpoints / "store", ignore_errors=True)
    report_progress("metrics", 1.0, items=len(catalogue), computed=encoded.metrics["computed"], seconds=seconds)


def _encode_with_model(folders: Folders, config: EnvironmentConfig, sentences: list[str]) -> Encoded:
    settings = config.item_vectors
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    folder = folders.channel("basemodel")
    precision = data_type(settings.precision, device)
    base = load_base_model(folder, settings.layers, precision, device, "environment.itemVectors.layers")
    seed = config.seed if settings.encoder == "random-weights" else None
    if seed is not None:
        base = with_random_weights(base, seed)
    name = space(base, folder, settings.maximum_text_tokens, seed)
    encoder = SentenceEncoder(base, settings.maximum_text_tokens, BATCH_TOKENS[device.type])
    vectors = _stored(folders, name, base.dimension)
    wanted = {sentence_key(sentence): sentence for sentence in sentences}
    missing = sorted(key for key in wanted if key not in vectors)
    new = _compute(encoder, {key: wanted[key] for key in missing}, folders.checkpoints / "store", name)
    if new:
        write_part(folders.model / "store", name, new)
    vectors |= new
    return Encoded(
        np.stack([vectors[sentence_key(sentence)] for sentence in sentences]),
        name,
        {
            "baseModel": base.name,
            "baseModelOrigin": base.origin,
            "layers": str(base.layers),
            "pooling": POOLING,
            "precision": str(encoder.parameter.dtype).removeprefix("torch."),
        },
        {"computed": len(new), "tokens": encoder.tokens},
    )


def _stored(folders: Folders, name: str, hidden: int) -> Vectors:
    return read_store(folders.root / "input" / "data" / "store", name, hidden)


def _compute(encoder: SentenceEncoder, sentences: dict[bytes, str], checkpoint: Path, name: str) -> Vectors:
    """Vectors of sentences; each chunk is kept, and a job that was killed goes on after the last one."""
    done = {key: vector for key, vector in read_store(checkpoint, name, encoder.base.dimension).items() if key in sentences}
    open_keys = [key for key in sentences if key not in done]
    for start in range(0, len(open_keys), SENTENCES_AT_ONCE):
        keys = open_keys[start : start + SENTENCES_AT_ONCE]
        chunk = dict(zip(keys, encoder.encode([sentences[key] for key in keys])))
        write_part(checkpoint, name, chunk)
        done |= chunk
        report_progress("item-vectors", len(done) / len(sentences), tokens=encoder.tokens)
    return done


def _encode_tfidf(_: Folders, config: EnvironmentConfig, sentences: list[str]) -> Encoded:
    raw = tfidf_vectors(sentences, SPARE_COMPONENTS * config.item_vectors.dimension, config.seed)
    empty = {"baseModel": "", "baseModelOrigin": "", "layers": "0", "pooling": "none", "precision": "float64"}
    return Encoded(raw, "tfidf", empty, {"computed": len(sentences), "tokens": 0})


def _whitening(folders: Folders, encoded: Encoded, dimension: int) -> Whitening:
    """The map that the job is given, or a new one."""
    given = folders.root / "input" / "data" / "whitening" / "whitening.safetensors"
    if given.parent.is_dir():
        return read_whitening(given, encoded.space, dimension)
    return fit_whitening(encoded.raw, dimension, encoded.space)


def _write(path: Path, identifiers: list[str], vectors: np.ndarray, metadata: dict[str, str]) -> None:
    dimension = vectors.shape[1]
    schema = pa.schema(
        [pa.field("item_id", pa.string(), False), pa.field("vector", pa.list_(pa.float32(), dimension), False)], metadata
    )
    columns = [pa.array(identifiers, pa.string()), pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), dimension)]
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.table(columns, schema=schema))
