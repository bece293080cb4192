"""Files that decide a recipe's output besides its input: models, lists, tokenizers, by their hash, and whether it is known."""

from collections.abc import Iterator, Mapping
from typing import Any

from atom_data.errors import DataError
from atom_data.runner.recipe import Recipe
from atom_data.workspace import Workspace

PUBLISHED = {
    "lid.176.bin": "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e",
    "lid.176.ftz": "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
}
"""SHA-256 of models as their makers publish them, where it could be read: fastText's language models, by several distributions.
Not known here: GlotLID, fasttext-oh-eli5, fineweb-edu-classifier and its ONNX exports. What a run used is in its shard lists."""


def files_said(recipe: Recipe, workspace: Workspace) -> list[str]:
    """Return a line a file: its hash, and whether that is the published one, and the one of the last run into the folder."""
    now = dict(pair for job in recipe.jobs for pair in _files(job.identity()))
    return [_said(name, sha256, _recorded(recipe, workspace).get(name)) for name, sha256 in sorted(now.items())]


def _said(name: str, sha256: str, before: str | None) -> str:
    known, said = PUBLISHED.get(name), f"file {name}: SHA-256 {sha256}"
    if known is not None:
        said += ", as published" if known == sha256 else f", which is not the published one ({known}): fetch it again"
    if before is None:
        return f"{said}; the first run records it"
    return f"{said}; {'as in the last run' if before == sha256 else f'in the last run it was {before}: its stages are rebuilt'}"


def _recorded(recipe: Recipe, workspace: Workspace) -> dict[str, str]:
    found: dict[str, str] = {}
    for job in recipe.jobs:
        try:
            listed = workspace.shard_list(job.name)
        except DataError:  # damaged: `verify` names it
            continue
        found.update(_files(listed.identity if listed else {}))
    return found


def _files(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - what an identity is made of
    """Yield name and hash of each file in an identity."""
    if isinstance(value, Mapping):
        if value.keys() == {"file", "sha256"}:
            yield str(value["file"]), str(value["sha256"])
        for item in value.values():
            yield from _files(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _files(item)
