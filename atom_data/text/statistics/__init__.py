"""Kernels behind signals: characters, words, sentences and lines counted."""
