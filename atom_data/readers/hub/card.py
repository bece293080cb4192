"""The page of a data set: which files make its configurations and splits, and its license."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atom_data.errors import ConfigError
from atom_data.storage.web.listing import as_expression

DEFAULT = "default"
KEYWORDS = {"train": "train|training", "validation": "validation|valid|val|dev", "test": "test|testing|eval|evaluation"}
"""How files and folders are named where the page does not name them (huggingface.co/docs/datasets/repository_structure)."""
ENDINGS = re.compile(r"\.(parquet|pq|jsonl|ndjson|json|csv|tsv|txt|arrow)(\.(gz|zst|bz2|xz|lz4))?$", re.IGNORECASE)
NO_DATA = re.compile(
    r"(^|/)([._][^/]*|cache-[^/]*\.arrow|(dataset_infos?|dataset_dict|state|README|LICENSE)(\.json|\.txt|\.md)?)(/|$)"
)


@dataclass(frozen=True, slots=True)
class Card:
    """What the YAML at the head of a page says."""

    license: str | None
    configurations: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Patterns of files by configuration and split; empty where the page does not say."""


def read_card(text: str, where: str) -> Card:
    """Return what a page says. ConfigError for YAML that is broken, or that names files in a way that is not known."""
    head = re.match(r"\ufeff?---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
    if head is None:
        return Card(None, {})
    import yaml  # noqa: PLC0415 - huggingface_hub brings it

    try:
        said = yaml.safe_load(head[1]) or {}
    except yaml.YAMLError as error:
        raise ConfigError(
            f"{where}: the YAML at its head is broken ({' '.join(str(error).split())[:200]}). Correct it."
        ) from error
    if not isinstance(said, dict):
        raise ConfigError(f"{where}: the YAML at its head is not a mapping. Correct it.")
    licenses = said.get("license")
    named = ", ".join(map(str, licenses)) if isinstance(licenses, list) else licenses
    made = [_configuration(one, where) for one in said.get("configs") or ()]
    return Card(str(named) if named else None, {name: splits for name, splits in made if splits})


def _configuration(said: Any, where: str) -> tuple[str, dict[str, tuple[str, ...]]]:  # noqa: ANN401 - any YAML
    if not isinstance(said, dict) or not isinstance(said.get("config_name"), str):
        raise ConfigError(f"{where}: a configuration without config_name: {str(said)[:80]}. Correct it.")
    folder = f"{str(said['data_dir']).strip('/')}/" if said.get("data_dir") else ""
    files = said.get("data_files")
    if files is None:
        return said["config_name"], {"train": (f"{folder}**",)} if folder else {}
    if isinstance(files, str) or (isinstance(files, list) and all(isinstance(one, str) for one in files)):
        return said["config_name"], {"train": _patterns(files, folder)}
    if isinstance(files, list) and all(isinstance(one, dict) and {"split", "path"} <= one.keys() for one in files):
        return said["config_name"], {str(one["split"]): _patterns(one["path"], folder) for one in files}
    raise ConfigError(
        f"{where}: data_files of '{said['config_name']}' are {str(files)[:80]}. Give paths, or split and path."
    )


def _patterns(said: object, folder: str) -> tuple[str, ...]:
    return tuple(f"{folder}{one}".removeprefix("./") for one in (said if isinstance(said, list) else [said]))


def choose(card: Card, names: Sequence[str], configuration: str, split: str, where: str) -> list[str]:
    """Return the files of a split of a configuration, sorted. ConfigError says what there is where it is not."""
    data = sorted(name for name in names if ENDINGS.search(name) and not NO_DATA.search(name))
    known = card.configurations or {DEFAULT: {}}
    if configuration not in known:
        raise ConfigError(
            f"{where}: no configuration '{configuration}'; there are {', '.join(sorted(known))}. Take one."
        )
    splits = known[configuration]
    found = {
        name: [one for one in data if any(as_expression(p).fullmatch(one) for p in patterns)]
        for name, patterns in splits.items()
    }
    found = found or by_name(data)
    if not found.get(split):
        there = ", ".join(sorted(name for name, files in found.items() if files)) or "none"
        raise ConfigError(
            f"{where}: no files of a split '{split}' in '{configuration}'; splits there: {there}. Take one."
        )
    return found[split]


def by_name(files: Sequence[str]) -> dict[str, list[str]]:
    """Return files by split as their names, or those of their folders, say; all are `train` where none says one."""
    found: dict[str, list[str]] = {}
    for file in files:
        split = next((name for name, words in KEYWORDS.items() if _says(words, file)), None)
        if split is not None:
            found.setdefault(split, []).append(file)
    return found or {"train": list(files)}


def _says(words: str, file: str) -> bool:
    return re.search(rf"(^|[/._ 0-9-])({words})([/._ 0-9-]|$)", file, re.IGNORECASE) is not None
