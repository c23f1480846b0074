"""Starts, connects and replaces the processes; owns the listening sockets."""
