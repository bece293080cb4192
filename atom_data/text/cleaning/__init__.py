"""Kernels behind rewrites: lines that are removed, cleaned or repaired."""
