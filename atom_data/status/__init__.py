"""The status of a run, as tables and as JSON, and cleaning."""
