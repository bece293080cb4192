"""From pages to text: encodings, one guard before every engine, and the engines."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names
from atom_data.public_names import MOVED

if TYPE_CHECKING:
    from atom_data.extract.engine import (
        BytesEngine as BytesEngine,
        Content as Content,
        Engine as Engine,
        EngineError as EngineError,
    )
    from atom_data.extract.extract import Extract as Extract
    from atom_data.extract.justext import JusText as JusText
    from atom_data.extract.main_text import MainText as MainText
    from atom_data.extract.resiliparse import Resiliparse as Resiliparse
    from atom_data.extract.trafilatura import Trafilatura as Trafilatura
    from atom_data.extract.whole_text import WholeText as WholeText

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "engine": "BytesEngine Content Engine EngineError",
        "extract": "Extract",
        "justext": "JusText",
        "main_text": "MainText",
        "resiliparse": "Resiliparse",
        "trafilatura": "Trafilatura",
        "whole_text": "WholeText",
    },
    MOVED,
)
