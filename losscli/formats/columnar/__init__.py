"""Columns of Arrow: Parquet."""
