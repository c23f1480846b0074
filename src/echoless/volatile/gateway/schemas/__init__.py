"""Wire schemas: the only place where the words of the wire protocol are spelled."""
