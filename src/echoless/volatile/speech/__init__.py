"""Pure speech flows: segmenting, normalising, alignment. No I/O, no clock, no randomness."""
