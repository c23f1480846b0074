"""The host of a media process: takes recordings apart and runs one job at a time on them."""
