"""What a takedown is asked to remove, and how."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from atom_data.errors import ConfigError
from atom_data.storage.removals import Removals, plain_domain

Copies = Literal["leave", "promote"]
Tokens = Literal["rewrite", "mask"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which documents, why, and what becomes of their copies and their tokens."""

    ids: tuple[str, ...] = ()
    """Ids; one that is a URL names the documents of that URL, too."""
    domains: tuple[str, ...] = ()
    """Each with all domains below it: `www.example.org` leaves `example.org` alone. The host of a URL is one, too."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of URLs; with or without scheme and `www.` they mean the same."""
    matching: tuple[str, ...] = ()
    """Texts: a document that holds one of them, as it is written."""
    removals: Removals = field(default_factory=Removals)
    """The removal list of another corpus: what is on it goes."""
    copies: Copies = "leave"
    """Where the kept one of several copies goes: the others leave too, or the next one is promoted."""
    tokens: Tokens = "rewrite"
    """Token shards without the documents, or with their ids replaced by the end token."""
    reason: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        """Take the domains in their plain form. ConfigError for what is none."""
        plain = tuple(plain_domain(one) for one in self.domains)
        for one, host in zip(self.domains, plain, strict=True):
            if not host or re.search(r"\s", host):
                raise ConfigError(f"takedown: no domain in '{one}'. Give one like example.org, which has all below it.")
        object.__setattr__(self, "domains", plain)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is asked for."""
        return not (self.ids or self.domains or self.prefixes or self.matching or self.removals)

    @property
    def urls(self) -> tuple[str, ...]:
        """The ids that are URLs."""
        return tuple(one for one in self.ids if "://" in one)

    def counted(self) -> dict[str, int]:
        """Return how much of each kind is asked for: the values themselves are what shall be gone."""
        found = {"ids": len(self.ids), "domains": len(self.domains), "prefixes": len(self.prefixes)}
        found |= {"matching": len(self.matching), "removals": len(self.removals.entries)}
        return {name: count for name, count in found.items() if count}


def read_lines(path: Path) -> tuple[str, ...]:
    """Return the ids and URLs in a text file, one per line, each once. ConfigError where there are none."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}). Give a text file with an id or a URL per line."
        ) from error
    found = tuple(dict.fromkeys(line for line in lines if line))
    if not found:
        raise ConfigError(f"{path}: there is no id in it. Give a text file with an id or a URL per line.")
    return found
