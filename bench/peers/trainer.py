"""The same training step in PyTorch, written with care: the peer of `npm run bench -- trainer`.

One SNQN step (cross-entropy over all items, double Q-learning with a slowly following target network, sampled negatives, Adam on
every parameter), on whole lines (`lines`) or on one prefix a sample (`prefixes`). What care means here: logits once, fused
cross-entropy; Q-values gathered, the whole catalogue multiplied only for the arg-max and without gradient; in `lines`
the next states are the current ones, shifted; fused Adam; fused attention; no synchronisation within a step.

Protocol: one JSON object a line on standard input; `{"setup": {...}}` builds a model, `{"steps": n}` runs n steps and answers
with their seconds.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SASRec(nn.Module):
    """Pre-normalised queries, keys and values from the input, residuals on the normalised input."""

    def __init__(self, dimension: int, blocks: int, heads: int, window: int, dropout: float) -> None:
        super().__init__()
        self.width = dimension
        self.heads, self.dropout = heads, dropout
        self.positions = nn.Embedding(window + 1, dimension)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "normal_1": nn.LayerNorm(dimension, eps=1e-8),
                    "query": nn.Linear(dimension, dimension),
                    "key_value": nn.Linear(dimension, 2 * dimension),
                    "normal_2": nn.LayerNorm(dimension, eps=1e-8),
                    "inner": nn.Linear(dimension, dimension),
                    "outer": nn.Linear(dimension, dimension),
                }
            )
            for _ in range(blocks)
        )
        self.normal = nn.LayerNorm(dimension, eps=1e-8)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        lines, length, dimension = x.shape
        rate = self.dropout if training else 0.0
        x = F.dropout(x + self.positions.weight[:length], rate)
        split = (lines, length, self.heads, dimension // self.heads)
        for block in self.blocks:
            normal = block["normal_1"](x)
            query = block["query"](normal).view(split).transpose(1, 2)
            key, value = (part.view(split).transpose(1, 2) for part in block["key_value"](x).chunk(2, -1))
            attended = F.scaled_dot_product_attention(query, key, value, is_causal=True, dropout_p=rate)
            x = attended.transpose(1, 2).reshape(lines, length, dimension) + normal
            normal = block["normal_2"](x)
            inner = F.dropout(F.relu(block["inner"](normal)), rate)
            x = F.dropout(block["outer"](inner), rate) + normal
        return self.normal(x)


class GRU4Rec(nn.Module):
    """TensorFlow's GRUCell (the reset gate before the product); the inputs' products are taken for all steps at once."""

    def __init__(self, dimension: int, blocks: int, heads: int, window: int, dropout: float) -> None:
        super().__init__()
        del heads, window
        self.width, self.dropout = dimension, dropout
        self.cells = nn.ModuleList(
            nn.ModuleDict(
                {
                    "input": nn.Linear(dimension, 3 * dimension),
                    "gates": nn.Linear(dimension, 2 * dimension, bias=False),
                    "candidate": nn.Linear(dimension, dimension, bias=False),
                }
            )
            for _ in range(blocks)
        )

    def forward(self, x: Tensor, training: bool) -> Tensor:
        x = F.dropout(x, self.dropout if training else 0.0)
        for cell in self.cells:
            gates, candidates = cell["input"](x).split([2 * self.width, self.width], -1)
            gates, candidates = gates.unbind(1), candidates.unbind(1)
            state = x.new_zeros(x.shape[0], self.width)
            states = []
            for gate, candidate in zip(gates, candidates, strict=True):
                reset, update = torch.sigmoid(gate + cell["gates"](state)).chunk(2, -1)
                new = torch.tanh(candidate + cell["candidate"](reset * state))
                state = torch.lerp(new, state, update)
                states.append(state)
            x = torch.stack(states, 1)
        return x


class NextItNet(nn.Module):
    """Residual blocks of two dilated causal convolutions."""

    def __init__(self, dimension: int, blocks: int, heads: int, window: int, dropout: float) -> None:
        super().__init__()
        del heads, window
        self.width, self.dropout = dimension, dropout
        self.layers = nn.ModuleList(
            nn.ModuleDict({"convolution": nn.Conv1d(dimension, dimension, 3, dilation=dilation), "normal": nn.LayerNorm(dimension, eps=1e-8)})
            for block in range(blocks)
            for dilation in ((1, 2)[block % 2], 2 * (1, 2)[block % 2])
        )

    def forward(self, x: Tensor, training: bool) -> Tensor:
        rate = self.dropout if training else 0.0
        x = F.dropout(x, rate)
        for first, second in zip(self.layers[::2], self.layers[1::2], strict=True):
            inner = x
            for layer in (first, second):
                past = 2 * layer["convolution"].dilation[0]
                inner = layer["convolution"](F.pad(inner.transpose(1, 2), (past, 0))).transpose(1, 2)
                inner = F.relu(layer["normal"](inner))
            x = x + F.dropout(inner, rate)
        return x


class Caser(nn.Module):
    """Convolutions over a right-padded window; one window a state, since padding and places are the window's own."""

    def __init__(self, dimension: int, blocks: int, heads: int, window: int, dropout: float) -> None:
        super().__init__()
        del blocks, heads
        self.width, self.window, self.dropout = 48 + dimension, window, dropout
        self.horizontal = nn.ModuleList(nn.Conv2d(1, 16, (height, dimension)) for height in (2, 3, 4))
        self.vertical = nn.Conv2d(1, 1, (window, 1))

    def forward(self, x: Tensor, training: bool) -> Tensor:
        picture = x.unsqueeze(1)  # [windows, 1, window, dimension]
        parts = [F.relu(convolution(picture)).squeeze(3).amax(2) for convolution in self.horizontal]
        parts.append(F.relu(self.vertical(picture)).flatten(1))
        return F.dropout(torch.cat(parts, 1), self.dropout if training else 0.0)


class Recommender(nn.Module):
    """Item embedding, encoder, supervised head tied to the embedding, Q head."""

    def __init__(self, setup: dict) -> None:
        super().__init__()
        dimension, items = setup["dimension"], setup["items"]
        self.kind = setup["backbone"]
        encoders = {"sasrec": SASRec, "gru4rec": GRU4Rec, "nextitnet": NextItNet, "caser": Caser}
        sizes = (dimension, setup["blocks"], setup["heads"], setup["window"], setup["dropout"])
        self.encoder = encoders[self.kind](*sizes)
        self.items = nn.Embedding(items, dimension)
        nn.init.normal_(self.items.weight, std=0.01)
        width = self.encoder.width
        self.projection = nn.Linear(width, dimension, bias=False) if width != dimension else nn.Identity()
        self.q_head = nn.Linear(width, items)

    def states(self, items: Tensor, training: bool) -> Tensor:
        """`[lines, time]` -> `[lines, time, width]`; Caser: `[windows, window]` -> `[windows, width]`."""
        embedded = self.items(items)
        return self.encoder(embedded, training)

    def q_of(self, states: Tensor, actions: Tensor) -> Tensor:
        """Q-values of chosen actions: `[places, width]`, `[places, k]` -> `[places, k]`."""
        kernels = F.embedding(actions, self.q_head.weight)  # [places, k, width]
        return torch.bmm(kernels, states.unsqueeze(2)).squeeze(2) + self.q_head.bias[actions]


class Training:
    """A model, its target network, its optimiser and one batch."""

    def __init__(self, setup: dict) -> None:
        torch.manual_seed(1)
        self.setup = setup
        self.main, self.target = Recommender(setup), Recommender(setup)
        self.target.load_state_dict(self.main.state_dict())
        self.target.requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.main.parameters(), lr=1e-3, eps=1e-8, fused=True)
        lines, window, items = setup["lines"], setup["window"], setup["items"]
        self.is_lines = setup["design"] == "lines"
        self.items = torch.randint(items, (lines, window + 1))
        places = lines * window if self.is_lines else lines
        self.actions = torch.randint(items, (places,))
        self.negatives = torch.randint(items, (places, setup["negatives"]))
        self.chosen = torch.cat([self.actions.unsqueeze(1), self.negatives], 1)
        self.rewards = torch.ones(places)

    def windows(self) -> Tensor:
        """Caser's windows of all places of all lines, right-padded (with item 0, as good as any): `[lines * (window + 1), window]`."""
        lines, length = self.items.shape
        window = self.setup["window"]
        padded = torch.zeros(lines, length, window, dtype=torch.long)
        for place in range(length):
            recent = self.items[:, max(0, place + 1 - window) : place + 1]
            padded[:, place, : recent.shape[1]] = recent
        return padded.view(lines * length, window)

    def encode(self, network: Recommender, training: bool) -> tuple[Tensor, Tensor]:
        """States before and after each action, both `[places, width]`."""
        window, lines = self.setup["window"], self.setup["lines"]
        if not self.is_lines:
            def last(items: Tensor) -> Tensor:
                states = network.states(items, training)
                return states if self.setup["backbone"] == "caser" else states[:, -1]

            return last(self.items[:, :-1]), last(self.items[:, 1:]) if not training else Tensor()
        if self.setup["backbone"] == "caser":
            states = network.states(self.all_windows, training).view(lines, window + 1, -1)
        else:
            states = network.states(self.items, training)
        width = states.shape[2]
        return states[:, :-1].reshape(-1, width), states[:, 1:].reshape(-1, width)

    @torch.no_grad()
    def targets(self) -> tuple[Tensor, Tensor]:
        """Targets of the logged and of the negative actions."""
        main, target = self.encode(self.main, False), self.encode(self.target, False)
        if self.is_lines:
            # The values of all states once: each serves as current and, one place later, as next state.
            lines, window = self.setup["lines"], self.setup["window"]
            width = main[0].shape[1]
            every = lambda pair: torch.cat([pair[0].view(lines, window, width), pair[1].view(lines, window, width)[:, -1:]], 1).view(-1, width)  # noqa: E731
            values = self.value(every(main), every(target)).view(lines, window + 1)
            current, following = values[:, :-1].reshape(-1), values[:, 1:].reshape(-1)
        else:
            current, following = self.value(main[0], target[0]), self.value(main[1], target[1])
        return self.rewards + 0.5 * following, 0.5 * current

    def value(self, main: Tensor, target: Tensor) -> Tensor:
        best = self.main.q_head(main).argmax(1, keepdim=True)
        return self.target.q_of(target, best).squeeze(1)

    def step(self) -> None:
        if self.is_lines and self.setup["backbone"] == "caser":
            self.all_windows = self.windows()
        positive, negative = self.targets()
        states, _ = self.encode(self.main, True)
        logits = self.main.projection(states) @ self.main.items.weight.T
        cross_entropy = F.cross_entropy(logits, self.actions)
        values = self.main.q_of(states, self.chosen)
        goals = torch.cat([positive.unsqueeze(1), negative.unsqueeze(1).expand(-1, self.negatives.shape[1])], 1)
        loss = cross_entropy + 0.5 * (goals - values).square().sum() / len(positive)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        if self.is_lines:
            with torch.no_grad():
                torch._foreach_lerp_(list(self.target.parameters()), list(self.main.parameters()), 0.01)


def main() -> None:
    """Answers requests until standard input ends."""
    training = None
    for line in sys.stdin:
        request = json.loads(line)
        if "setup" in request:
            training = Training(request["setup"])
            answer: dict = {"threads": torch.get_num_threads(), "version": torch.__version__}
        else:
            seconds = []
            before = time.process_time()
            for _ in range(request["steps"]):
                begin = time.perf_counter()
                training.step()  # type: ignore[union-attr]
                seconds.append(time.perf_counter() - begin)
            answer = {
                "seconds": seconds,
                "cpuSeconds": time.process_time() - before,
                "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
