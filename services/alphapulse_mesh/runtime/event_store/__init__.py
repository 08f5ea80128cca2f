"""The event store: state is a fold over a journal.

`base` is the protocol and its values; `sqlite` the embedded implementation, `jetstream` the one for
many hosts (imported where it is wanted: it brings NATS' client). Every implementation passes
`tests/conformance/event_store`.
"""

from alphapulse_mesh.runtime.event_store.base import (
    ANY_VERSION,
    EventStore,
    NewEvent,
    RecordedEvent,
    Snapshot,
    event_checksum,
)
from alphapulse_mesh.runtime.event_store.sqlite import SqliteEventStore

__all__ = [
    "ANY_VERSION",
    "EventStore",
    "NewEvent",
    "RecordedEvent",
    "Snapshot",
    "SqliteEventStore",
    "event_checksum",
]
