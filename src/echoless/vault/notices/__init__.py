"""Notices: what a workspace's people are told, durably, until it has been delivered or given up."""
