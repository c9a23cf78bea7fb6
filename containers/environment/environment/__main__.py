"""The container's commands: `python -m environment train` and `python -m environment serve`."""

import os
import sys

from .accelerator import host_driver, query_gpu, require_accelerator, use_compatible_libraries
from .contract import folders, read_hyperparameters, write_failure
from .errors import LanguageEnvironmentError


def main(arguments: list[str]) -> int:
    """Runs a command and returns the exit code; a failure's reason goes to `output/failure`."""
    if arguments not in (["train"], ["serve"]):
        print("usage: python -m environment train|serve", file=sys.stderr)
        return 2
    try:
        _check_accelerator()
        if arguments == ["train"]:
            _train()
        else:
            from .serve import serve

            serve(folders())
    except LanguageEnvironmentError as error:
        write_failure(folders(), str(error))
        return 1
    except Exception as error:
        write_failure(folders(), f"{type(error).__name__}: {error}")
        raise
    return 0


def _check_accelerator() -> None:
    """Before anything else: an endpoint that will never work must not wait for its health check to run out of time."""
    if os.environ.get("ACCELERATOR") == "nvidia":
        use_compatible_libraries()
        require_accelerator(os.environ, host_driver(), query_gpu())


def _train() -> None:
    """Does what hyperparameter `task` says."""
    parameters = read_hyperparameters(folders().root)
    if parameters.task == "vectors":
        from .item_vectors import write_item_vectors

        write_item_vectors(folders(), parameters.config)
    else:
        from .train import train

        train(folders(), parameters)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
