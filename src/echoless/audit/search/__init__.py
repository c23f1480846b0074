"""Searching memory, files and everything else that can hold a copy."""
