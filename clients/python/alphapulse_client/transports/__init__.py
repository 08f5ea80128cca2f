"""What carries a feed: behind `Publisher` and `Subscription`, chosen by the relay's configuration.

A subscription asks its relay how the domain is carried and takes that where it can, else gRPC,
which always works. `base` is what the front sees, `grpc` the relay's own streams; the others are
beside them. Reconnecting, counting and decoding are the front's part.
"""
