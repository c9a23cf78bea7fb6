"""The four sequence encoders, written as their papers and the SNQN code describe them: one history at a time.

Nothing here is shared with the TypeScript code. Everything is float64; a history is a list of item indices (1 and up), the
oldest first (for SASRec also a `History`). Each function returns the state after the whole history, `[state]`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


class History(list[int]):
    """Items, when each was taken, when a list is asked for after them, and the number of the basket of each."""

    def __init__(
        self,
        items: list[int],
        times: list[float] | None = None,
        request: float = 0.0,
        baskets: list[int] | None = None,
    ) -> None:
        super().__init__(items)
        self.times = times
        self.request = request
        self.baskets = baskets


@dataclass(frozen=True)
class Shape:
    """Sizes of a network."""

    items: int
    dimension: int
    blocks: int
    heads: int
    window: int


def embedding(parameters: Parameters, item: int, dimension: int) -> Tensor:
    """The embedding of an item, `[dimension]`; padding (0) is a zero vector."""
    if item == 0:
        return torch.zeros(dimension, dtype=torch.float64)
    return parameters["item_embedding"][item - 1]


def layer_normalisation(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """Layer normalisation of the last axis, epsilon 1e-8, biased variance."""
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return parameters[f"{name}/scale"] * (x - mean) / torch.sqrt(variance + 1e-8) + parameters[f"{name}/offset"]


def linear(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """`x . kernel + bias`."""
    return x @ parameters[f"{name}/kernel"] + parameters[f"{name}/bias"]


def sasrec(parameters: Parameters, shape: Shape, history: list[int]) -> Tensor:
    """SASRec: queries from normalised input, keys and values from the input itself, residual on the normalised input.

    Padding in front of a history, as the paper has it, takes places, but nothing looks at it. The items of a basket share a
    place, look at each other, and their states are averaged. Of actions with times each score is raised by a learned number
    for the time between the action looked at and the next one (of baskets: the next basket) after the place that looks.
    """
    padding = next((place for place, item in enumerate(history) if item > 0), 0)
    times = history.times if isinstance(history, History) else None
    baskets = history.baskets if isinstance(history, History) and history.baskets is not None else None
    request = history.request if isinstance(history, History) else 0.0
    history = list(history)[padding:]
    length = len(history)
    step = baskets if baskets is not None else list(range(length))
    x = torch.stack(
        [
            (embedding(parameters, item, shape.dimension) + parameters["position_embedding"][padding + step[place]])
            * (1.0 if item > 0 else 0.0)
            for place, item in enumerate(history)
        ]
    )

    def bias(block: int, place: int) -> Tensor:
        seen = [other for other in range(length) if step[other] <= step[place]]
        if times is None:
            return torch.zeros(len(seen), dtype=torch.float64)
        asked = next((times[other] for other in range(length) if step[other] > step[place]), request)
        buckets = [min(63, math.floor(math.log(max(1.0, asked - times[other])) / 0.301)) for other in seen]
        return parameters[f"block_{block}/time_bias"][buckets]

    width = shape.dimension // shape.heads
    for block in range(shape.blocks):
        name = f"block_{block}"
        normalised = layer_normalisation(parameters, f"{name}/attention_normalisation", x)
        query = linear(parameters, f"{name}/query", normalised)
        key = linear(parameters, f"{name}/key", x)
        value = linear(parameters, f"{name}/value", x)
        rows = []
        for place in range(length):
            heads = []
            for head in range(shape.heads):
                part = slice(head * width, (head + 1) * width)
                seen = [other for other in range(length) if step[other] <= step[place]]
                scores = key[seen][:, part] @ query[place, part] / math.sqrt(width) + bias(block, place)
                heads.append(torch.softmax(scores, 0) @ value[seen][:, part])
            rows.append(torch.cat(heads))
        attended = torch.stack(rows) + normalised
        normalised = layer_normalisation(parameters, f"{name}/feed_forward_normalisation", attended)
        inner = torch.relu(linear(parameters, f"{name}/feed_forward_inner", normalised))
        # Padding is zeroed again; only an empty history shows the state of one.
        is_item = torch.tensor([[float(item > 0)] for item in history], dtype=torch.float64)
        x = (linear(parameters, f"{name}/feed_forward_outer", inner) + normalised) * is_item
    last = [place for place in range(length) if step[place] == step[-1]]
    return layer_normalisation(parameters, "final_normalisation", x)[last].mean(0)


def gru4rec(parameters: Parameters, shape: Shape, history: list[int]) -> Tensor:
    """GRU cells as TensorFlow 1's GRUCell: the reset gate acts on the state before it is multiplied."""
    inputs = [embedding(parameters, item, shape.dimension) for item in history]
    for cell in range(shape.blocks):
        name = f"cell_{cell}"
        # One kernel on [input, state], as in the original.
        gates_kernel = torch.cat([parameters[f"{name}/input_gates"], parameters[f"{name}/state_gates"]])
        candidate_kernel = torch.cat([parameters[f"{name}/input_candidate"], parameters[f"{name}/state_candidate"]])
        state = torch.zeros(shape.dimension, dtype=torch.float64)
        outputs = []
        for x in inputs:
            gates = torch.sigmoid(torch.cat([x, state]) @ gates_kernel + parameters[f"{name}/gates_bias"])
            reset, update = gates[: shape.dimension], gates[shape.dimension :]
            candidate = torch.tanh(torch.cat([x, reset * state]) @ candidate_kernel + parameters[f"{name}/candidate_bias"])
            state = update * state + (1 - update) * candidate
            outputs.append(state)
        inputs = outputs
    return inputs[-1]


def caser(parameters: Parameters, shape: Shape, history: list[int]) -> Tensor:
    """Convolutions over the last `window` items, right-padded with zeros to a square picture."""
    recent = history[-shape.window :]
    padded = recent + [0] * (shape.window - len(recent))
    picture = torch.stack([embedding(parameters, item, shape.dimension) for item in padded])  # [window, dimension]
    parts = []
    for height in (2, 3, 4):
        if height > shape.window:
            continue
        kernel, bias = parameters[f"horizontal_{height}/kernel"], parameters[f"horizontal_{height}/bias"]
        values = [
            torch.relu(picture[top : top + height].reshape(-1) @ kernel + bias)
            for top in range(shape.window - height + 1)
        ]
        parts.append(torch.stack(values).amax(0))
    parts.append(torch.relu(parameters["vertical/kernel"] @ picture + parameters["vertical/bias"]))
    return torch.cat(parts)


def nextitnet(parameters: Parameters, shape: Shape, history: list[int]) -> Tensor:
    """Residual blocks of two causal convolutions of width 3, the second with twice the dilation."""
    zero = torch.zeros(shape.dimension, dtype=torch.float64)

    def convolution(name: str, x: list[Tensor], dilation: int) -> list[Tensor]:
        result = []
        for place in range(len(x)):
            taps = [x[place - back] if place >= back else zero for back in (2 * dilation, dilation, 0)]
            value = torch.cat(taps) @ parameters[f"{name}/kernel"] + parameters[f"{name}/bias"]
            result.append(torch.relu(layer_normalisation(parameters, f"{name}/normalisation", value)))
        return result

    x = [embedding(parameters, item, shape.dimension) for item in history]
    for block in range(shape.blocks):
        dilation = (1, 2)[block % 2]
        inner = convolution(f"block_{block}/convolution_0", x, dilation)
        outer = convolution(f"block_{block}/convolution_1", inner, 2 * dilation)
        x = [(a + b) * (1.0 if item > 0 else 0.0) for a, b, item in zip(x, outer, history, strict=True)]
    return x[-1]


ENCODERS = {"sasrec": sasrec, "gru4rec": gru4rec, "caser": caser, "nextitnet": nextitnet}


def parameter_shapes(backbone: str, shape: Shape, environment: int, head: str) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of a network with supervised head (tied or separate), Q head and LE map."""
    d = shape.dimension
    shapes: dict[str, tuple[int, ...]] = {"item_embedding": (shape.items, d)}
    state = d
    if backbone == "sasrec":
        shapes["position_embedding"] = (shape.window + 1, d)
        for block in range(shape.blocks):
            for norm in ("attention_normalisation", "feed_forward_normalisation"):
                shapes[f"block_{block}/{norm}/scale"] = (d,)
                shapes[f"block_{block}/{norm}/offset"] = (d,)
            for layer in ("query", "key", "value", "feed_forward_inner", "feed_forward_outer"):
                shapes[f"block_{block}/{layer}/kernel"] = (d, d)
                shapes[f"block_{block}/{layer}/bias"] = (d,)
        shapes["final_normalisation/scale"] = (d,)
        shapes["final_normalisation/offset"] = (d,)
    elif backbone == "gru4rec":
        for cell in range(shape.blocks):
            for part, outputs in (("gates", 2 * d), ("candidate", d)):
                shapes[f"cell_{cell}/input_{part}"] = (d, outputs)
                shapes[f"cell_{cell}/state_{part}"] = (d, outputs)
                shapes[f"cell_{cell}/{part}_bias"] = (outputs,)
    elif backbone == "caser":
        heights = [height for height in (2, 3, 4) if height <= shape.window]
        for height in heights:
            shapes[f"horizontal_{height}/kernel"] = (height * d, 16)
            shapes[f"horizontal_{height}/bias"] = (16,)
        shapes["vertical/kernel"] = (shape.window,)
        shapes["vertical/bias"] = (1,)
        state = 16 * len(heights) + d
    else:
        for block in range(shape.blocks):
            for layer in (0, 1):
                name = f"block_{block}/convolution_{layer}"
                shapes[f"{name}/kernel"] = (3 * d, d)
                shapes[f"{name}/bias"] = (d,)
                shapes[f"{name}/normalisation/scale"] = (d,)
                shapes[f"{name}/normalisation/offset"] = (d,)
    if head == "separate":
        shapes["supervised_head/kernel"] = (shape.items, state)
        shapes["supervised_head/bias"] = (shape.items,)
    elif state != d or backbone == "gru4rec":
        shapes["supervised_head/projection"] = (state, d)
    shapes["q_head/kernel"] = (shape.items, state)
    shapes["q_head/bias"] = (shape.items,)
    shapes["environment_map"] = (environment, state)
    return shapes
