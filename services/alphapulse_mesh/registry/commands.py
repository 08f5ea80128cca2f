"""The planner of everything that may change the registry: one commit in the making."""

from __future__ import annotations

from alphapulse_mesh.registry.batches import BatchPlanner
from alphapulse_mesh.registry.lifecycle import LifecyclePlanner
from alphapulse_mesh.registry.link_changes import LinkChangesPlanner
from alphapulse_mesh.registry.venue_changes import VenueChangesPlanner

__all__ = ["RegistryPlanner"]


class RegistryPlanner(BatchPlanner, LifecyclePlanner, VenueChangesPlanner, LinkChangesPlanner):
    """Registrations, links, venues, synthetics; updates and the end of a life."""
