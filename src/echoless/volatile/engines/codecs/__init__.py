"""Encoders from linear PCM to the wire formats."""
