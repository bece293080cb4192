"""Kernels that find what repeats: rolling hashes, anchors, tables and filters of keys."""
