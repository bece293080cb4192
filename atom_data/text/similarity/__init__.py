"""Kernels that compare texts: shingles, MinHash, Jaccard index, connected components."""
