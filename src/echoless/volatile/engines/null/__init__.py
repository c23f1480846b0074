"""Engines that need no model: tones in place of speech."""
