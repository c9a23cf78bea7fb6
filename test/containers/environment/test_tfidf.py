"""Module: tfidf."""

import numpy as np
from environment.tfidf import tfidf_vectors

SENTENCES = ["red river", "red red stone", "Blue sky, blue day!", "a blue sky", "stone", "red river"]


def dense() -> np.ndarray:
    """TF-IDF by its definition."""
    rows = [sentence.lower().replace(",", "").replace("!", "").split() for sentence in SENTENCES]
    words = sorted({word for row in rows for word in row})
    counts = np.array([[row.count(word) for word in words] for row in rows], float)
    weights = counts * (np.log(7 / (1 + (counts > 0).sum(0))) + 1)
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


def test_products_of_all_components_are_those_of_the_weights():
    # Act
    vectors = tfidf_vectors(SENTENCES, 64, 1)

    # Assess
    expected = dense()
    np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-5)


def test_the_first_components_are_those_of_the_svd():
    # Act
    vectors = tfidf_vectors(SENTENCES, 2, 1)

    # Assess: up to signs
    left, values, _ = np.linalg.svd(dense())
    np.testing.assert_allclose(np.abs(vectors), np.abs(left[:, :2] * values[:2]), atol=1e-5)


def test_any_seed_gives_nearly_the_same_and_the_same_seed_exactly():
    np.testing.assert_array_equal(tfidf_vectors(SENTENCES, 2, 1), tfidf_vectors(SENTENCES, 2, 1))
    np.testing.assert_allclose(tfidf_vectors(SENTENCES, 2, 1), tfidf_vectors(SENTENCES, 2, 2), atol=1e-5)


def test_sentences_without_words_are_zero():
    np.testing.assert_array_equal(tfidf_vectors(["...", "!"], 4, 1), np.zeros((2, 1)))
    assert not tfidf_vectors(["red", "..."], 4, 1)[1].any()
