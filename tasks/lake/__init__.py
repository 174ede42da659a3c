"""The only door to Parquet and DuckDB: snapshots, conformed partitions, aggregates."""
