"""Which faults of MongoDB pass by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError

from domain.errors import ErrorCode, Retryable

_LABELS = ("RetryableWriteError", "TransientTransactionError")


def is_passing(error: PyMongoError) -> bool:
    """Tell whether the same operation may well succeed a moment later.

    Network faults, elections, time-outs and write conflicts do; a duplicate key or a
    document that the validator refuses does not.
    """
    if error.timeout or isinstance(error, (ConnectionFailure, ExecutionTimeout, WTimeoutError)):
        return True
    return any(error.has_error_label(label) for label in _LABELS)


@contextmanager
def mongo_faults() -> Iterator[None]:
    """Turn the passing faults of MongoDB into `Retryable`; wrap every operation in it.

    Raises:
        Retryable: `SERVICE_UNAVAILABLE`. A write may or may not have been applied.
    """
    try:
        yield
    except PyMongoError as error:
        if is_passing(error):
            raise Retryable(
                ErrorCode.SERVICE_UNAVAILABLE, "The database cannot be reached."
            ) from error
        raise
