"""Sketches: what a report needs of a shard, counted while its stage made it; the corpus is not read again for a picture."""
