"""The planner of everything that may change the registry: one commit in the making."""

from __future__ import annotations

from alphapulse_mesh.registry.lifecycle import LifecyclePlanner

__all__ = ["RegistryPlanner"]


class RegistryPlanner(LifecyclePlanner):
    """Registrations, links, venues; updates and the end of a life."""
