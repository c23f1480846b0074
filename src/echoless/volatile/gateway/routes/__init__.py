"""One module per path of the wire protocol."""
