"""`passport.toml` as it was read: answers of people, each a value of its question's kind, or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | bool | tuple[str, ...]
KINDS = ("public", "licensed", "private", "crawled", "user", "synthetic", "other")
"""Of sources, as the question `source.kind` has them."""


@dataclass(frozen=True, slots=True)
class Row:
    """The answers of one table; what was left empty is not there."""

    values: Mapping[str, Value] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """Return an answer of words, empty where there is none."""
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def yes(self, key: str) -> bool | None:
        """Return an answer of true or false; None where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else None

    def list(self, key: str) -> tuple[str, ...]:
        """Return an answer of several words, empty where there is none."""
        value = self.values.get(key, ())
        return value if isinstance(value, tuple) else ()


@dataclass(frozen=True, slots=True)
class Passport:
    """All answers."""

    path: str
    tables: Mapping[str, Row] = field(default_factory=dict)
    lists: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    def table(self, name: str) -> Row:
        """Return a table that stands once."""
        return self.tables.get(name, Row())

    def rows(self, name: str) -> tuple[Row, ...]:
        """Return a table that may stand several times."""
        return self.lists.get(name, ())

    def text(self, key: str) -> str:
        """Return the answer to `table.key`, empty where there is none."""
        name, _, question = key.partition(".")
        return self.table(name).text(question)

    def yes(self, key: str) -> bool | None:
        """Return the answer to `table.key`; None where there is none."""
        name, _, question = key.partition(".")
        return self.table(name).yes(question)

    def list(self, key: str) -> tuple[str, ...]:
        """Return the answers to `table.key`."""
        name, _, question = key.partition(".")
        return self.table(name).list(question)

    def source(self, name: str) -> Row:
        """Return what is said of a source; nothing where it is not named."""
        return next((row for row in self.rows("source") if row.text("name") == name), Row())

    def named(self, kind: str) -> frozenset[str]:
        """Return the sources of a kind."""
        return frozenset(row.text("name") for row in self.rows("source") if row.text("kind") == kind)

    @property
    def hidden(self) -> frozenset[str]:
        """The sources that must not be named."""
        return frozenset(row.text("name") for row in self.rows("source") if row.yes("hidden"))
