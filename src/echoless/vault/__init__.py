"""The vault: the only process with a database, an object store and keys."""
