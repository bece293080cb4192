"""The cards of a stage as they were when it ran, found by their hash; and what a document missed of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atom_data.assets import filters_folder
from atom_data.errors import ConfigError
from atom_data.rules import Card, Rule, load_card
from atom_data.storage.beside import BUNDLE
from atom_data.workspace import Workspace

SHOWN = 60
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of a stage."""

    names: tuple[str, ...]
    """In the order in which they decide."""
    rules: Mapping[str, Rule]
    """By their full names, `card.reason`; without those of cards that were changed since and of which no copy is kept."""

    def missed(self, rule: str, numbers: Mapping[str, Any]) -> str:
        """Return `word_count is 12: min 50`; the rule's name where its card has been changed since."""
        return missed(self.rules[rule], numbers) if rule in self.rules else rule


def cards_of(workspace: Workspace, identity: Mapping[str, Any], beside: str = "") -> Cards:
    """Return the cards of a stage, from its identity in plan.json. `beside`: the recipe, next to which cards may lie."""
    names, rules = [], dict[str, Rule]()
    for step in identity.get("steps", ()):
        if isinstance(step, dict) and "card" in step:
            name, digest = str(step["card"]), str(step.get("sha256", ""))
            stem = Path(name).stem if name.endswith(".toml") else name
            names.append(stem)
            card = _card(workspace, name, digest, beside)
            rules |= {f"{stem}.{rule.reason}": rule for rule in card.rules} if card else {}
    return Cards(tuple(names), rules)


def _card(workspace: Workspace, name: str, digest: str, beside: str) -> Card | None:
    file = Path(name).name if name.endswith(".toml") else f"{name}.toml"
    places = [filters_folder() / file]
    if not workspace.is_remote:
        places.append(workspace.local(BUNDLE, "files", digest[:16], file))
    if name.endswith(".toml"):
        places += [Path(name), Path(beside).parent / name]
    for place in places:
        if place.is_file():
            try:
                card = load_card(str(place.absolute()))
            except ConfigError:  # no card, whatever it was
                continue
            if card.sha256 == digest:
                return card
    return None


def missed(rule: Rule, numbers: Mapping[str, Any]) -> str:
    """Return `word_count is 12: min 50`."""
    value = numbers.get(rule.column)
    shown = "null" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{rule.column} is {shown[:SHOWN]}: {rule.bounds()}"
