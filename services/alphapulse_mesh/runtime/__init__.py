"""What every service stands on: configuration, server, errors, telemetry, metrics, event store.

Import from the modules (`alphapulse_mesh.runtime.server`, …); this package re-exports nothing, so
that a process pays only for what it uses.
"""
