"""Adapters to engines and codecs, and the process that runs them."""
