"""Which fields of a record make a document: by name, below other fields, several joined, or messages as a text."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atom_data.errors import ConfigError

BETWEEN = "\n\n"
"""Between fields that are joined."""
TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "int64": (int,), "double": (int, float), "bool": (bool,)}
SHOWN = 20


class Unfit(Exception):
    """A record that is not a document, with the reason and what to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Chat messages as one text: a list of records, each with a role and what it says.

    A message without text is left out; text that lies in parts (`[{"type": "text", "text": ...}]`) is put together, and parts of
    other kinds are left out. The defaults are those of OpenAI's format; ShareGPT's is
    `Messages(field="conversations", role="from", content="value")`.
    """

    field: str = "messages"
    """The field that holds the list; a dot goes into a field."""
    role: str = "role"
    content: str = "content"
    form: str = "{role}: {content}"
    """Of each message; `{content}` alone leaves the roles out."""
    between: str = BETWEEN
    """Between two messages."""

    def __post_init__(self) -> None:
        """Check the form. ConfigError for one with other names."""
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(self.form) if name is not None}
        except ValueError:
            names = {""}
        if "content" not in names or names - {"role", "content"}:
            raise ConfigError(
                f"Messages: form is {self.form!r}; it has {{content}}, and may have {{role}}. Correct it."
            )


Field = str | tuple[str, ...] | Messages
"""What makes a text: a field, several of them, or messages."""


def checked(where: str, field: object) -> Field:
    """Return a field, a list as a tuple. ConfigError for anything else."""
    if isinstance(field, list | tuple):
        if field and all(isinstance(name, str) and name for name in field):
            return tuple(field)
    elif isinstance(field, Messages) or (isinstance(field, str) and field):
        return field
    raise ConfigError(
        f"{where}: text is {field!r}; it is the name of a field, several names, or Messages(...). Name what holds the text."
    )


def names_of(field: Field) -> tuple[str, ...]:
    """Return the names of the fields that are looked at."""
    if isinstance(field, Messages):
        return (field.field,)
    return (field,) if isinstance(field, str) else field


def said(field: Field) -> str:
    """Return a field for people, and as identities have it."""
    return field if isinstance(field, str) else repr(field)


def value_at(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever a record holds
    """Return the value of a field: of this name, else below others (`doc.text`, `turns.0.text`). KeyError where there is none."""
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if isinstance(value, Mapping):
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(name)
    return value


def text_of(record: Mapping[str, Any], field: Field) -> str | None:
    """Return the text of a record. Unfit where its field is not there, or holds something else than text."""
    if isinstance(field, Messages):
        return _messages(_there(record, field.field), field)
    if isinstance(field, str):
        return _string(_there(record, field), field)
    found = [_string(_there(record, name), name) for name in field]
    return BETWEEN.join(filter(None, found)) if any(value is not None for value in found) else None


def _there(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    try:
        return value_at(record, name)
    except KeyError:
        fields = ", ".join(map(str, list(record)[:SHOWN]))[:200] or "none"
        raise Unfit("no_text", f"no field '{name}'; fields here: {fields}") from None


def _string(value: object, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Unfit("no_text", f"field '{name}' holds no text but {type(value).__name__}")
    return value


def _messages(value: object, field: Messages) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise Unfit("no_text", f"field '{field.field}' holds no list of messages but {type(value).__name__}")
    made = []
    for message in value:
        content = _content(message.get(field.content), field)
        if content:
            made.append(field.form.format(role=message.get(field.role) or "", content=content))
    return field.between.join(made)


def _content(value: object, field: Messages) -> str | None:
    if isinstance(value, list):
        return "\n".join(part["text"] for part in value if isinstance(part, dict) and isinstance(part.get("text"), str))
    return _string(value, f"{field.field}.{field.content}")


def field_or_none(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever a record holds
    """Return the value of a field, None where there is none."""
    try:
        return value_at(record, name)
    except KeyError:
        return None


def scalar(value: object) -> str | None:
    """Return a string, or a number as Python writes it; None for anything else, and for NaN, which is how pandas says null."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
        return str(value)
    return None


def typed(name: str, kind: str, value: object) -> object:
    """Return a value of a type in TYPES, or None. Unfit for one of another type."""
    if value is None:
        return None
    fits = isinstance(value, TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))
    if not fits or (kind == "int64" and not -(1 << 63) <= value < 1 << 63):  # type: ignore[operator]
        raise Unfit("bad_value", f"field '{name}' holds {str(value)[:40]!r}, which is no {kind}")
    return float(value) if kind == "double" else value  # type: ignore[arg-type]


def check_columns(where: str, columns: Mapping[str, str], always: Sequence[str]) -> None:
    """Check names and types of further columns. ConfigError."""
    for name, kind in columns.items():
        if kind not in TYPES:
            raise ConfigError(f"{where}: column '{name}' has type '{kind}'; there are {', '.join(TYPES)}. Take one.")
        if name in always:
            raise ConfigError(f"{where}: column '{name}' is always there. Leave it out of columns=.")
