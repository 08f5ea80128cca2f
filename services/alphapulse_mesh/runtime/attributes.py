"""The telemetry attributes of AlphaPulse, each declared once: spans and logs use these names only.

`messaging.*`, `rpc.*` and `service.*` are OpenTelemetry's semantic conventions; what has no
convention is `alphapulse.*`. A test refuses names used in spans that are not declared here.
"""

from __future__ import annotations

from typing import Final

# Resource
SERVICE_NAME: Final = "service.name"
SERVICE_NAMESPACE: Final = "service.namespace"
"""The mesh."""
SERVICE_INSTANCE_ID: Final = "service.instance.id"
SERVICE_VERSION: Final = "service.version"
PROCESS_PID: Final = "process.pid"

# Frames as messages
MESSAGING_SYSTEM: Final = "messaging.system"
"""Always `alphapulse`."""
MESSAGING_OPERATION_NAME: Final = "messaging.operation.name"
"""What was done: `publish`, `decide`, `submit`, …"""
MESSAGING_OPERATION_TYPE: Final = "messaging.operation.type"
"""`send` or `process`."""
MESSAGING_DESTINATION_NAME: Final = "messaging.destination.name"
"""The relay domain."""
MESSAGING_MESSAGE_ID: Final = "messaging.message.id"
"""Message id of the frame, 16 hex digits; equal to the span id of the span that made it."""
MESSAGING_CONVERSATION_ID: Final = "messaging.message.conversation_id"
"""Correlation id, 32 hex digits; equal to the trace id."""
MESSAGING_BATCH_COUNT: Final = "messaging.batch.message_count"
"""Records in the frame, or frames in the batch."""
MESSAGING_BODY_SIZE: Final = "messaging.message.body.size"
CAUSATION_ID: Final = "alphapulse.causation_id"
"""Message id of the cause; OpenTelemetry has no attribute for it."""

# RPCs
RPC_SYSTEM: Final = "rpc.system.name"
RPC_METHOD: Final = "rpc.method"
"""`package.Service/Method`."""
RPC_STATUS_CODE: Final = "rpc.status_code"
"""The code's name, e.g. `NOT_FOUND`."""
ERROR_TYPE: Final = "error.type"
"""The stable reason of our errors, else the exception's class."""

# The business
MESSAGE_TYPE: Final = "alphapulse.message_type"
SOURCE_TYPE: Final = "alphapulse.source_type"
SEQUENCE: Final = "alphapulse.sequence"
"""Sequence that the relay stamped."""
DOMAIN: Final = "alphapulse.domain"
VENUE: Final = "alphapulse.venue"
SYMBOL: Final = "alphapulse.symbol"
INSTRUMENT_ID: Final = "alphapulse.instrument_id"
"""32 hex digits."""
STRATEGY: Final = "alphapulse.strategy"
SIGNAL_ID: Final = "alphapulse.signal_id"
EDGE_BPS: Final = "alphapulse.edge_bps"
ORDER_ID: Final = "alphapulse.order_id"
CLIENT_ORDER_ID: Final = "alphapulse.client_order_id"
VENUE_ORDER_ID: Final = "alphapulse.venue_order_id"
EXECUTION_ID: Final = "alphapulse.execution_id"
SIDE: Final = "alphapulse.side"
PRICE: Final = "alphapulse.price"
"""Decimal text in market units."""
QUANTITY: Final = "alphapulse.quantity"
"""Decimal text in market units."""
DECISION: Final = "alphapulse.decision"
"""What was decided: `accepted`, `rejected`, `sized`, `passed`, …"""
REASON: Final = "alphapulse.reason"
"""Why, as a stable reason code."""

DECLARED: Final = frozenset(
    value for name, value in dict(globals()).items() if name.isupper() and isinstance(value, str)
)
"""Every attribute name above."""
