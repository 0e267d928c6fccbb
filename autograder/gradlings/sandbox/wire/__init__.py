"""Messages between judge and worker: types, encoding, decoding, channel. Imports nothing of the judge's side."""
