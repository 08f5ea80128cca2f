"""The registry: every instrument and venue, one identity, the same answer in every language.

`identity` makes natural keys and ids, `validation` checks what comes in, `planning` turns a request
into changes, `state` is the fold over them, `journal` their bytes, `writer` makes them durable,
`queries` and `watch` answer, `service` speaks gRPC. Nothing below `service` knows gRPC.
"""
