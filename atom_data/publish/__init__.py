"""What is shown and handed on: batches as training sees them, and the way of every document."""
