"""Kinds of values that settings have, with their bounds, and what every section is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
BasisPoints = Annotated[Decimal, Field(ge=0)]
PositiveDecimal = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
MeshName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


def power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(f"{value} is not a power of two")
    return value


def _nats_url(value: str) -> str:
    for one in value.split(","):
        parts = urlsplit(one.strip())
        if parts.scheme not in {"nats", "tls", "ws", "wss"} or not parts.hostname:
            raise ValueError(f"{one.strip()!r} is not like nats://host:4222")
        if parts.username is not None:
            raise ValueError("no user or password in it: they are told to every subscriber")
    return value


NatsUrl = Annotated[str, AfterValidator(_nats_url)]

RingBytes = Annotated[int, Field(ge=1 << 16, le=1 << 36), AfterValidator(power_of_two)]


class Section(BaseModel):
    """Frozen, and refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Endpoint(NamedTuple):
    """Where a service listens: a TCP host and port, or the path of a Unix socket."""

    host: str
    port: int
    path: Path | None = None

    @property
    def target(self) -> str:
        """What a gRPC channel is given."""
        return f"unix:{self.path}" if self.path is not None else f"{self.host}:{self.port}"
