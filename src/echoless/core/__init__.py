"""Words that every part shares: content, ids, errors, clock, audio formats, journal."""
