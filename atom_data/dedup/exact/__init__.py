"""Exact duplicates: by content, text, URL, or whatever a step hashes."""
