"""Databases, objects and keys at rest."""
