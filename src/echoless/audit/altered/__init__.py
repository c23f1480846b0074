"""The audit of the audit: builds with one thing changed, each of which it must find."""
