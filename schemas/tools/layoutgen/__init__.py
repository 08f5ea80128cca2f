"""Turns the FlatBuffers binary schema into record layouts for every language.

`schema` reads and checks it; each `emit_*` module writes one language; `golden` writes the frames
that the conformance tests of all languages read. Nothing here runs in a service.
"""
