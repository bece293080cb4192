"""How two corpora were made: what differs in recipes, parameters, cards, files, code, libraries and inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from atom_data.audit.diff.side import Side, identities
from atom_data.graph import stage_of
from atom_data.ledger import removals_in
from atom_data.runner.changed import HASH

NAMED = 5


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that differs."""

    kind: str
    """`recipe`, `stage`, `card`, `file`, `parameter`, `code`, `library`, `removals` or `input`."""
    where: str
    """A stage, or a file."""
    before: str
    after: str


def made_otherwise(a: Side, b: Side) -> list[Made]:
    """Return what differs in how two corpora were made: the recipe first, then stage by stage, inputs last."""
    found = [*_recipes(a, b), *_stages(a, b), *_code(a, b), *_removals(a, b), *inputs_otherwise(a, b)]
    first = {
        (one.kind, one.before, one.after): one for one in reversed(found)
    }  # a pass, and the stage that reads it, say the same
    return [one for one in found if first[one.kind, one.before, one.after] is one or one.kind in ("stage", "input")]


def _recipes(a: Side, b: Side) -> Iterator[Made]:
    one, other = a.workspace.record(), b.workspace.record()
    if one and other and one.sha256 != other.sha256:
        yield Made("recipe", "", f"{one.recipe} ({one.sha256[:12]})", f"{other.recipe} ({other.sha256[:12]})")


def _stages(a: Side, b: Side) -> Iterator[Made]:
    mine, theirs = identities(a), identities(b)
    for name in sorted({stage_of(name) for name in (*mine, *theirs)}):
        if name not in mine or name not in theirs:
            yield Made("stage", name, *(("there", "not there") if name in mine else ("not there", "there")))
        else:
            yield from changes(name, mine[name], theirs[name])


def changes(where: str, one: Any, other: Any, path: str = "") -> Iterator[Made]:  # noqa: ANN401 - JSON
    """Yield where two identities differ: a card or file by its hash, all else as a parameter with both values."""
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        name = next((str(one[key]) for key in ("card", "file") if key in one and one[key] == other.get(key)), "")
        if name:
            kind = "card" if "card" in one else "file"
            yield Made(kind, where, f"{name} {str(one.get('sha256'))[:12]}", f"{name} {str(other.get('sha256'))[:12]}")
            return
        step = str(one.get("step", "")) if isinstance(one.get("step", ""), str) else ""
        inner = step.rpartition(".")[2] or path
        if one.get("step") == other.get("step") and one.get("card") == other.get("card"):
            for key in sorted({*one, *other}):
                below = f"{inner}.{key}" if inner else key
                yield from changes(where, one.get(key), other.get(key), below)
            return
    if isinstance(one, list) and isinstance(other, list):
        yield from _lists(where, one, other, path)
        return
    yield Made("parameter", where, f"{path} {said(one)}", f"{path} {said(other)}")


def _lists(where: str, one: list[Any], other: list[Any], path: str) -> Iterator[Made]:
    """Compare lists of steps: those that are in one alone are named, the others held against each other in order."""
    names = [[said(item) for item in items] for items in (one, other)]
    heads = [[_head(item) for item in items] for items in (one, other)]
    if heads[0] == heads[1]:
        for first, second in zip(one, other, strict=True):
            yield from changes(where, first, second, path)
        return
    gone = [name for name in names[0] if name not in names[1]]
    new = [name for name in names[1] if name not in names[0]]
    if gone or new:
        yield Made(
            "parameter", where, f"{path} {', '.join(gone) or 'without'}", f"{path} {', '.join(new) or 'without'}"
        )
    else:
        yield Made("parameter", where, f"{path} {', '.join(names[0])}", f"{path} {', '.join(names[1])}")


def _head(item: Any) -> str:  # noqa: ANN401
    if isinstance(item, dict):
        return str(item.get("card") or item.get("file") or _name(item.get("step")) or sorted(item))
    return "value"


def _name(step: Any) -> str:  # noqa: ANN401
    return str(step.get("name")) if isinstance(step, dict) else str(step or "")


def said(value: Any) -> str:  # noqa: ANN401
    """Return a part of an identity in a few words."""
    if isinstance(value, dict):
        if "card" in value:
            return f"{value['card']} {str(value.get('sha256'))[:12]}"
        if "step" in value:
            inner = {key: item for key, item in value.items() if key != "step" and item is not None}
            shown = ", ".join(f"{key}={said(item)}" for key, item in inner.items())
            return f"{_name(value['step']).rpartition('.')[2]}({shown})"
        return "{" + ", ".join(f"{key}: {said(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(said, value))}]"
    return str(value)


def _code(a: Side, b: Side) -> Iterator[Made]:
    """Yield each room of the package and each library that is another one, once, with the first stage that it is seen in."""
    seen: set[tuple[str, str | None, str | None]] = set()
    for stage in [name for name in a.code if name in b.code]:
        mine, theirs = a.code[stage], b.code[stage]
        for name in sorted({*mine, *theirs}):
            before, after = mine.get(name), theirs.get(name)
            if before != after and (name, before, after) not in seen:
                seen.add((name, before, after))
                kind = "code" if HASH.fullmatch(before or after or "") else "library"
                yield Made(kind, stage, f"{name} {before or 'not used'}", f"{name} {after or 'not used'}")


def _removals(a: Side, b: Side) -> Iterator[Made]:
    """Yield the removal lists, where they keep other documents out."""
    one, other = removals_in(a.workspace), removals_in(b.workspace)
    if one.entries != other.entries:
        yield Made("removals", "", *(f"{len(found.entries):,} entries" if found else "none" for found in (one, other)))


def inputs_otherwise(a: Side, b: Side) -> Iterator[Made]:
    """Yield the input files that are others, or read by one alone: five of each, and how many more there are."""
    mine, theirs = a.inputs, b.inputs
    lists = {
        "only there": sorted(name for name in mine if name not in theirs),
        "only here": sorted(name for name in theirs if name not in mine),
        "other content": sorted(name for name in mine if name in theirs and mine[name] != theirs[name]),
    }
    for what, names in lists.items():
        for name in names[:NAMED]:
            before = mine.get(name, "not read")[:12]
            yield Made("input", name, before, theirs.get(name, "not read")[:12])
        if len(names) > NAMED:
            yield Made("input", f"{len(names) - NAMED:,} files more: {what}", "", "")
