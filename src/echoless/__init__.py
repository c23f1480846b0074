"""Echoless: a speech server that keeps nothing when it is told to keep nothing."""
