"""AlphaPulse native core: what is paid per record.

The compiled module is `alphapulse_core._native`; this package re-exports it under flat names.
"""

from alphapulse_core._native import __version__

__all__ = ["__version__"]
