"""Backups: sealed archives that forget what was deleted, and how a vault comes back from them."""
