"""One mesh for the tests that only look at it; those that kill or stop something make their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_testing.running_mesh import RunningMesh, running_mesh

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def mesh() -> Iterator[RunningMesh]:
    # a test waits for the first report
    with running_mesh("e2e", registry={"venue_report_seconds": 1.0}) as found:
        yield found
