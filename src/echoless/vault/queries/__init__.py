"""Reads of what is kept."""
