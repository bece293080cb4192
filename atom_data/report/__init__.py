"""The report of a run: what went in, what was lost where and why, and samples, by receipts and sketches and not by the corpus."""
