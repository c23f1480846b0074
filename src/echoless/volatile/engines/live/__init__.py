"""The host of live recognition: many sessions, one thread."""
