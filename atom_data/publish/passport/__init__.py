"""`passport.toml`: what only people know of a corpus; its questions, its strict reader, and the file to fill in."""
