"""TF-IDF vectors of sentences, reduced by a truncated SVD: what words alone say, without a language model."""

import re

import numpy as np
import torch

WORD = re.compile(r"\w+")
OVERSAMPLING = 16
POWER_ITERATIONS = 4


def tfidf_vectors(sentences: list[str], dimension: int, seed: int) -> np.ndarray:
    """[sentences, min(dimension, sentences, words)] float32.

    A word's weight is its occurrences times log((1 + n) / (1 + sentences with it)) + 1, rows have length 1. The SVD is
    that of Halko, Martinsson and Tropp (arXiv 0909.4061, algorithms 4.4 and 5.1).
    """
    words: dict[str, int] = {}
    counts: dict[tuple[int, int], int] = {}
    for row, sentence in enumerate(sentences):
        for word in WORD.findall(sentence.lower()):
            place = (row, words.setdefault(word, len(words)))
            counts[place] = counts.get(place, 0) + 1
    if not counts:
        return np.zeros((len(sentences), 1), np.float32)
    places = np.array(list(counts), np.int64).T  # [2, entries]
    occurrences = np.array(list(counts.values()), np.float64)
    with_word = np.bincount(places[1], minlength=len(words))
    weights = occurrences * (np.log((1 + len(sentences)) / (1 + with_word)) + 1)[places[1]]
    length = np.sqrt(np.bincount(places[0], weights**2, minlength=len(sentences)))
    weights /= length[places[0]]
    shape = (len(sentences), len(words))
    matrix = torch.sparse_coo_tensor(torch.from_numpy(places), torch.from_numpy(weights), shape, check_invariants=True).coalesce()
    return _project(matrix, min(dimension, *matrix.shape), seed).float().numpy()


def _project(matrix: torch.Tensor, rank: int, seed: int) -> torch.Tensor:
    """[rows, columns] to [rows, rank]: coordinates on the leading right singular vectors, signs fixed."""
    columns = matrix.shape[1]
    transposed = matrix.T.coalesce()
    width = min(rank + OVERSAMPLING, *matrix.shape)
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(matrix @ torch.randn(columns, width, dtype=matrix.dtype, generator=generator)).Q  # [rows, width]
    for _ in range(POWER_ITERATIONS):
        basis = torch.linalg.qr(transposed @ basis).Q  # [columns, width]
        basis = torch.linalg.qr(matrix @ basis).Q  # [rows, width]
    left, values, _ = torch.linalg.svd((transposed @ basis).T, full_matrices=False)  # [width, width], [width]
    projected = (basis @ left)[:, :rank] * values[:rank]  # [rows, rank]
    largest = projected.abs().argmax(0)
    return projected * projected[largest, torch.arange(rank)].sign()
