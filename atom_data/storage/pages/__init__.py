"""Below reading Parquet: footers, pages and encodings, so that memory stays bounded whatever a file holds."""
