"""Echoless: a speech server that keeps nothing when it is told to keep nothing."""

__version__ = "0.1.0"
