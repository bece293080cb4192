"""Tables that are not Parquet: CSV and TSV, Arrow IPC, JSON arrays."""
