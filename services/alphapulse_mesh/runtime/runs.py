"""Which run of the mesh this process belongs to: what a restarted service may take up again.

Sequences of relays and numbers of producers mean something only as long as the rings live, which is
one run of the supervisor. A service that keeps such numbers over a crash keeps the run beside them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alphapulse_mesh.runtime.names import Service

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.paths import MeshPaths

__all__ = ["supervised_run"]


def supervised_run(paths: MeshPaths) -> str | None:
    """The same text for every process that one run of the mesh's supervisor has started, restarts
    included; None for a process that was started by somebody else.
    """
    supervisor = paths.read_ready(Service.SUPERVISOR)
    if supervisor is None or supervisor.pid != os.getppid() or not supervisor.alive():
        return None
    return f"{paths.mesh}/{supervisor.pid}/{supervisor.started}"
