"""Vectors of sentences from a frozen language model: the mean of a sentence's hidden states in the last kept layer."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from .base_model import BaseModel
from .batching import token_batches
from .tree_attention import attention_mask, check_window

POOLING = "mean"


class SentenceEncoder:
    """Reads sentences with a frozen decoder, many of similar length at once.

    Args:
        base: the frozen model, cut to the layers that are read.
        maximum_tokens: tokens of a sentence that are read; the rest is left out.
        batch_tokens: tokens a batch holds at most, padding counted.
    """

    def __init__(self, base: BaseModel, maximum_tokens: int, batch_tokens: int) -> None:
        self.base = base
        self.maximum_tokens = maximum_tokens
        self.batch_tokens = batch_tokens
        self.tokens = 0
        """Real tokens read so far."""
        self.parameter = next(parameter for parameter in base.decoder.parameters() if parameter.dim() == 2)

    def encode(self, sentences: list[str], report: Callable[[int], None] = lambda _: None) -> np.ndarray:
        """[sentences, hidden] float16: a vector for each sentence, the mean over its tokens.

        Args:
            sentences: none of them empty.
            report: called with the tokens read after every batch.
        """
        ids = [np.array(tokens[: self.maximum_tokens], np.int64) for tokens in self.base.tokenise([f" {text}" for text in sentences])]
        vectors = np.zeros((len(ids), self.base.dimension), np.float16)
        for batch in token_batches(np.array([len(tokens) for tokens in ids]), self.batch_tokens):
            vectors[batch] = self._pooled([ids[index] for index in batch])
            self.tokens += sum(len(ids[index]) for index in batch)
            report(self.tokens)
        return vectors

    @torch.inference_mode()
    def _pooled(self, ids: list[np.ndarray]) -> np.ndarray:
        time = max(map(len, ids))
        check_window(self.base.decoder.config, time)
        padded = np.zeros((len(ids), time), np.int64)
        for index, tokens in enumerate(ids):
            padded[index, : len(tokens)] = tokens
        device, dtype = self.parameter.device, self.parameter.dtype
        lengths = torch.tensor([len(tokens) for tokens in ids], device=device)
        # Padding is on the right, so under a causal mask nothing real sees it.
        causal = torch.ones(time, time, dtype=torch.bool, device=device).tril()[None, None]
        hidden = self.base.decoder(
            inputs_embeds=self.base.embedding[torch.from_numpy(padded)].to(device, dtype),
            position_ids=torch.arange(time, device=device)[None].expand(len(ids), -1),
            attention_mask=attention_mask(causal, 0, dtype),
            use_cache=False,
        ).last_hidden_state  # [batch, time, hidden]
        real = torch.arange(time, device=device) < lengths[:, None]  # [batch, time]
        pooled = (hidden.float() * real[..., None]).sum(1) / lengths[:, None]  # [batch, hidden]
        return pooled.half().cpu().numpy()


def space(base: BaseModel, folder: Path, maximum_tokens: int, seed: int | None) -> str:
    """16 hexadecimal digits that name all that decides a sentence's vector besides the sentence.

    Args:
        base: the model as it is loaded.
        folder: its files.
        maximum_tokens: of a sentence.
        seed: of random weights, None for those of the folder.
    """
    digest = hashlib.sha256()
    dtype = next(parameter.dtype for parameter in base.decoder.parameters() if parameter.dim() == 2)
    digest.update(repr((POOLING, base.layers, str(dtype), maximum_tokens, seed)).encode())
    for path in _model_files(folder):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def with_random_weights(base: BaseModel, seed: int) -> BaseModel:
    """The same architecture as it is before any training: what reading text alone is worth, without what was learned."""
    from transformers import AutoModel

    dtype = next(parameter.dtype for parameter in base.decoder.parameters() if parameter.dim() == 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder = AutoModel.from_config(base.decoder.config, attn_implementation=base.decoder.config._attn_implementation, dtype=dtype)
    decoder = decoder.to(base.decoder.device).eval().requires_grad_(False)
    embedding = decoder.get_input_embeddings().weight.detach().float().cpu()
    return replace(base, decoder=decoder, embedding=embedding, origin=f"random weights (seed {seed}) in the shape of {base.name}")


def _model_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name == "config.json" or path.suffix == ".safetensors" or path.name.startswith(("tokenizer", "vocab", "merges")):
            yield path
