"""Synthesis engines."""
