"""Fakes that tests share."""
