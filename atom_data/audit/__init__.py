"""Read-only checks: whether a finished run is complete, what it kept and why, and where a token comes from."""
