"""Importers: what others publish of venues and instruments, made registrations.

Each module reads one format and decides what becomes of its dirt (docs/importing.md); `loading`
sends the rows. They are a client of the mesh: the registry alone says what is registered.
"""
