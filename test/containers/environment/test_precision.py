"""Module: precision."""

import pytest
import torch
from environment.precision import data_type

CPU = torch.device("cpu")


@pytest.mark.parametrize(("supported", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_is_half_precision_where_a_gpu_computes_in_it_itself(
    supported: bool, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
):
    # Arrange
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)

    # Act & Assess
    assert data_type("auto", torch.device("cuda")) is expected
    assert data_type("auto", CPU) is torch.float32


def test_a_precision_that_is_asked_for_is_taken():
    assert data_type("float32", CPU) is torch.float32
    assert data_type("bfloat16", CPU) is torch.bfloat16
