"""Module: item_vectors, through the container's command where processes matter."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from conftest import WORDS, titles, write_stream, zod
from environment import item_vectors as command
from environment.config import parse_config
from environment.contract import Folders
from environment.errors import ConfigurationError, DataError
from environment.sentence_encoder import SentenceEncoder

ITEMS = 40
PACKAGE = Path(command.__file__).resolve().parents[1]


def write_catalogue(folder: Path, rows: range) -> Path:
    names = titles(max(rows) + 1)
    write_stream(
        folder / "catalogue.arrow",
        pa.table(
            {
                "item_id": [f"item-{row}" for row in rows],
                "title": [names[row] for row in rows],
                "fields": [json.dumps({"colour": WORDS[row % 15]} if row % 3 else {}) for row in rows],
            }
        ),
    )
    return folder


def run(root: Path, settings: dict | None = None, **channels: Path) -> Path:
    """A job of task `vectors` in its folder."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "input" / "data").mkdir(parents=True)
    for name, folder in channels.items():
        (root / "input" / "data" / name).symlink_to(folder)
    config = parse_config({"precision": "float32", "itemVectors": {"dimension": 8, **(settings or {})}})
    command.write_item_vectors(Folders(root), config)
    return root / "model"


def read(model: Path) -> tuple[list[str], np.ndarray, dict[str, str]]:
    table = pa.ipc.open_stream((model / "item-vectors.arrow").read_bytes()).read_all()
    values = np.stack(table["vector"].to_numpy())
    return table["item_id"].to_pylist(), values, {key.decode(): value.decode() for key, value in table.schema.metadata.items()}


def metrics(model: Path) -> dict:
    return json.loads((model / "metrics.json").read_text())


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("catalogue"), range(ITEMS))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, catalogue: Path, llama_model: Path) -> Path:
    """`model/` of a job with nothing special."""
    return run(tmp_path_factory.mktemp("plain"), catalogue=catalogue, basemodel=llama_model)


def test_every_item_gets_a_vector_in_the_catalogues_order(plain: Path):
    # Act
    identifiers, vectors, metadata = read(plain)

    # Assess
    assert identifiers == [f"item-{row}" for row in range(ITEMS)]
    assert vectors.shape == (ITEMS, 8) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.cov(vectors.T, bias=True), np.eye(8), atol=1e-3)
    assert metadata | {"whitening": ""} == {
        "encoder": "language-model",
        "baseModel": metadata["baseModel"],
        "baseModelOrigin": "uploaded Hugging Face folder",
        "layers": "3",
        "pooling": "mean",
        "precision": "float32",
        "permute": "",
        "dimension": "8",
        "whitening": "",
    }
    assert len(metadata["whitening"]) == 16
    assert [path.name for path in (plain / "store").iterdir()] == [metrics(plain)["space"]]
    assert (metrics(plain)["items"], metrics(plain)["sentences"], metrics(plain)["computed"]) == (ITEMS, ITEMS, ITEMS)


def test_the_pipelines_own_reader_takes_the_file(plain: Path):
    # Act
    plainly = "({ vectors, ...rest }) => ({ ...rest, vectors: [...vectors] })"
    expression = f"({plainly})(decodeItemVectors(readFileSync(value)))"
    decoded = zod(expression, "lib/environment/item-vectors.ts", "decodeItemVectors", str(plain / "item-vectors.arrow"))

    # Assess
    identifiers, vectors, metadata = read(plain)
    assert (decoded["itemIds"], decoded["dimension"]) == (identifiers, 8)
    np.testing.assert_array_equal(np.array(decoded["vectors"], np.float32).reshape(-1, 8), vectors)
    assert {key: str(value) for key, value in decoded["origin"].items()} == {k: v for k, v in metadata.items() if k != "dimension"}


def test_the_same_job_gives_the_same_bytes(plain: Path, catalogue: Path, llama_model: Path, tmp_path: Path):
    # Act
    again = run(tmp_path, catalogue=catalogue, basemodel=llama_model)

    # Assess
    for name in ("item-vectors.arrow", "whitening.safetensors"):
        assert (again / name).read_bytes() == (plain / name).read_bytes()


def test_only_new_sentences_are_read_and_the_result_is_that_of_all(plain: Path, catalogue: Path, llama_model: Path, tmp_path: Path):
    # Arrange: last night had the first 25 items
    before = run(tmp_path / "before", catalogue=write_catalogue(tmp_path / "earlier", range(25)), basemodel=llama_model)

    # Act
    tonight = run(tmp_path / "tonight", catalogue=catalogue, basemodel=llama_model, store=before / "store")

    # Assess: vectors that do not depend on batches would be equal to the last digit
    assert metrics(tonight)["computed"] == ITEMS - 25
    assert metrics(tonight)["tokens"] + metrics(before)["tokens"] == metrics(plain)["tokens"]
    assert len(list((tonight / "store").rglob("part-*.arrow"))) == 1
    np.testing.assert_allclose(np.abs(read(tonight)[1]), np.abs(read(plain)[1]), atol=0.02)
    # And with a store that has all, nothing is read or written.
    shutil.copytree(before / "store", tonight / "store", dirs_exist_ok=True)
    last = run(tmp_path / "last", catalogue=catalogue, basemodel=llama_model, store=tonight / "store")
    assert (metrics(last)["computed"], metrics(last)["tokens"]) == (0, 0)
    assert not (last / "store").exists()
    assert (last / "item-vectors.arrow").read_bytes() == (tonight / "item-vectors.arrow").read_bytes()


def test_a_store_of_other_settings_is_not_used(plain: Path, catalogue: Path, llama_model: Path, tmp_path: Path):
    # Act
    fewer = run(tmp_path, {"layers": 1}, catalogue=catalogue, basemodel=llama_model, store=plain / "store")

    # Assess
    assert metrics(fewer)["computed"] == ITEMS
    assert read(fewer)[2]["layers"] == "1"


def test_a_killed_job_goes_on_after_its_last_chunk(
    plain: Path, catalogue: Path, llama_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Arrange
    monkeypatch.setattr(command, "SENTENCES_AT_ONCE", 16)
    encode = SentenceEncoder.encode
    calls = []

    def killed(self: SentenceEncoder, sentences: list[str]) -> np.ndarray:
        calls.append(len(sentences))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return encode(self, sentences)

    monkeypatch.setattr(SentenceEncoder, "encode", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, catalogue=catalogue, basemodel=llama_model)
    monkeypatch.setattr(SentenceEncoder, "encode", lambda self, sentences: calls.append(len(sentences)) or encode(self, sentences))

    # Act: the same job in the same folder
    config = parse_config({"itemVectors": {"dimension": 8}})
    command.write_item_vectors(Folders(tmp_path), config)

    # Assess: two chunks were kept; the whole catalogue's new vectors are in the one part that is handed on
    assert calls == [16, 16, 8, 8]
    assert not (tmp_path / "checkpoints" / "store").exists()
    (part,) = (tmp_path / "model" / "store").rglob("part-*.arrow")
    assert pa.ipc.open_stream(part.read_bytes()).read_all().num_rows == ITEMS
    np.testing.assert_allclose(np.abs(read(tmp_path / "model")[1]), np.abs(read(plain)[1]), atol=0.02)


def test_permuted_vectors_are_the_same_ones_of_other_items(plain: Path, catalogue: Path, llama_model: Path, tmp_path: Path):
    # Act
    first = run(tmp_path / "1", {"permute": 1}, catalogue=catalogue, basemodel=llama_model, store=plain / "store")
    other = run(tmp_path / "2", {"permute": 2}, catalogue=catalogue, basemodel=llama_model, store=plain / "store")

    # Assess
    _, straight, _ = read(plain)
    _, permuted, metadata = read(first)
    assert metadata["permute"] == "1"
    assert sorted(map(tuple, permuted)) == sorted(map(tuple, straight))
    assert (permuted == straight).all(1).sum() < ITEMS / 4
    assert not (permuted == read(other)[1]).all()


def test_random_weights_are_another_space(plain: Path, catalogue: Path, llama_model: Path, tmp_path: Path):
    # Act
    random = run(tmp_path, {"encoder": "random-weights"}, catalogue=catalogue, basemodel=llama_model, store=plain / "store")

    # Assess
    assert metrics(random)["computed"] == ITEMS
    assert read(random)[2]["baseModelOrigin"].startswith("random weights (seed 1)")


def test_tfidf_needs_no_base_model(catalogue: Path, tmp_path: Path):
    # Act
    model = run(tmp_path, {"encoder": "tfidf"}, catalogue=catalogue)

    # Assess
    _, vectors, metadata = read(model)
    np.testing.assert_allclose(np.cov(vectors.T, bias=True), np.eye(8), atol=1e-3)
    assert (metadata["encoder"], metadata["baseModel"], metadata["layers"]) == ("tfidf", "", "0")
    assert not (model / "store").exists()


def test_new_items_get_vectors_of_an_earlier_map(plain: Path, llama_model: Path, tmp_path: Path):
    # Arrange
    new = write_catalogue(tmp_path / "new", range(30, 45))

    # Act
    model = run(tmp_path / "job", catalogue=new, basemodel=llama_model, store=plain / "store", whitening=plain)

    # Assess
    identifiers, vectors, metadata = read(model)
    assert metadata["whitening"] == read(plain)[2]["whitening"]
    np.testing.assert_array_equal(vectors[:10], read(plain)[1][30:])
    assert identifiers[10:] == [f"item-{row}" for row in range(40, 45)]
    assert metrics(model)["computed"] == 5


def test_what_is_wrong_is_said(catalogue: Path, llama_model: Path, tmp_path: Path):
    empty = {"item_id": pa.array([], pa.string()), "title": pa.array([], pa.string()), "fields": pa.array([], pa.string())}
    write_stream(tmp_path / "empty" / "catalogue.arrow", pa.table(empty))
    write_stream(tmp_path / "twice" / "catalogue.arrow", pa.table({"item_id": ["a", "a"], "title": ["A", "B"], "fields": ["{}", "{}"]}))

    with pytest.raises(DataError, match="Input channel catalogue is missing"):
        run(tmp_path / "job", basemodel=llama_model)
    with pytest.raises(DataError, match="Input channel basemodel is missing"):
        run(tmp_path / "job", catalogue=catalogue)
    with pytest.raises(DataError, match="has no items"):
        run(tmp_path / "job", catalogue=tmp_path / "empty", basemodel=llama_model)
    with pytest.raises(DataError, match="an item more than once"):
        run(tmp_path / "job", catalogue=tmp_path / "twice", basemodel=llama_model)
    with pytest.raises(ConfigurationError, match="itemVectors.encoder: expected one of"):
        run(tmp_path / "job", {"encoder": "word2vec"}, catalogue=catalogue)


def test_the_training_command_does_the_task(catalogue: Path, llama_model: Path, tmp_path: Path):
    # Arrange
    (tmp_path / "input" / "data").mkdir(parents=True)
    (tmp_path / "input" / "config").mkdir()
    for name, folder in (("catalogue", catalogue), ("basemodel", llama_model)):
        (tmp_path / "input" / "data" / name).symlink_to(folder)
    values = {"task": "vectors", "config": json.dumps({"itemVectors": {"dimension": 4, "layers": 9}})}
    hyperparameters = tmp_path / "input" / "config" / "hyperparameters.json"

    def command_line() -> subprocess.CompletedProcess[str]:
        hyperparameters.write_text(json.dumps(values))
        environment = os.environ | {"ML_ROOT": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-m", "environment", "train"], cwd=PACKAGE, env=environment, capture_output=True, text=True
        )

    # Act
    refused = command_line()
    reason = (tmp_path / "output" / "failure").read_text()
    values["config"] = json.dumps({"itemVectors": {"dimension": 4, "layers": 2}})
    done = command_line()

    # Assess
    assert refused.returncode == 1
    assert "has 3 layers, option environment.itemVectors.layers asks for 9" in reason
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("stage=") and " progress=" in line for line in done.stdout.splitlines())
    assert read(tmp_path / "model")[1].shape == (ITEMS, 4)


def test_one_item_alone_is_a_zero_vector(llama_model: Path, tmp_path: Path):
    # Act
    model = run(tmp_path / "job", catalogue=write_catalogue(tmp_path / "one", range(1)), basemodel=llama_model)

    # Assess
    np.testing.assert_array_equal(read(model)[1], np.zeros((1, 8)))
