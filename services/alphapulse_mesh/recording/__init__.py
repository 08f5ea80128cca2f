"""Recordings of a relay domain: Arrow files of whole frames, their replay, and tables of records.

`layout` says what a file holds, `writer` and `reader` write and read it, `tables` makes typed
columns of the records, `replay` publishes a recording again. Where frames come from and go to is
the client library's part; the commands are in `cli`.
"""

from alphapulse_mesh.recording.reader import Recording, last_sequence, parts_of, repair
from alphapulse_mesh.recording.tables import export
from alphapulse_mesh.recording.writer import RecordingWriter

__all__ = ["Recording", "RecordingWriter", "export", "last_sequence", "parts_of", "repair"]
