"""Exclusive use of an output folder for a block of code."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator

from atom_data.errors import DataError
from atom_data.runner.claims.claim import Part
from atom_data.runner.claims.files import FileClaim
from atom_data.runner.claims.life import Who
from atom_data.runner.claims.store import ObjectClaim
from atom_data.storage.paths import write_errors
from atom_data.workspace import Workspace

CLOSED = frozenset((errno.EROFS, errno.EACCES, errno.EPERM))


def _ignore(text: str) -> None:
    """Say nothing."""


def _unknown(who: Who) -> bool:
    """Know of no process that has ended."""
    return False


@contextlib.contextmanager
def claimed(
    workspace: Workspace,
    what: str,
    *,
    part: Part | None = None,
    take_over: bool = False,
    note: Callable[[str], None] = _ignore,
    gone: Callable[[Who], bool] = _unknown,
) -> Iterator[None]:
    """Be the only one at work in an output folder, or of an array the only one at its part.

    `what` names the work to others; `take_over` takes the claim of a process of another machine that was silent for five
    minutes; `note` gets a message for each claim that was removed; `gone` tells whether a process elsewhere has ended.
    DataError names who is at work; also when the claim was lost meanwhile, because this process slept.
    A folder in which nothing can be written needs no claim.
    """
    holder = ObjectClaim(workspace, what, part) if workspace.is_remote else FileClaim(workspace, what, part)
    try:
        with write_errors(workspace.root):
            holder.begin(take_over, note, gone)
    except DataError as error:
        if not _is_closed(error, workspace):
            raise
        yield
        return
    try:
        yield
    except KeyboardInterrupt:
        if holder.heart is not None and holder.heart.lost:
            raise DataError(
                f"{workspace!r}: this run slept, and its claim of the folder was taken over meanwhile, so it has ended; what "
                "it finished is kept. See who is at work there before you run again."
            ) from None
        raise
    finally:
        holder.release()


def _is_closed(error: DataError, workspace: Workspace) -> bool:
    """Tell whether nothing can be written in a folder at all, so that a run over finished work can only look at it."""
    cause = error.__cause__
    if workspace.is_remote or not isinstance(cause, OSError) or cause.errno not in CLOSED:
        return False
    return cause.errno == errno.EROFS or not os.access(workspace.local(), os.W_OK)
