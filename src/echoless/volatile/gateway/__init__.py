"""The ElevenLabs-compatible API: admission, problems, schemas and routes."""
