"""Private things in a text, replaced: mail and network addresses, telephone, card and account numbers, secret keys."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Literal

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.text.buffers import Buffers, string_buffers
from atom_data.text.edits import Places, counts_of, replaced
from atom_data.text.phrases import Phrases, build_phrases, entry
from atom_data.text.pii.find import KINDS, private_places

EXAMPLES = {
    "mail": "email@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "phone": "+1 202-555-0100",
    "card": "0000 0000 0000 0000",
    "iban": "XX00 0000 0000 0000",
    "key": "SECRET_KEY",
}
"""Reserved values: RFC 2606, RFC 5737, RFC 3849, and numbers kept for fiction (NANPA 555-01XX)."""

WORDS_BEFORE_PHONE = "*phone* *telefon* *tél* tel fax* call* mobil* cell whatsapp dial contact"
"""What makes a number of an unknown form a telephone number, among the few words before it; `*` for more letters."""

FINEWEB = {
    "mail": ("email@example.com", "firstname.lastname@example.org"),
    "ipv4": (
        "22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168",
    ),
}  # fmt: skip
"""What stands in FineWeb in place of them, in turn (datatrove 0.10.1, pipeline/formatters/pii.py)."""

_RESERVED = (b".example.com", b".example.org", b".example.net", b".example", b".test", b".invalid", b".localhost")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplacePrivate:
    """Replace private things in `text`, and count (int32) those of each kind. Reads `text`, and `id` for `by="hash"`.

    `replaced_mail_count`: mail addresses, but of names that are kept for examples (RFC 2606). `replaced_ipv4_count` and
    `replaced_ipv6_count`: network addresses; no version numbers, and with `public_only` none that cannot be of a host of
    the Internet (IANA's special-purpose registries). `replaced_phone_count`: numbers with `+`, with the groups of the
    North American plan, with a leading 0, or with a word such as `call` before them. `replaced_card_count`: numbers of the
    large card networks whose check digit is right (ISO/IEC 7812-1). `replaced_iban_count`: account numbers with the
    length of their country and the right remainder (ISO 13616). `replaced_key_count`: secret keys, tokens and private
    keys whose form says what they are (`text.keys.FORMATS`). Where two overlap, the one found first is replaced. Names
    and streets are not looked for.

    The same text (with `by="hash"`, the same text and id) gives the same result, whatever else is in the batch. Time is
    linear in the text. A null text stays null; a null id counts as an empty one.
    """

    kinds: tuple[str, ...] = KINDS
    """Which things are replaced."""

    by: Literal["example", "tag", "hash", "fineweb"] = "example"
    """A reserved value; the kind, as `<MAIL>`; kind and 48 bits of BLAKE2b of seed, id and value, as
    `<MAIL-1f0c32aa9be1>`: the same value is the same within a document, and another in every other; or for
    mail and IPv4 addresses what FineWeb has, in turn, anew in each document (datatrove goes on)."""  # fmt: skip

    seed: int = 0
    """For `by="hash"`. Keep it to yourself: who knows it and the id can try values."""

    public_only: bool = True
    """Whether network addresses of private and documentation networks stay."""

    allowed: tuple[str, ...] = ()
    """Values that stay, in any case; `@example.edu` stands for all mail addresses there."""

    def __post_init__(self) -> None:
        """Refuse kinds and ways that there are not."""
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown:
            raise ConfigError(f"ReplacePrivate: no kind '{unknown[0]}'; there are {', '.join(KINDS)}. Choose of these.")
        if self.by not in ("example", "tag", "hash", "fineweb"):
            raise ConfigError(f"ReplacePrivate: by is {self.by!r}; there are example, tag, hash, fineweb. Choose one.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Replace what is private in a batch."""
        texts = column(batch, "text")
        buffers = string_buffers(texts)
        wanted = sum(1 << KINDS.index(kind) for kind in set(self.kinds))
        places = self._not_allowed(buffers, private_places(buffers, wanted, self.public_only, _words_before_phone()))
        after = self._hashes(batch, buffers, places) if self.by == "hash" else self._fixed(places)
        if self.by == "fineweb":
            after = _in_turn(places, after)
        counts = counts_of(places, len(KINDS), batch.num_rows)
        columns = {f"replaced_{kind}_count": counts[:, index] for index, kind in enumerate(KINDS)}
        return with_columns(batch, text=replaced(texts, buffers, places, after), **columns)

    def _not_allowed(self, buffers: Buffers, places: Places) -> Places:
        allowed = frozenset(value.lower().encode() for value in (*self.allowed, *EXAMPLES.values()))
        data = buffers.data
        stays = np.zeros(places.starts.size, np.bool_)
        for number, (start, end, kind) in enumerate(_rows(places)):
            value = data[start:end].tobytes().lower()
            stays[number] = value in allowed or (kind == 0 and _is_allowed_mail(value, allowed))
        return Places(*(values[~stays] for values in places)) if stays.any() else places

    def _fixed(self, places: Places) -> list[bytes]:
        values = [EXAMPLES[kind] if self.by in ("example", "fineweb") else f"<{kind.upper()}>" for kind in KINDS]
        encoded = [value.encode() for value in values]
        return [encoded[kind] for kind in places.kinds.tolist()]

    def _hashes(self, batch: pa.RecordBatch, buffers: Buffers, places: Places) -> list[bytes]:
        identifiers = column(batch, "id").cast(pa.string()).cast(pa.large_binary())
        data = buffers.data
        after = []
        for document, (start, end, kind) in zip(places.documents.tolist(), _rows(places), strict=True):
            identifier = identifiers[document].as_py() or b""
            key = f"private {self.seed} {len(identifier)} ".encode() + identifier + data[start:end].tobytes()
            after.append(f"<{KINDS[kind].upper()}-{blake2b(key, digest_size=6).hexdigest()}>".encode())
        return after


def _in_turn(places: Places, after: list[bytes]) -> list[bytes]:
    """Return the replacements with those of FineWeb in turn; a document begins with the first."""
    seen: Counter[tuple[int, str]] = Counter()
    made = []
    for document, kind, text in zip(places.documents.tolist(), places.kinds.tolist(), after, strict=True):
        turn = FINEWEB.get(KINDS[kind], ())
        place = document, KINDS[kind]
        made.append(turn[seen[place] % len(turn)].encode() if turn else text)
        seen[place] += 1
    return made


def _rows(places: Places) -> Iterator[tuple[int, int, int]]:
    return zip(places.starts.tolist(), places.ends.tolist(), places.kinds.tolist(), strict=True)


def _is_allowed_mail(value: bytes, allowed: frozenset[bytes]) -> bool:
    domain = value.partition(b"@")[2]
    return b"@" + domain in allowed or (b"." + domain).endswith(_RESERVED)


@cache
def _words_before_phone() -> Phrases:
    return build_phrases([entry(word) for word in WORDS_BEFORE_PHONE.split()])
