"""PCA whitening: raw vectors to a few uncorrelated dimensions of variance 1."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .errors import DataError

NEGLIGIBLE = 1e-7
"""Share of the largest variance below which a direction is rounding, not content."""


@dataclass(frozen=True)
class Whitening:
    """The map x -> components (x - mean)."""

    mean: np.ndarray
    """[hidden] float64."""
    components: np.ndarray
    """[dimension, hidden] float64: directions of largest variance, each divided by its standard deviation; zero where no
    variance is left."""
    space: str
    """What the raw vectors are of (`sentence_encoder.space`); of others the map says nothing."""

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """[items, hidden] raw vectors to [items, dimension] float32."""
        return ((raw.astype(np.float64) - self.mean) @ self.components.T).astype(np.float32)

    @property
    def name(self) -> str:
        """16 hexadecimal digits: vectors of the same name can be compared."""
        digest = hashlib.sha256(self.space.encode())
        digest.update(self.mean.tobytes())
        digest.update(self.components.tobytes())
        return digest.hexdigest()[:16]


def fit_whitening(raw: np.ndarray, dimension: int, space: str) -> Whitening:
    """Fits the map on [items, hidden] vectors, of which there is at least one.

    A direction's sign is chosen so that its largest component is positive: the same vectors give the same map.
    """
    values = raw.astype(np.float64)
    mean = values.mean(0)
    centred = values - mean
    variances, directions = np.linalg.eigh(centred.T @ centred / len(values))  # ascending; columns are directions
    count = min(dimension, len(variances))
    variances, directions = variances[::-1][:count], directions[:, ::-1][:, :count].T
    # Of n vectors, n - 1 directions have a variance.
    kept = (variances > NEGLIGIBLE * max(variances[0], np.finfo(np.float64).tiny)) & (np.arange(count) < len(values) - 1)
    largest = np.abs(directions).argmax(1)
    signs = np.sign(directions[np.arange(count), largest])
    components = np.zeros((dimension, values.shape[1]))
    components[:count][kept] = directions[kept] * (signs[kept] / np.sqrt(variances[kept]))[:, None]
    return Whitening(mean, components, space)


def write_whitening(path: Path, whitening: Whitening) -> None:
    """Writes the map."""
    save_file({"mean": whitening.mean, "components": whitening.components}, path, {"space": whitening.space})


def read_whitening(path: Path, space: str, dimension: int) -> Whitening:
    """Reads a map that vectors of `space` are to be mapped by.

    Raises:
        DataError: no such file, damaged, of other raw vectors, or of another dimension.
    """
    try:
        with safe_open(path, "numpy") as file:
            whitening = Whitening(file.get_tensor("mean"), file.get_tensor("components"), (file.metadata() or {}).get("space", ""))
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read ({error}): start the job without channel whitening to fit a new map.") from None
    if whitening.space != space:
        raise DataError(
            f"{path} is a map of other vectors ({whitening.space or 'unnamed'}, here {space}): base model, layers, precision or "
            "maximumTextTokens have changed. Start the job without channel whitening."
        )
    if len(whitening.components) != dimension:
        raise DataError(f"{path} maps to {len(whitening.components)} dimensions, environment.itemVectors.dimension is {dimension}.")
    return whitening
