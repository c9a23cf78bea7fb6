"""What to do when the accelerator's memory does not suffice."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .errors import CapacityError

OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError)


def release() -> None:
    """Gives cached memory back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def enough_memory(work: str, advice: str) -> Iterator[None]:
    """Turns a lack of memory within it into an error that says what to do.

    Raises:
        CapacityError: `work` does not fit.
    """
    try:
        yield
    except OUT_OF_MEMORY as error:
        release()
        raise CapacityError(f"{work} does not fit the accelerator's memory: {advice}. ({error})") from error
