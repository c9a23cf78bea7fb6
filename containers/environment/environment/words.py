"""What makes an item's token of its text, kept with the environment: items that come after its fit get theirs by it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .base_model import BaseModel, read_tokenizer
from .data import ItemTexts, read_item_texts
from .errors import DataError
from .item_text import item_sentences
from .item_tokens import TokenStart, encode
from .model import EnvironmentModel

FOLDER = "words"
"""Below the environment's folder."""
ADDED = "added"
"""The folder of the items that came after the fit: `part-<nnnnn>.arrow`, with `item_id`, `title` and `fields`."""
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "config.json",
)


@dataclass(frozen=True)
class Words:
    """The base model's word embeddings, its tokenizer, and how the fit made item tokens of them."""

    embedding: torch.Tensor
    """[vocabulary, dim] float32."""
    tokenise: Callable[[list[str]], list[list[int]]]
    start: TokenStart
    template: str
    maximum_text_tokens: int

    def tokens(self, texts: ItemTexts) -> torch.Tensor:
        """[items, dim] float32: where the tokens of items with these texts start."""
        ids = encode(self.tokenise, item_sentences(texts, self.template), self.maximum_text_tokens)
        return self.start.of([self.embedding[torch.from_numpy(one)] for one in ids])


def words_of(base: BaseModel, start: TokenStart, template: str, maximum_text_tokens: int) -> Words:
    """Those of a base model that an environment has been fitted on."""
    return Words(base.embedding, base.tokenise, start, template, maximum_text_tokens)


def write_words(folder: Path, words: Words, base_model: Path) -> None:
    """Writes them below an environment's folder, with the files of the base model's tokenizer."""
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES:
        if (base_model / name).exists():
            shutil.copyfile(base_model / name, target / name)
    half = words.embedding.to(torch.bfloat16)
    is_exact = bool(torch.equal(half.float(), words.embedding))
    tensors = {
        "embedding": half if is_exact else words.embedding,
        "centre": words.start.centre,
        "scale": torch.tensor([words.start.scale], dtype=torch.float64),
    }
    save_file({name: value.contiguous() for name, value in tensors.items()}, target / "words.safetensors")
    document = {"template": words.template, "maximumTextTokens": words.maximum_text_tokens}
    (target / "words.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf8")


def read_words(folder: Path) -> Words:
    """Reads what `write_words` wrote.

    Raises:
        DataError: it is not there.
    """
    source = folder / FOLDER
    if not (source / "words.json").exists():
        raise DataError(f"{source / 'words.json'} is missing, and items were added to the environment: fit it again.")
    document = json.loads((source / "words.json").read_text(encoding="utf8"))
    tensors = load_file(source / "words.safetensors")
    start = TokenStart(tensors["centre"], float(tensors["scale"]))
    tokenise, _ = read_tokenizer(source)
    return Words(tensors["embedding"].float(), tokenise, start, document["template"], document["maximumTextTokens"])


def add_items(folder: Path, model: EnvironmentModel) -> int:
    """Gives a token to every item that came after the fit, part by part in the order of their numbers.

    The token is what the text alone says. Such an item can be in a history and can be the logged action; it is never
    proposed, since nothing is known of how likely it is.

    Returns:
        How many there are.

    Raises:
        DataError: a part is missing or not as it should be.
    """
    paths = sorted((folder / ADDED).glob("part-*.arrow"))
    if not paths:
        return 0
    expected = [f"part-{part:05d}.arrow" for part in range(len(paths))]
    for path, name in zip(paths, expected):
        if path.name != name:
            raise DataError(f"{folder / ADDED / name} is missing: an item's index would mean another item.")
    words = read_words(folder)
    tokens = torch.cat([words.tokens(read_item_texts(path)) for path in paths])
    model.add_items(tokens)
    return len(tokens)
