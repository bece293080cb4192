"""The types for which each kernel is compiled, so that this can be done before there is data: `kernels.json`.

By module and function: a list of signatures, each a list of types. `uint8` is a number, `uint8 1C` an array of one
dimension in C order, `uint8 1C readonly` one that cannot be written to. A list is a tuple, with its class first where it has
one. `make kernels` writes the file: it runs every step and a recipe of each kind, and notes what was called.
"""

import functools
import json
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype, from_dtype

from atom_data.text.kernel_cache import KernelCache

FILE = Path(__file__).with_name("kernels.json")


def kernel_name(dispatcher: Any) -> str | None:  # noqa: ANN401 - Numba's types know less than it has
    """Return `module:function` of what `memory.kernel` made; None for functions that are copied into others."""
    if not isinstance(dispatcher._cache, KernelCache):
        return None
    return f"{dispatcher.py_func.__module__}:{dispatcher.py_func.__qualname__}"


@functools.cache
def declared() -> dict[str, list[Any]]:
    """Return the signatures of every kernel, by `module:function`."""
    pages: dict[str, dict[str, list[Any]]] = json.loads(FILE.read_text("utf-8"))
    return {f"{module}:{name}": found for module, names in pages.items() for name, found in names.items()}


def load(name: str) -> None:
    """Load a kernel for all of its signatures; what is not on disk is compiled and kept there."""
    dispatcher = function_of(name)
    for signature in declared().get(name, ()):
        dispatcher.compile(tuple(map(decoded, signature)))


def not_compiled(names: Iterable[str]) -> list[str]:
    """Return those kernels of which a signature is not on disk."""
    missing = []
    for name in names:
        dispatcher = function_of(name)
        codegen = dispatcher.targetctx.codegen()
        signatures = (tuple(map(decoded, signature)) for signature in declared().get(name, ()))
        if not all(dispatcher._cache.has(signature, codegen) for signature in signatures):
            missing.append(name)
    return missing


def function_of(name: str) -> Any:  # noqa: ANN401 - whatever has the name
    """Return what is named `module:function`."""
    module, _, function = name.partition(":")
    return vars(import_module(module))[function]


def encoded(kind: types.Type) -> Any:  # noqa: ANN401 - text or lists of it
    """Return a type as it stands in the file."""
    if isinstance(kind, types.Array):
        if not kind.aligned:
            raise ValueError(f"{kind}: kernels take aligned arrays only")
        return f"{as_dtype(kind.dtype)} {kind.ndim}{kind.layout}{'' if kind.mutable else ' readonly'}"
    if isinstance(kind, types.BaseTuple):
        named = isinstance(kind, (types.NamedTuple, types.NamedUniTuple))
        of = f"{kind.instance_class.__module__}:{kind.instance_class.__qualname__}" if named else ""
        return [of, *map(encoded, kind)]
    if isinstance(kind, types.Omitted):
        return {"omitted": kind.value}
    return "none" if isinstance(kind, types.NoneType) else str(as_dtype(kind))


def decoded(text: Any) -> types.Type:  # noqa: ANN401
    """Return the type that stands in the file."""
    if isinstance(text, dict):
        return types.Omitted(text["omitted"])
    if isinstance(text, list):
        of = function_of(text[0]) if text[0] else None
        return types.BaseTuple.from_types(tuple(map(decoded, text[1:])), of)
    return _one(text)


@functools.cache
def _one(text: str) -> types.Type:
    """Return a number or an array; a hundred kernels have some thirty of them."""
    kind, *shape = text.split()
    if kind == "none":
        return types.none
    scalar = from_dtype(np.dtype(kind))
    if not shape:
        return scalar
    return types.Array(scalar, int(shape[0][:-1]), shape[0][-1], readonly=len(shape) > 1)
