"""Field masks (AIP-157, AIP-161) on the top-level fields of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.field_mask_pb2 import FieldMask
    from google.protobuf.message import Message

__all__ = ["check_mask", "copy_field"]


def check_mask(mask: FieldMask, descriptor: Descriptor) -> list[str]:
    """The fields of a mask, each once; `*` is all of them.

    Raises:
        InvalidArgument: no such field (FIELD_MASK_INVALID).
    """
    if list(mask.paths) == ["*"]:
        return [field.name for field in descriptor.fields]
    for path in mask.paths:
        if path not in descriptor.fields_by_name:
            raise InvalidArgument(
                f"{descriptor.name} has no field {path[:80]!r}",
                reason=Reason.FIELD_MASK_INVALID,
                field=path[:80],
            )
    return list(dict.fromkeys(mask.paths))


def copy_field(source: Message, target: Message, name: str) -> None:
    """One field of any kind; the target's is clear."""
    field = source.DESCRIPTOR.fields_by_name[name]
    value = getattr(source, name)
    if field.is_repeated:
        getattr(target, name).extend(value)
    elif field.message_type is not None:
        getattr(target, name).CopyFrom(value)
    else:
        setattr(target, name, value)
