"""Asking running services to change settings, and collecting what they answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from alphapulse_client.publisher import Publisher, Rejection
from alphapulse_client.subscription import Subscription
from alphapulse_client.system_frames import (
    ConfigChange,
    config_update_frame,
    read_config_results,
)
from alphapulse_layout.enums import MessageType
from alphapulse_mesh.runtime.errors import PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alphapulse_mesh.runtime.system.operator import OperatorToken

__all__ = ["change_settings"]

_CONNECT_SECONDS: Final = 10.0


async def change_settings(
    target: str,
    operator: OperatorToken | None,
    values: Mapping[str, Any],
    *,
    answers: Collection[tuple[str, str]],
    patience: float = 10.0,
) -> list[ConfigChange]:
    """Publish one update on the SystemRelay at `target` and wait for what services say.

    `answers`: the (service id, setting) pairs to wait for, at most `patience` seconds; whoever
    answers meanwhile is in the result too.

    Raises:
        PermissionDenied: the relay does not take updates from us (`CONFIG_NOT_AUTHORIZED`).
        MeshError: there is no relay, or a name or value cannot be sent.
    """
    version = time.time_ns()
    frame = config_update_frame(values, version=version)
    refused: list[Rejection] = []
    heard: list[ConfigChange] = []
    async with (
        Subscription(
            target,
            "system",
            message_types=[MessageType.CONFIG_RESULT],
            policy="drop_oldest",
            transports=(),
        ) as results,
        Publisher(
            target,
            "system",
            producer_name="operator",
            on_rejection=refused.append,
            metadata=operator.metadata if operator else (),
        ) as publisher,
    ):
        await results.ready(_CONNECT_SECONDS)  # no answer is missed
        await publisher.publish(frame)
        await publisher.flush(_CONNECT_SECONDS)
        if refused:
            raise PermissionDenied(refused[0].message, reason=refused[0].reason)
        waiting = set(answers)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while waiting:
                    batch = await anext(results)
                    for one in (c for frame in batch for c in read_config_results(frame)):
                        if one.version == version:
                            heard.append(one)
                            waiting.discard((one.service, one.key))
    return heard
