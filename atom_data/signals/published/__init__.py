"""Signals as the makers of published corpora define them."""
