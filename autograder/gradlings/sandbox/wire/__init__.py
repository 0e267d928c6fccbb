"""Messages across the process boundary: types, encode, decode, channel."""
