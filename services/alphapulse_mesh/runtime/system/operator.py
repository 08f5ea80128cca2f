"""The operator's token: who can read it may change the settings of running services.

It is a file in the run directory that only the mesh's user can read, made by the SystemRelay. Envoy
takes the token's header off every call, so that no one who comes through the gateway can use it.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from alphapulse_mesh.runtime.errors import PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alphapulse_mesh.runtime.paths import MeshPaths

__all__ = ["OPERATOR_METADATA", "OperatorToken"]

OPERATOR_METADATA: Final = "alphapulse-operator-token"
"""Metadata key of a Publish stream to the SystemRelay."""
_FILE: Final = "operator.token"


class OperatorToken:
    """The token of one mesh. Its `repr` does not show it."""

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def of(cls, paths: MeshPaths) -> Self:
        """The token of a running mesh.

        Raises:
            PermissionDenied: this user may not read it, or there is none
                (`OPERATOR_TOKEN_UNREADABLE`).
        """
        path = paths.run_dir / _FILE
        try:
            token = path.read_text().strip()
        except OSError as error:
            raise PermissionDenied(
                f"{path}: {error.strerror}: only the mesh's own user may change its settings, while"
                " it runs",
                reason="OPERATOR_TOKEN_UNREADABLE",
                path=str(path),
            ) from None
        return cls(token)

    @classmethod
    def make(cls, paths: MeshPaths) -> Self:
        """The same; a new one where there is none yet."""
        path = paths.run_dir / _FILE
        if not path.exists():
            # Readable by this user alone from the first byte on, and there whole or not at all.
            fd, name = tempfile.mkstemp(dir=paths.run_dir, prefix=f".{_FILE}.")
            try:
                with os.fdopen(fd, "w") as file:
                    file.write(secrets.token_hex(32))
                with contextlib.suppress(FileExistsError):
                    os.link(name, path)
            finally:
                Path(name).unlink()
        return cls.of(paths)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What a publisher to the SystemRelay shows."""
        return ((OPERATOR_METADATA, self._token),)

    def shown_by(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> bool:
        """Whether a call's metadata has the token."""
        shown = [value for key, value in metadata or () if key == OPERATOR_METADATA]
        return len(shown) == 1 and hmac.compare_digest(_bytes(shown[0]), self._token.encode())

    def __repr__(self) -> str:
        return "OperatorToken(…)"


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
