"""One learned token an item: the embedding from which the frozen model best predicts the item's sentence.

After textual inversion (Gal et al., arXiv 2208.01618) as LEA uses it: minimise over e_i the next-token loss of the
item's sentence after e_i. The softmax runs over the tokens that occur in the catalogue at all, which is exact for
the distribution restricted to them and far cheaper than the whole vocabulary. A base model that was cut to its first
layers has lost its vocabulary head; a read-out from the cut is then learned beside the tokens, starting at the head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from .base_model import BaseModel
from .batching import epoch_batches
from .checkpoint import Saved
from .config import ItemTokenConfig
from .row_adam import RowAdam
from .tree_attention import attention_mask, check_window

READ_OUT_LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Sentences:
    """The tokenised sentences of all items."""

    tokens: list[np.ndarray]
    """For each item [length] int64: columns of `vocabulary`; length >= 1."""
    vocabulary: torch.Tensor
    """[words] int64: the token ids that occur, ascending."""

    def total(self) -> int:
        """Tokens of one pass: each item's token and its words but the last, which is only predicted."""
        return sum(len(tokens) for tokens in self.tokens)


def encode(tokenise: Callable[[list[str]], list[list[int]]], texts: list[str], maximum: int) -> list[np.ndarray]:
    """For each text [length] int64 token ids, `maximum` of them at most."""
    return [np.array(tokens[:maximum], np.int64) for tokens in tokenise([f" {text}" for text in texts])]


def tokenise(base: BaseModel, texts: list[str], maximum: int) -> Sentences:
    """Tokenises sentences, cut to `maximum` tokens."""
    ids = encode(base.tokenise, texts, maximum)
    vocabulary = np.unique(np.concatenate(ids))
    return Sentences([np.searchsorted(vocabulary, tokens) for tokens in ids], torch.from_numpy(vocabulary))


@dataclass(frozen=True)
class TokenStart:
    """How a text becomes an item token before anything is learned.

    Means of many words lie close together, so what tells items apart is scaled to the length of a word embedding.
    """

    centre: torch.Tensor
    """[dim]: the mean over the items of the catalogue that was fitted on."""
    scale: float

    def of(self, words: list[torch.Tensor]) -> torch.Tensor:
        """[items, dim] tokens from the word embeddings [length, dim] of each item's text; the centre where there are none."""
        if not words:
            return torch.zeros(0, len(self.centre))
        means = torch.stack([one.mean(0) if len(one) else self.centre for one in words])
        return self.centre + (means - self.centre) * self.scale


def token_start(base: BaseModel, sentences: Sentences) -> TokenStart:
    """The centre and the scale of a catalogue's texts."""
    words = base.embedding[sentences.vocabulary]  # [words, dim]
    means = torch.stack([words[torch.from_numpy(tokens)].mean(0) for tokens in sentences.tokens])  # [items, dim]
    centre = means.mean(0)
    length = (means - centre).norm(dim=1).mean().clamp_min(1e-6)
    return TokenStart(centre, float(words.norm(dim=1).mean() / length))


def initial_tokens(base: BaseModel, sentences: Sentences, start: TokenStart | None = None) -> torch.Tensor:
    """[items + 1, dim] float32: where the items' tokens start, by default by their own texts; row 0 (padding) is zero."""
    start = start or token_start(base, sentences)
    words = base.embedding[sentences.vocabulary]  # [words, dim]
    return torch.cat([torch.zeros(1, base.dimension), start.of([words[torch.from_numpy(one)] for one in sentences.tokens])])


class ItemTokenFit:
    """Learns rows of a table of item tokens; the decoder stays frozen.

    Args:
        base: the frozen model.
        table: [items + 1, dim] item tokens, updated in place.
        sentences: the text of each item.
        config: epochs and learning rate.
        items: [count] the item indices to learn; no other row changes.
        batch_tokens: tokens a batch holds at most.
        seed: of the order of batches.
    """

    def __init__(
        self,
        base: BaseModel,
        table: torch.Tensor,
        sentences: Sentences,
        config: ItemTokenConfig,
        items: np.ndarray,
        batch_tokens: int,
        seed: int,
    ) -> None:
        self.base = base
        self.table = table
        self.sentences = sentences
        self.config = config
        self.items = items
        self.seed = seed
        self.batch_tokens = batch_tokens
        self.words = base.embedding[sentences.vocabulary].to(table.device)  # [words, dim]
        self.head = base.head[sentences.vocabulary].to(table.device, torch.float32).clone()  # [words, dim]
        self.adam = RowAdam(table)
        self.head_adam = torch.optim.Adam([self.head.requires_grad_(base.cut)], READ_OUT_LEARNING_RATE)
        self.done = 0
        self.tokens = 0

    def run(self, report: Callable[[float, float], None], pause: Callable[[Saved], None]) -> None:
        """Trains to the end.

        Args:
            report: called with the share done and the loss after every batch.
            pause: called with what a checkpoint would keep after every batch.
        """
        lengths = np.array([len(self.sentences.tokens[item - 1]) + 1 for item in self.items])
        epochs = int(np.ceil(self.config.epochs))
        plan = [batch for epoch in range(epochs) for batch in epoch_batches(lengths, self.batch_tokens, self.seed, epoch)]
        plan = plan[: int(np.ceil(len(plan) * self.config.epochs / max(epochs, 1)))]
        while self.done < len(plan):
            loss = self.step(self.items[plan[self.done]])
            self.done += 1
            report(self.done / len(plan), loss)
            pause(self.save)

    def step(self, items: np.ndarray) -> float:
        """One update of the rows `items` [batch]; returns the mean loss per text token."""
        rows = torch.from_numpy(items).to(self.table.device)
        leaf = self.table[rows].requires_grad_()  # [batch, dim]: no other row can get a gradient
        loss, tokens = self.loss(items, leaf)
        self.head_adam.zero_grad()
        loss.backward()
        # The sum over tokens of one item is its own objective, whatever else is in the batch.
        self.adam.step(rows, leaf.grad * tokens, self.config.learning_rate)
        if self.base.cut:
            self.head_adam.step()
        self.tokens += tokens
        return float(loss.detach())

    def loss(self, items: np.ndarray, leaf: torch.Tensor) -> tuple[torch.Tensor, int]:
        """Mean next-token loss of the items' sentences after their tokens [batch, dim], and the number of text tokens."""
        texts = [self.sentences.tokens[item - 1] for item in items]
        time = max(map(len, texts))
        padded = np.full((len(texts), time), -100, np.int64)
        for index, text in enumerate(texts):
            padded[index, : len(text)] = text
        targets = torch.from_numpy(padded).to(self.table.device)  # [batch, time]
        words = self.words[targets[:, :-1].clamp_min(0)]  # [batch, time - 1, dim]
        embeddings = torch.cat([leaf[:, None], words], 1)  # [batch, time, dim]
        causal = torch.ones(time, time, dtype=torch.bool, device=targets.device).tril()[None, None]
        ids = torch.arange(time, device=targets.device)[None].expand(len(texts), -1)
        dtype = next(parameter.dtype for parameter in self.base.decoder.parameters() if parameter.dim() == 2)
        check_window(self.base.decoder.config, time)
        hidden = self.base.decoder(
            inputs_embeds=embeddings.to(dtype),
            position_ids=ids,
            attention_mask=attention_mask(causal, 0, dtype),
            use_cache=False,
        ).last_hidden_state
        real = targets >= 0
        logits = hidden[real].float() @ self.head.T  # [text tokens, words]
        return functional.cross_entropy(logits, targets[real]), int(real.sum())

    def save(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "done": self.done,
            "tokens": self.tokens,
            "table": self.table,
            "adam": self.adam.state(),
            "head": self.head.detach(),
            "headAdam": self.head_adam.state_dict(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Goes on where `save` was called."""
        self.done, self.tokens = saved["done"], saved["tokens"]
        self.table.copy_(saved["table"])
        self.adam.load(saved["adam"])
        with torch.no_grad():
            self.head.copy_(saved["head"])
        self.head_adam.load_state_dict(saved["headAdam"])
