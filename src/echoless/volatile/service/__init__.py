"""Composition roots of the volatile plane: puts the parts together, closes the wall, proves it, then serves."""
