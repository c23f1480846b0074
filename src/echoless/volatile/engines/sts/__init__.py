"""Voice conversion: the same words and the same time, said by another voice."""
