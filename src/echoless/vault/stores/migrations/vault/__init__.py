"""Steps of one database."""
