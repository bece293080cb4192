"""Read only: whether a finished run is whole, what it kept and why, and where a token comes from."""
