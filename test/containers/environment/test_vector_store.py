"""Module: vector_store."""

from pathlib import Path

import numpy as np
import pytest
from environment.vector_store import read_store, sentence_key, write_part


def vector(value: float) -> np.ndarray:
    return np.full(3, value, np.float16)


def test_what_was_written_is_read_from_all_parts_of_the_space(tmp_path: Path):
    # Arrange
    one, two, three = map(sentence_key, ["one", "two", "drei \ud800"])
    write_part(tmp_path, "a", {one: vector(1), two: vector(2)})
    write_part(tmp_path, "a", {three: vector(3)})
    write_part(tmp_path, "b", {one: vector(9)})

    # Act
    vectors = read_store(tmp_path, "a", 3)

    # Assess
    assert {key: value.tolist() for key, value in vectors.items()} == {one: [1] * 3, two: [2] * 3, three: [3] * 3}
    assert read_store(tmp_path, "c", 3) == {}


def test_writing_the_same_again_changes_nothing(tmp_path: Path):
    # Arrange
    part = {sentence_key("one"): vector(1), sentence_key("two"): vector(2)}
    first = write_part(tmp_path, "a", part)
    before = first.read_bytes()

    # Act
    again = write_part(tmp_path, "a", dict(reversed(part.items())))
    other = write_part(tmp_path, "a", part | {sentence_key("two"): vector(3)})

    # Assess
    assert again == first and first.read_bytes() == before
    assert other != first
    assert sorted(tmp_path.rglob("*.arrow")) == sorted([first, other])


@pytest.mark.parametrize("damage", ["half", "not arrow", "of other width"])
def test_a_part_that_cannot_be_used_is_left_out_and_named(tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]):
    # Arrange
    good = write_part(tmp_path, "a", {sentence_key("good"): vector(1)})
    if damage == "of other width":
        bad = write_part(tmp_path, "a", {sentence_key("bad"): np.zeros(4, np.float16)})
    else:
        bad = write_part(tmp_path, "a", {sentence_key("bad"): vector(2)})
        bad.write_bytes(bad.read_bytes()[:200] if damage == "half" else b"not arrow")

    # Act
    vectors = read_store(tmp_path, "a", 3)

    # Assess
    assert list(vectors) == [sentence_key("good")]
    assert str(bad) in (output := capsys.readouterr().out) and str(good) not in output
