"""Module: precision."""

import pytest
import torch
from environment.precision import data_type

CPU = torch.device("cpu")


@pytest.mark.parametrize(("capability", "expected"), [("avx512_bf16", torch.bfloat16), ("amx_bf16", torch.bfloat16), ("avx2", torch.float32)])
def test_auto_is_half_precision_where_the_processor_has_it(capability: str, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch):
    # Arrange
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True, "amx_int8": False})

    # Act & Assess
    assert data_type("auto", CPU) is expected


def test_a_precision_that_is_asked_for_is_taken():
    assert data_type("float32", CPU) is torch.float32
    assert data_type("bfloat16", CPU) is torch.bfloat16
