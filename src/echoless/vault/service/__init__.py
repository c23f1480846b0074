"""Puts the vault together, and runs it as a process."""
