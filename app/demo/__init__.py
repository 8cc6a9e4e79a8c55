"""The demo city: an invented county in the shape of a real one, lifelike and the same every time it is made."""
