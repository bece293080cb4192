"""What the check of a tokenizer came to, kept in the user's cache: a run asks for it before it begins, and builds encoders for it.

    tokenizers/KEY/checked.json

KEY stands for all that decides it: the content of the files, what the recipe names, the encoders' versions, and the sources
of this folder. What is refused is not kept, and a record that cannot be read is as none.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from atom_data.assets import cache_folder, keep, read_kept, touch, version_of
from atom_data.errors import ConfigError
from atom_data.tokens.tokenizer.definition import configured_end, definition_files
from atom_data.tokens.tokenizer.encode import Encoder, load_encoder, say

ENCODERS = ("fastokens", "gigatoken", "tokenizers")


@dataclass(frozen=True, slots=True)
class Asked:
    """A tokenizer as a recipe names it."""

    tokenizer: Path
    eos: str | None
    backend: str
    bos: str | None
    encoding: str | None

    def check(self) -> None:
        """Build the encoder unless it is known what comes of it, and log what text it loses. ConfigError as `load_encoder`."""
        place = self._place()
        known = _read(place)
        if known is None:
            encoder = self.encoder()
            known = [encoder.reference.losses.sentence(encoder.vocabulary.file)]
            if place is not None:
                with suppress(OSError):
                    keep(place, json.dumps(known).encode())
        for sentence in filter(None, known):
            say(sentence)

    def encoder(self) -> Encoder:
        """Return the encoder; what was checked of the same files before is not checked again."""
        return load_encoder(
            self.tokenizer,
            self.eos,
            self.backend,
            bos=self.bos,
            encoding=self.encoding,
            checked=_read(self._place()) is not None,
        )

    def _place(self) -> Path | None:
        """Return where the record is; None where the files cannot be read."""
        try:
            key = hashlib.sha256(_sources())
            for part in self._parts():
                key.update(part)
        except (ConfigError, OSError):
            return None  # to build the encoder says what is wrong
        return cache_folder() / "tokenizers" / key.hexdigest()[:16] / "checked.json"

    def _parts(self) -> Iterator[bytes]:
        named = (self.tokenizer.name, self.eos, self.backend, self.bos, self.encoding, configured_end(self.tokenizer))
        yield repr((named, sys.version_info[:2], [version_of(name) for name in ENCODERS])).encode()
        for file in definition_files(self.tokenizer):
            yield file.name.encode() + hashlib.sha256(file.read_bytes()).digest()


def _read(place: Path | None) -> list[str | None] | None:
    """Return a record: one sentence, or None where no text is lost. None where there is no record."""
    body = read_kept(place) if place is not None else None
    if place is None or body is None:
        return None
    with suppress(ValueError):
        found = json.loads(body)
        if isinstance(found, list) and len(found) == 1 and isinstance(found[0], (str, type(None))):
            touch(place.parent)
            return found
    return None


@cache
def _sources() -> bytes:
    """Return a hash of the sources of this folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()
