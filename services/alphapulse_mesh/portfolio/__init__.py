"""The portfolio manager: signals in, sized orders out, fills into positions.

`manager` decides and keeps the books without I/O; `service` connects it to the mesh; `recovery`
rebuilds it from execution's journal, which is the only memory that it needs.
"""
