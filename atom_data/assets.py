"""Where the files that travel with the package lie: filter cards and word lists, and templates of recipes."""

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
