"""The leak audit, from outside: plants canaries and searches for them."""
