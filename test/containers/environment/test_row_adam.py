"""Class: RowAdam, against torch.optim.Adam."""

import torch
from environment.row_adam import RowAdam


def test_rows_follow_adam_and_the_others_stay():
    # Arrange
    torch.manual_seed(0)
    table = torch.randn(6, 3)
    before = table.clone()
    optimizer = RowAdam(table)
    references = {row: table[row].clone().requires_grad_() for row in (1, 4, 5)}
    adams = {row: torch.optim.Adam([value], lr=0.05) for row, value in references.items()}

    # Act: row 4 in every step, rows 1 and 5 in some
    for rows in ([1, 4], [4, 5], [4], [5, 4, 1]):
        gradient = torch.randn(len(rows), 3)
        optimizer.step(torch.tensor(rows), gradient, 0.05)
        for row, part in zip(rows, gradient):
            references[row].grad = part
            adams[row].step()

    # Assess
    for row, reference in references.items():
        torch.testing.assert_close(table[row], reference.detach(), atol=1e-6, rtol=1e-5)
    assert torch.equal(table[[0, 2, 3]], before[[0, 2, 3]])


def test_a_loaded_state_goes_on_exactly():
    # Arrange
    torch.manual_seed(1)
    gradients = torch.randn(6, 2, 3)
    rows = torch.tensor([0, 3])
    whole = RowAdam(torch.ones(4, 3))
    half = RowAdam(torch.ones(4, 3))

    # Act
    for gradient in gradients:
        whole.step(rows, gradient, 0.1)
    for gradient in gradients[:3]:
        half.step(rows, gradient, 0.1)
    resumed = RowAdam(half.table.clone())
    resumed.load({name: value.clone() for name, value in half.state().items()})
    for gradient in gradients[3:]:
        resumed.step(rows, gradient, 0.1)

    # Assess
    assert torch.equal(resumed.table, whole.table)
