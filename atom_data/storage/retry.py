"""Asking an object store again, where its answer may be another one the next time."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

ATTEMPTS = 6
FIRST_WAIT = 0.1
"""Seconds before the second attempt; twice as long before each further one."""
MISSING = frozenset(("404", "410", "NoSuchKey", "NotFound"))
CHANGED = frozenset(("412", "PreconditionFailed"))
UNKNOWN = frozenset(("501", "NotImplemented", "InvalidRequest", "InvalidArgument"))
REFUSED = frozenset(("401", "403", "AccessDenied", "InvalidAccessKeyId", "NoSuchBucket", "SignatureDoesNotMatch"))

Answer = TypeVar("Answer")


def ask(question: Callable[[], Answer]) -> Answer:
    """Return what `question` returns, asked up to six times in 3 seconds while a store is busy or connections break.

    The error of the last attempt is raised, or at once one that would come again: the file is not there, or is not for
    us, or a library is missing.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return question()
        except Exception as error:  # every store has errors of its own
            if _is_final(error):
                raise
            time.sleep(FIRST_WAIT * 2**attempt)
    return question()


def is_missing(error: BaseException | None) -> bool:
    """Tell whether an error, or the one it came from, says that a file is not there; else it may be and is not given."""
    return any(isinstance(one, FileNotFoundError) or not MISSING.isdisjoint(_codes(one)) for one in _chain(error))


def is_changed(error: BaseException | None) -> bool:
    """Tell whether an error says that a file is not the version that was asked for."""
    return any(not CHANGED.isdisjoint(_codes(one)) for one in _chain(error))


def is_unknown(error: BaseException | None) -> bool:
    """Tell whether an error says that a store does not know what it was asked for."""
    return any(not UNKNOWN.isdisjoint(_codes(one)) for one in _chain(error))


def _is_final(error: BaseException) -> bool:
    """Tell whether asking again is in vain; credentials that are nowhere have an error class and no code in botocore."""
    return (
        is_missing(error)
        or is_changed(error)
        or is_unknown(error)
        or any(
            isinstance(one, ImportError)
            or type(one).__name__ == "NoCredentialsError"
            or not REFUSED.isdisjoint(_codes(one))
            for one in _chain(error)
        )
    )


def _codes(error: BaseException) -> set[str]:
    response = getattr(error, "response", None)  # botocore's is a dict, that of requests has a status
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return {str(one) for one in (code, getattr(response, "status_code", None), getattr(error, "code", None))}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
