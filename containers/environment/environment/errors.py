"""The container's errors. A message says what happened, where, and what to do."""


class LanguageEnvironmentError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigurationError(LanguageEnvironmentError):
    """A hyperparameter is missing, unknown or out of range."""


class DataError(LanguageEnvironmentError):
    """A channel's file is missing or does not follow the contract."""


class BaseModelError(LanguageEnvironmentError):
    """The base model's folder cannot be used: a missing file, a mismatch, an architecture without support."""


class CapacityError(LanguageEnvironmentError):
    """The accelerator's memory is too small for the model or the batch."""


class AcceleratorError(LanguageEnvironmentError):
    """The container was given a GPU and finds none that it can use."""


class RequestError(LanguageEnvironmentError):
    """A request that can never be answered; `status` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class OverloadError(LanguageEnvironmentError):
    """The server has as much work as it can hold; the same request may be sent again in `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
