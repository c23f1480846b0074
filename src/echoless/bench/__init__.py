"""Throughput and latency against the bare engine."""
