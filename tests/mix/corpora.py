"""Folders of tokens to mix, and a mix file over them."""

from collections.abc import Mapping
from pathlib import Path

from tests.tokens.corpus import rows, token_run

BLOCK = 64


def token_folders(place: Path, counts: Mapping[str, int]) -> Path:
    """Make NAME/out/tokens of twice as many documents as are said for each name."""
    for name, count in counts.items():
        (place / name).mkdir()
        token_run(place / name, {f"{name}{i}": rows(count, f"{name}{i}-") for i in range(2)}, target_tokens=300)
    return place


def write_mix(folder: Path, text: str) -> str:
    """Write FOLDER/mix.toml, and return its path."""
    path = folder / "mix.toml"
    path.write_text(f"block = {BLOCK}\n{text}")
    return str(path)
