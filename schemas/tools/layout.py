"""Write the record layouts of every language from the FlatBuffers binary schema.

    layout.py BFBS --flatc FLATC --out FOLDER

Output is a pure function of the schema: running it twice changes nothing. What it writes is listed
in `TARGETS`; everything else under gen/ comes from flatc and from the protobuf plugins.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from layoutgen import (
    emit_go,
    emit_python,
    emit_rust,
    emit_rust_fields,
    emit_rust_tests,
    emit_table,
    emit_typescript,
)
from layoutgen.schema import Schema, load

REFLECTION: Final = Path(__file__).parents[1] / "third_party/flatbuffers/reflection.fbs"
TARGETS: Final[tuple[tuple[str, Callable[[Schema], dict[str, str]]], ...]] = (
    ("schemas", emit_table.emit),
    ("gen/python/alphapulse_layout", emit_python.emit),
    ("gen/rust/src", emit_rust.emit),
    ("gen/rust/src", emit_rust_fields.emit),
    ("gen/rust/tests/golden", emit_rust_tests.emit),
    ("gen/go/layout", emit_go.emit),
    ("gen/go/conformance", emit_go.emit_tests),
    ("gen/typescript/src", emit_typescript.emit),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bfbs", type=Path)
    parser.add_argument("--flatc", default="flatc")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    schema = load(
        arguments.bfbs,
        flatc=arguments.flatc,
        reflection_fbs=REFLECTION,
    )
    for folder, emit in TARGETS:
        target = arguments.out / folder
        target.mkdir(parents=True, exist_ok=True)
        for name, text in emit(schema).items():
            (target / name).write_text(text)


if __name__ == "__main__":
    main()
