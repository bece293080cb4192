"""Sketches: what a report needs of a shard, counted while its stage made it, so that nobody reads the corpus again for a picture."""
