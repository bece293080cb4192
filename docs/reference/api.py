"""Writes the pages of docs/reference/ that say what can be imported, what cards there are, and how a mix file is written.

`make docs` runs it; a test fails while a page is another.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from atom_data.assets import filters_folder
from atom_data.library.catalog import needs
from atom_data.library.documentation import own_text, parameters
from atom_data.rules import load_card

FOLDER = Path(__file__).parent
TOP = "atom_data"
PACKAGES = (
    "signals", "rewrite", "extract", "readers", "dedup", "mix", "tokens", "loader", "library", "bridge", "train", "extend",
    "testing",
)  # fmt: skip
"""Packages with a page each; what they export is the interface, and everything else may change without a word."""
CALLED = ("loader", "mix", "extend")
"""Packages of whose classes one calls methods; those of the others stand in a recipe."""
MADE = "This page is made from the code (`make docs`)."


def exported(package: str) -> dict[str, Any]:
    """Return what a package exports, by name."""
    module = import_module(package)
    return {name: getattr(module, name) for name in sorted(module.__all__, key=str.lower)}


def pages() -> dict[str, str]:
    """Return every page by its file's name."""
    made = {f"{package}.md": package_page(package) for package in PACKAGES}
    return {"atom_data.md": top_page(), **made, "cards.md": cards_page(), "mix_file.md": mix_page()}


def top_page() -> str:
    """Return the page of what `from atom_data import` finds: most of it stands on the page of its package."""
    homes = {id(thing): package for package in reversed(PACKAGES) for thing in exported(f"{TOP}.{package}").values()}
    here = {name: thing for name, thing in exported(TOP).items() if id(thing) not in homes}
    lines = [f"# atom_data\n\n{own_text(import_module(TOP))}\n\n{MADE}\n", "| name | |", "|---|---|"]
    for name, thing in exported(TOP).items():
        page = "" if name in here else f"{homes[id(thing)]}.md"
        lines.append(f"| [{name}]({page}#{name.lower()}) | {cell(first_sentence(thing))} |")
    links = ", ".join(f"[{package}]({package}.md)" for package in PACKAGES)
    lines.append(
        f"\nPackages: {links}. Also: [cards](cards.md), [the mix file](mix_file.md), [the output folder](output.md).\n"
    )
    return "\n".join([*lines, *(entry(name, thing, False) for name, thing in here.items())]).rstrip() + "\n"


def package_page(package: str) -> str:
    """Return the page of a package."""
    module = import_module(f"{TOP}.{package}")
    head = f"# {TOP}.{package}\n\n{own_text(module)}\n\n{MADE}\n"
    entries = (entry(name, thing, package in CALLED) for name, thing in exported(f"{TOP}.{package}").items())
    return "\n".join([head, *entries]).rstrip() + "\n"


def entry(name: str, thing: Any, with_methods: bool) -> str:  # noqa: ANN401
    """Return a heading, the documentation, a table of parameters, and methods where they are of use."""
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return f"## {name}\n\n`{name} = {thing!r}`\n"
    lines = [f"## {name}\n\n{own_text(thing)}\n"]
    if not is_protocol(thing):
        listed = list(parameters(thing))
        if listed:
            lines += ["| parameter | type | default | |", "|---|---|---|---|"]
            lines += [f"| `{one.name}` | {code(one.type)} | {code(one.default)} | {cell(one.text)} |" for one in listed]
            lines.append("")
    if inspect.isclass(thing) and (with_methods or is_protocol(thing)):
        lines += [f"- `{signature}`: {said}" for signature, said in methods(thing)]
        lines.append("")
    return "\n".join(lines)


def is_protocol(thing: Any) -> bool:  # noqa: ANN401
    """Tell a protocol, which nobody makes, from classes that are made with parameters."""
    return inspect.isclass(thing) and vars(thing).get("_is_protocol", False)


def methods(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the public methods and properties of a class, as they are called, with their first sentence."""
    for name, member in sorted(vars(kind).items()):
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield name, first_sentence(member)
        elif inspect.isfunction(member):
            asked = ", ".join(str(one) for one in parameters(member))
            yield f"{name}({asked})", first_sentence(member)


def first_sentence(thing: Any) -> str:  # noqa: ANN401
    """Return the first paragraph of the documentation in one line."""
    return " ".join(own_text(thing).split("\n\n")[0].split())


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """Return code for a cell of a table."""
    return f"`{cell(text)}`" if text else ""


def cards_page() -> str:
    """Return the page of all cards: where they come from, and what makes their columns."""
    lines = [
        f"# Cards\n\nPages of bounds that come along, each with its source: `keep(\"fineweb\")`. `atom-data show fineweb` has the "
        f"rules, [filters/](../../filters/README.md) the files and how to write one. {MADE}\n",
        "| card | source | columns are added by |",
        "|---|---|---|",
    ]  # fmt: skip
    for path in sorted(filters_folder().glob("*.toml")):
        card = load_card(path.stem)
        who = dict.fromkeys(found[0] for found in needs(card).values() if found)
        adds = ", ".join(text.partition(" ")[2] for text in who)
        lines.append(f"| `{card.name}` | {cell(card.source)} | {cell(adds) or 'the source'} |")
    return "\n".join(lines) + "\n"


def mix_page() -> str:
    """Return the page of the mix file."""
    said = own_text(import_module("atom_data.mix.mix"))
    head, _, form = said.partition("\n\n")
    lines = [
        f"# The mix file\n\n{head}\n\n{MADE} `atom-data mix plan MIX.toml` tries one.\n",
        f"```toml\n{form}\n```\n",
    ]
    for title, name in (("Keys of the file", "Mix"), ("Keys of a source", "Source"), ("Keys of a stage", "Mixture")):
        lines += [f"## {title}\n", "| key | type | default | |", "|---|---|---|---|"]
        for one in parameters(exported("atom_data.mix")[name]):
            if one.name != "where":
                lines.append(f"| `{one.name}` | {code(one.type)} | {code(one.default)} | {cell(one.text)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
