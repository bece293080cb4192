"""fastText's inference over Arrow columns."""
