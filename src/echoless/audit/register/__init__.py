"""The numbered retention checks: how each is shown, and to which items of known catalogues it belongs."""
