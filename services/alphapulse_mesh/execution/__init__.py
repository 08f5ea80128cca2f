"""Execution: order commands in, events out; what it acknowledges is in the journal.

`service` speaks gRPC, `requests` and `rows` turn messages into rows and back, `pipeline` decides,
journals, acknowledges and routes, `venues` are behind one protocol, `journal` keeps the frames,
`publication` sends them to the ExecutionRelay, `instruments` knows the registry's rules, `archive`
holds closed orders that have left memory. Deciding itself is the order engine's work
(`alphapulse_core.OrderEngine`).
"""
