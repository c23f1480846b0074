"""Deletion: keys first, then rows and objects."""
