"""Tokenizers: read from their files, checked for what they lose, built into encoders, and trained."""
