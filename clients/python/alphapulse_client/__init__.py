"""AlphaPulse client library: what a user imports.

`Mesh` (asyncio) and `SyncMesh` (plain) are the way in; `Publisher` and `Subscription` also work on
a relay's own address. Frames are read with `Frame` and made with `encode`; errors are in `errors`.
"""

from alphapulse_client._backoff import Backoff
from alphapulse_client.context import FrameContext, new_context
from alphapulse_client.decimals import fixed_text, from_fixed, to_fixed
from alphapulse_client.defi_signals import (
    Loss,
    row_tlvs,
    to_arbitrage_opportunities,
    to_defi_signals,
)
from alphapulse_client.defi_signals import migrate as migrate_signals
from alphapulse_client.dispatch import Dispatcher, HandlerStats
from alphapulse_client.domains import DOMAINS, RelayDomain
from alphapulse_client.errors import (
    AlreadyExists,
    ConfigError,
    Conflict,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    FrameError,
    InvalidArgument,
    MeshError,
    NotFound,
    OrderRejected,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    UnknownInstrument,
)
from alphapulse_client.frames import Frame, encode, rows
from alphapulse_client.instrument_ids import InstrumentKey, id_bytes, id_message, id_text
from alphapulse_client.instrument_index import (
    IndexedInstrument,
    InstrumentIndex,
    get_instrument_registry,
)
from alphapulse_client.merged import DomainState, MergedBatch, MergedFeed
from alphapulse_client.mesh import FeedOptions, Mesh
from alphapulse_client.order_stream import OrderStream
from alphapulse_client.orders import Acknowledgement, Fill, Order, OrdersClient
from alphapulse_client.publisher import ProducerGap, Publisher, Rejection
from alphapulse_client.registry import (
    AmbiguousInstrument,
    Instrument,
    Link,
    Opportunity,
    RecordBatch,
    RegistryClient,
    RegistryEvent,
    Venue,
)
from alphapulse_client.schemas import Record, RecordSchema
from alphapulse_client.subscription import Batch, Gap, SlowConsumerPolicy, Start, Subscription
from alphapulse_client.sync import SyncMesh, connect_sync

__all__ = [
    "DOMAINS",
    "Acknowledgement",
    "AlreadyExists",
    "AmbiguousInstrument",
    "Backoff",
    "Batch",
    "ConfigError",
    "Conflict",
    "DataLoss",
    "DeadlineExceeded",
    "Dispatcher",
    "DomainState",
    "FailedPrecondition",
    "FeedOptions",
    "Fill",
    "Frame",
    "FrameContext",
    "FrameError",
    "Gap",
    "HandlerStats",
    "IndexedInstrument",
    "Instrument",
    "InstrumentIndex",
    "InstrumentKey",
    "InvalidArgument",
    "Link",
    "Loss",
    "MergedBatch",
    "MergedFeed",
    "Mesh",
    "MeshError",
    "NotFound",
    "Opportunity",
    "Order",
    "OrderRejected",
    "OrderStream",
    "OrdersClient",
    "OutOfRange",
    "PermissionDenied",
    "ProducerGap",
    "Publisher",
    "Record",
    "RecordBatch",
    "RecordSchema",
    "RegistryClient",
    "RegistryEvent",
    "Rejection",
    "RelayDomain",
    "ResourceExhausted",
    "SlowConsumerPolicy",
    "Start",
    "Subscription",
    "SyncMesh",
    "Unauthenticated",
    "Unavailable",
    "UnknownInstrument",
    "Venue",
    "connect_sync",
    "encode",
    "fixed_text",
    "from_fixed",
    "get_instrument_registry",
    "id_bytes",
    "id_message",
    "id_text",
    "migrate_signals",
    "new_context",
    "row_tlvs",
    "rows",
    "to_arbitrage_opportunities",
    "to_defi_signals",
    "to_fixed",
]
