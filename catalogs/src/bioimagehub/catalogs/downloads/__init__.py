"""Fetching files and datasets."""
