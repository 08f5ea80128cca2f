"""A registry on a server of its own, for imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import running_registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any


@pytest.fixture
async def registry(tmp_path: Path, aio_server: Any) -> AsyncIterator[RegistryClient]:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        yield RegistryClient(channel)
