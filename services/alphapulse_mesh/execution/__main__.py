"""`python -m alphapulse_mesh.execution --config FILE`: execution as a process."""

from __future__ import annotations

import sys

from alphapulse_mesh.execution.process import main
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import run_service

if __name__ == "__main__":
    sys.exit(run_service(Service.EXECUTION, main))
