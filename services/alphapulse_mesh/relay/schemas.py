"""Message types registered at run time (200-255): kept over restarts, and what a frame must be.

A schema is registered once and never changes: who filters or records by it may rely on that. The
same again is no change; another one for the same type is refused. What a schema means is the
core's; who asks is `service`'s.
"""

from __future__ import annotations

import os
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from google.protobuf.message import DecodeError

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_layout import Domain
from alphapulse_mesh.runtime.errors import (
    AlreadyExists,
    DataLoss,
    InvalidArgument,
    ResourceExhausted,
)
from alphapulse_mesh.runtime.paths import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FIRST_TYPE", "Schemas"]

FIRST_TYPE: Final = Domain.CUSTOM.value[0]
_MAGIC: Final = b"APSCHEMA1"
_TRAILER: Final = 4  # CRC-32 of all before it, little-endian


@dataclass(frozen=True, slots=True)
class _Registered:
    schema: core.Schema
    info: pb.SchemaInfo
    """With the binary schema."""


class Schemas:
    """The registered types of one relay, in a small file."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier process of the relay has left.

        Raises:
            DataLoss: the file is damaged (`SCHEMAS_DAMAGED`).
        """
        self._path = path
        self._known: dict[int, _Registered] = {}
        self.filters: tuple[tuple[int, core.Schema], ...] = ()
        """For the core: type and schema."""
        self.types = b""
        """The registered types; what was compiled for others is another filter."""
        try:
            for info in _read(path).schemas:
                schema = core.Schema(info.schema, info.root)
                self._known[info.message_type] = _Registered(schema, info)
        except (core.SchemaError, DecodeError, ValueError) as error:
            raise DataLoss(
                f"{path}: {error}: remove it, and register the types again",
                reason="SCHEMAS_DAMAGED",
                path=str(path),
            ) from None
        self._changed()

    def _changed(self) -> None:
        self.filters = tuple((number, one.schema) for number, one in sorted(self._known.items()))
        self.types = bytes(sorted(self._known))

    def register(self, request: pb.RegisterSchemaRequest, *, allowed: bool) -> bool:
        """Register a type; it is on disk when this returns. True where it was known, the same.

        `allowed`: the domain takes such types at all.

        Raises:
            InvalidArgument: no such type (`SCHEMA_TYPE_INVALID`), or the schema is refused
                (`SCHEMA_MALFORMED`, `SCHEMA_TOO_LARGE`, `SCHEMA_ROOT_UNKNOWN`,
                `SCHEMA_UNSUPPORTED`).
            AlreadyExists: another schema is registered for the type (`SCHEMA_CONFLICT`).
        """
        number = request.message_type
        low, high = Domain.CUSTOM.value
        if not (allowed and low <= number <= high):
            raise InvalidArgument(
                f"message type {number} cannot be registered here: {low} to {high} can, on relays"
                " other than execution's",
                reason="SCHEMA_TYPE_INVALID",
                message_type=number,
            )
        try:
            schema = core.Schema(request.schema, request.root)
        except core.SchemaError as error:
            raise InvalidArgument(
                f"the schema of message type {number}: {error}",
                reason=error.reason,
                message_type=number,
            ) from None
        known = self._known.get(number)
        if known is not None:
            if known.schema.hash == schema.hash:
                return True
            raise AlreadyExists(
                f"message type {number} is {known.schema.root} of another schema"
                f" (0x{known.schema.hash:016x}): a type keeps its schema, take another number",
                reason="SCHEMA_CONFLICT",
                message_type=number,
                registered=known.schema.root,
            )
        info = pb.SchemaInfo(
            message_type=number,
            schema_hash=schema.hash,
            root=schema.root,
            kind=pb.SCHEMA_KIND_TABLE if schema.is_table else pb.SCHEMA_KIND_STRUCT,
            stride=schema.stride,
            schema=request.schema,
        )
        info.registered_at.FromNanoseconds(time.time_ns())
        changed = {**self._known, number: _Registered(schema, info)}
        self._write(changed)
        self._known = changed
        self._changed()
        return False

    def infos(
        self, message_types: Iterable[int] = (), *, with_schemas: bool = False
    ) -> Iterator[pb.SchemaInfo]:
        """The registered types, by number; all where none is named."""
        wanted = set(message_types)
        for number, one in sorted(self._known.items()):
            if wanted and number not in wanted:
                continue
            info = pb.SchemaInfo()
            info.CopyFrom(one.info)
            if not with_schemas:
                info.ClearField("schema")
            yield info

    # ------------------------------------------------------------------------------------- frames

    def concern(self, block: core.MessageBlock) -> bool:
        """Whether frames of the message may be of a registered type: they must be looked at."""
        return bool(self._known) and bool((block.message_type >= FIRST_TYPE).any())

    def misfits(
        self, block: core.MessageBlock, good: NDArray[np.bool_]
    ) -> dict[int, tuple[str, int, str]]:
        """The frames that are not what their type's schema says, by index: reason, offset, words.

        `good`: (n,), the frames that the codec has passed; others are not looked at.
        """
        found: dict[int, tuple[str, int, str]] = {}
        if not self.concern(block):
            return found
        types, view = block.message_type, memoryview(block.message)
        for index in np.flatnonzero(good & (types >= FIRST_TYPE)).tolist():
            known = self._known.get(int(types[index]))
            if known is None:
                continue
            start = int(block.offsets[index])
            try:
                known.schema.check(view[start : start + int(block.lengths[index])])
            except core.FrameError as error:
                found[index] = (error.reason, error.offset, str(error))
        return found

    # --------------------------------------------------------------------------------------- file

    def _write(self, known: dict[int, _Registered]) -> None:
        data = pb.ListSchemasResponse(
            schemas=[one.info for _, one in sorted(known.items())]
        ).SerializeToString()
        data = _MAGIC + data
        try:
            write_atomically(self._path, data + zlib.crc32(data).to_bytes(_TRAILER, "little"))
            with self._path.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise ResourceExhausted(
                f"{self._path}: {error.strerror}: the schema is not registered",
                reason="SCHEMAS_NOT_WRITTEN",
            ) from None


def _read(path: Path) -> pb.ListSchemasResponse:
    """Raises ValueError where the file is not one of ours."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return pb.ListSchemasResponse()
    body = data[:-_TRAILER]
    if not body.startswith(_MAGIC) or zlib.crc32(body).to_bytes(_TRAILER, "little") != data[-4:]:
        raise ValueError("not a file of schemas, or a damaged one")
    return pb.ListSchemasResponse.FromString(body[len(_MAGIC) :])
