"""The engine process's own loop: jobs in small steps, links to gateways, windows of audio."""
