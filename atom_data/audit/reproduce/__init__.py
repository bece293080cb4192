"""A corpus rebuilt from what its run kept, and what differs first where the two are not the same."""
