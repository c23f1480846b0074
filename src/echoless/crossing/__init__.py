"""The one door between the planes: typed records, sinks, framing and the client side."""
