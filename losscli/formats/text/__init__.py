"""Delimited text: read quickly in pieces that are plain, strictly otherwise."""
