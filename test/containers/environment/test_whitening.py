"""Module: whitening."""

from pathlib import Path

import numpy as np
import pytest
from environment.errors import DataError
from environment.whitening import fit_whitening, read_whitening, write_whitening
from hypothesis import given
from hypothesis import strategies as st


def vectors(count: int, hidden: int, seed: int) -> np.ndarray:
    """Correlated vectors far from the origin."""
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(count, hidden)) @ generator.normal(size=(hidden, hidden)) + 7).astype(np.float16)


@given(count=st.integers(1, 40), hidden=st.integers(1, 12), dimension=st.integers(1, 16), seed=st.integers(0, 5))
def test_dimensions_are_uncorrelated_with_variance_one_or_zero(count: int, hidden: int, dimension: int, seed: int):
    # Arrange
    raw = vectors(count, hidden, seed)

    # Act
    white = fit_whitening(raw, dimension, "space")(raw)

    # Assess: as many as there are directions, then zeros
    assert white.shape == (count, dimension) and white.dtype == np.float32
    real = min(dimension, hidden, count - 1)
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(white.T @ white / count, np.diag([1.0] * real + [0.0] * (dimension - real)), atol=1e-3)


def test_it_is_the_svd_of_the_centred_vectors():
    # Arrange
    raw = vectors(50, 8, 1)
    centred = raw.astype(np.float64) - raw.astype(np.float64).mean(0)
    left, _, _ = np.linalg.svd(centred, full_matrices=False)

    # Act
    white = fit_whitening(raw, 3, "space")(raw)

    # Assess: up to each dimension's sign
    expected = left[:, :3] * np.sqrt(50)
    np.testing.assert_allclose(np.abs(white), np.abs(expected), rtol=1e-4, atol=1e-4)


def test_the_same_vectors_give_the_same_map_and_others_another():
    # Act
    first, again, other = (fit_whitening(vectors(30, 6, seed), 4, "space") for seed in (1, 1, 2))

    # Assess
    np.testing.assert_array_equal(first.components, again.components)
    assert first.name == again.name != other.name
    assert fit_whitening(vectors(30, 6, 1), 4, "elsewhere").name != first.name


def test_equal_vectors_have_nothing_to_tell():
    # Act
    white = fit_whitening(np.ones((5, 3), np.float16), 2, "space")(np.ones((5, 3), np.float16))

    # Assess
    np.testing.assert_array_equal(white, np.zeros((5, 2)))


def test_a_map_can_be_used_again_on_new_vectors_of_its_space_only(tmp_path: Path):
    # Arrange
    path = tmp_path / "whitening.safetensors"
    whitening = fit_whitening(vectors(30, 6, 1), 4, "space")
    write_whitening(path, whitening)
    new = vectors(3, 6, 9)

    # Act
    read = read_whitening(path, "space", 4)

    # Assess
    np.testing.assert_array_equal(read(new), whitening(new))
    assert read.name == whitening.name
    with pytest.raises(DataError, match="a map of other vectors .space, here elsewhere."):
        read_whitening(path, "elsewhere", 4)
    with pytest.raises(DataError, match="maps to 4 dimensions, environment.itemVectors.dimension is 8"):
        read_whitening(path, "space", 8)
    path.write_bytes(b"damaged")
    with pytest.raises(DataError, match="cannot be read .* without channel whitening"):
        read_whitening(path, "space", 4)
    with pytest.raises(DataError, match="cannot be read"):
        read_whitening(tmp_path / "none", "space", 4)
