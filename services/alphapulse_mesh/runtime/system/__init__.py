"""What every service says on the SystemRelay and hears from it: heartbeats, errors, settings.

`SystemFeed` is a service's line to the relay; `reports` makes heartbeats and errors, `updates`
obeys configuration updates, `operator` keeps the token of those who may send them.
"""

from alphapulse_mesh.runtime.system.feed import Reading, SystemFeed
from alphapulse_mesh.runtime.system.operator import OPERATOR_METADATA, OperatorToken
from alphapulse_mesh.runtime.system.updates import Settings, Updates

__all__ = ["OPERATOR_METADATA", "OperatorToken", "Reading", "Settings", "SystemFeed", "Updates"]
