"""Folders of an output folder that lie beside its stages and are not part of the corpus.

`verify` knows them, `fingerprint` leaves them out, and no stage may have their names.
"""

LOOKUP = "lookup"
"""Where `atom-data why` keeps which ids and URLs are in which shard: made on first use, removed by `atom-data clean`."""
BUNDLE = "run"
"""What a run was made with: recipe, cards, lists, and what else `atom-data reproduce` needs. Written before the first shard."""
BESIDE = (LOOKUP, BUNDLE)
PASSPORT = "passport.toml"
"""What people know of the corpus, as `atom-data publish --init` writes it to fill in."""
