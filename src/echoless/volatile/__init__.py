"""The volatile plane: sees content, may not write to any disk."""
