"""Every exception a user can meet.

AtomDataError         printed as one sentence, without a traceback
  ConfigError         the recipe, a card or an option is wrong; exit code 2; raised before a document is read
    MissingColumn     columns that no step before has added: who prints it says which signals add them
  DataError           an input or a shard is wrong; exit code 1
    Refusal           a result that only a person can accept: run --accept
  Incomplete          done, but without shards that were allowed to fail (run --allow-failed); exit code 3
  TimeUp              the time limit is near; what is unfinished is left for the next run; exit code 75

Everything else is a bug of ours and keeps its traceback.
The sentence: `where: what is wrong, with the value; what there is. What to do.`
"""

from collections.abc import Iterable


class AtomDataError(Exception):
    """A mistake or a fault that the user can act on; its text says where, what, what there is, and what to do."""

    exit_code = 1


class ConfigError(AtomDataError):
    """A recipe, card or option that cannot be right, whatever the data is."""

    exit_code = 2


class MissingColumn(ConfigError):
    """Columns that are read and are not there."""

    def __init__(self, text: str, columns: tuple[str, ...] = ()) -> None:
        """Say it, and name the columns."""
        super().__init__(text)
        self.columns = columns


class DataError(AtomDataError):
    """Input or output that cannot be read, written or trusted."""

    exit_code = 1


class Refusal(DataError):
    """A result that is done and as it should be by its inputs, but so unlikely that a person must accept it."""


class Incomplete(AtomDataError):
    """A run that is done but for shards that failed, as many as a person allowed."""

    exit_code = 3


class TimeUp(AtomDataError):
    """A run that was asked to stop early: nothing is wrong, and the next run continues."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later


def meant(name: str, names: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for a name that was misspelled, or an empty string where none of the names is close."""
    import difflib  # noqa: PLC0415 - seldom asked for

    close = difflib.get_close_matches(name, sorted(names), 1)
    return f" Did you mean '{close[0]}'?" if close else ""
