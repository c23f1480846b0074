"""Speech recognition: adapters to recognisers, and the jobs of a media process that recognise."""
