"""AlphaPulse client library: what a user imports."""
