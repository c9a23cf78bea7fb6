"""The same training step and the same full ranking in PyTorch, written with care: the peer of `npm run bench -- trainer`.

One SNQN step (cross-entropy over all items, double Q-learning with two networks, sampled negatives, Adam on every parameter), on
whole lines (`lines`: the second network follows slowly, dropout off in targets, head tied to the item embedding) or on one prefix a
sample (`prefixes`, as published: either network learns by the toss of a coin, dropout on in targets, head of its own). What care means
here: logits once, fused cross-entropy; Q-values gathered, the whole catalogue multiplied only for the arg-max and without gradient;
in `lines` the next states are the current ones, shifted; fused Adam; fused attention; no synchronisation within a step.

Protocol: one JSON object per line on standard input; `{"setup": {...}}` builds a model, `{"steps": n}` runs n training steps and
`{"rankings": n}` n batches of full ranking; both answer with their seconds.
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
        self.is_tied = setup["design"] == "lines"
        if self.is_tied:
            self.projection = nn.Linear(width, dimension, bias=False) if width != dimension else nn.Identity()
        else:
            self.head = nn.Linear(width, items)
        self.q_head = nn.Linear(width, items)

    def states(self, items: Tensor, training: bool) -> Tensor:
        """`[lines, time]` -> `[lines, time, width]`; Caser: `[windows, window]` -> `[windows, width]`."""
        embedded = self.items(items)
        return self.encoder(embedded, training)

    def logits(self, states: Tensor) -> Tensor:
        """`[places, width]` -> `[places, items]`"""
        return self.projection(states) @ self.items.weight.T if self.is_tied else self.head(states)

    def q_of(self, states: Tensor, actions: Tensor) -> Tensor:
        """Q-values of chosen actions: `[places, width]`, `[places, k]` -> `[places, k]`."""
        kernels = F.embedding(actions, self.q_head.weight)  # [places, k, width]
        return torch.bmm(kernels, states.unsqueeze(2)).squeeze(2) + self.q_head.bias[actions]


class Training:
    """Two networks, their optimisers and one batch."""

    def __init__(self, setup: dict) -> None:
        torch.manual_seed(1)
        self.setup = setup
        self.is_lines = setup["design"] == "lines"
        self.is_caser = setup["backbone"] == "caser"
        self.networks = [Recommender(setup), Recommender(setup)]
        learners = self.networks[:1] if self.is_lines else self.networks
        if self.is_lines:
            self.networks[1].load_state_dict(self.networks[0].state_dict())
            self.networks[1].requires_grad_(False)
        self.optimisers = [torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-8, fused=True) for network in learners]
        lines, window, items = setup["lines"], setup["window"], setup["items"]
        self.items = torch.randint(items, (lines, window + 1))
        places = lines * window if self.is_lines else lines
        self.actions = torch.randint(items, (places,))
        self.negatives = torch.randint(items, (places, setup["negatives"]))
        self.chosen = torch.cat([self.actions.unsqueeze(1), self.negatives], 1)
        self.rewards = torch.ones(places)

    def every_state(self, network: Recommender, training: bool) -> Tensor:
        """Whole lines: the states of all places, `[lines, window + 1, width]`."""
        if not self.is_caser:
            return network.states(self.items, training)
        lines, length = self.items.shape
        window = self.setup["window"]
        # Caser sees a right-padded window (item 0 is as good a padding as any), so that each place has one of its own.
        padded = torch.zeros(lines, length, window, dtype=torch.long)
        for place in range(length):
            recent = self.items[:, max(0, place + 1 - window) : place + 1]
            padded[:, place, : recent.shape[1]] = recent
        return network.states(padded.view(lines * length, window), training).view(lines, length, -1)

    def last_state(self, network: Recommender, items: Tensor, training: bool) -> Tensor:
        """Single prefixes: the state after each, `[lines, width]`."""
        states = network.states(items, training)
        return states if self.is_caser else states[:, -1]

    @torch.no_grad()
    def targets(self, main: Recommender, target: Recommender) -> Tensor:
        """What the Q head is to predict for the logged and the negative actions, `[places, 1 + negatives]`."""

        def value(of_main: Tensor, of_target: Tensor) -> Tensor:
            best = main.q_head(of_main).argmax(1, keepdim=True)
            return target.q_of(of_target, best).squeeze(1)

        if self.is_lines:
            states = [self.every_state(network, False) for network in (main, target)]
            lines, length, width = states[0].shape
            # The values of all states once: each serves as current and, one place later, as next state.
            values = value(*(every.reshape(-1, width) for every in states)).view(lines, length)
            current, following = values[:, :-1].reshape(-1), values[:, 1:].reshape(-1)
        else:
            pairs = [[self.last_state(network, items, True) for network in (main, target)] for items in (self.items[:, :-1], self.items[:, 1:])]
            current, following = value(*pairs[0]), value(*pairs[1])
        positive = self.rewards + 0.5 * following
        return torch.cat([positive.unsqueeze(1), (0.5 * current).unsqueeze(1).expand(-1, self.negatives.shape[1])], 1)

    def step(self) -> None:
        swap = 0 if self.is_lines else int(torch.rand(()) < 0.5)
        main, target = self.networks[swap], self.networks[1 - swap]
        goals = self.targets(main, target)
        if self.is_lines:
            every = self.every_state(main, True)
            states = every[:, :-1].reshape(-1, every.shape[2])
        else:
            states = self.last_state(main, self.items[:, :-1], True)
        cross_entropy = F.cross_entropy(main.logits(states), self.actions)
        errors = goals - main.q_of(states, self.chosen)
        loss = cross_entropy + 0.5 * errors.square().sum() / len(goals)
        self.optimisers[swap].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[swap].step()
        if self.is_lines:
            with torch.no_grad():
                torch._foreach_lerp_(list(target.parameters()), list(main.parameters()), 0.01)

    @torch.no_grad()
    def rank(self) -> None:
        """The twenty best items after each history."""
        network = self.networks[0]
        states = self.last_state(network, self.items[:, :-1], False)
        network.logits(states).topk(20, 1)


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
            work = training.step if "steps" in request else training.rank  # type: ignore[union-attr]
            before = time.process_time()
            for _ in range(request.get("steps") or request["rankings"]):
                begin = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - begin)
            answer = {
                "seconds": seconds,
                "cpuSeconds": time.process_time() - before,
                "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
