"""Imported once by the server that worker processes are forked from, so that no worker pays for these imports again."""

import atom_data.dedup
import atom_data.extract
import atom_data.run.worker
import atom_data.signals
import atom_data.tokens  # noqa: F401
