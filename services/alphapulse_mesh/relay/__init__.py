"""The relays: fan-out hubs, one a domain, four instances of one implementation.

A relay checks frames, stamps the domain's sequence, keeps a window in a shared-memory ring and
delivers. `window` and `memory` hold what survives a crash, `hub` decides, `service` speaks gRPC.
"""
