"""When a page was published: days as pages write them, where a page shows them, and which of them to believe."""
