"""Adam for a table of which each step touches a few rows: the others are neither read nor written."""

import torch


class RowAdam:
    """Adam (Kingma & Ba, arXiv 1412.6980, algorithm 1) with a step count of its own for each row.

    Args:
        table: [rows, dim] updated in place; it needs no gradient.
        betas: decay of the two moments.
        epsilon: added to the root of the second moment.
    """

    def __init__(self, table: torch.Tensor, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self.table = table
        self.betas = betas
        self.epsilon = epsilon
        self.first = torch.zeros_like(table)
        self.second = torch.zeros_like(table)
        self.steps = torch.zeros(len(table), 1, device=table.device)

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> None:
        """Updates `rows` [count] (no row twice) with their gradient [count, dim]."""
        fast, slow = self.betas
        steps = self.steps[rows] + 1
        first = self.first[rows].lerp(gradient, 1 - fast)
        second = self.second[rows].lerp(gradient.square(), 1 - slow)
        self.steps[rows], self.first[rows], self.second[rows] = steps, first, second
        direction = (first / (1 - fast**steps)) / ((second / (1 - slow**steps)).sqrt() + self.epsilon)
        self.table[rows] -= learning_rate * direction

    def state(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps."""
        return {"first": self.first, "second": self.second, "steps": self.steps}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Takes over what `state` gave."""
        self.first.copy_(state["first"])
        self.second.copy_(state["second"])
        self.steps.copy_(state["steps"])
