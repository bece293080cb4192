"""Common Crawl: whole files by its lists of them, and single records by its index."""
