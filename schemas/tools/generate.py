"""Regenerate everything under gen/, schemas/layout.csv, schemas/golden/, schemas/vectors/.

    generate.py --flatc FLATC       (`make gen`)

All tools write into a scratch folder, from which only what differs is copied: what did not change
keeps its time stamp (the core is not built again for nothing), what left the schemas leaves gen/.
Hand-written files beside the generated ones (go.mod, package.json, pom.xml, Cargo.toml, lib.rs,
record.rs) stay. Every tool is pinned: see the Makefile's `gen-tools`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PROTO: Final = ROOT / "schemas/proto"
THIRD_PARTY: Final = ROOT / "schemas/third_party"
FRAME: Final = ROOT / "schemas/flatbuffers/alphapulse/frame.fbs"
OUT: Final = ROOT / ".tools/generated"
BFBS: Final = OUT / "gen/bfbs/frame.bfbs"
JAVA_SOURCES: Final = "gen/java/src/main/java"

FLATC_VERSION: Final = "25.12.19"

# What generation owns whole: a file that it did not write is stale.
OWNED: Final = (
    "gen/bfbs",
    "gen/descriptor",
    "gen/python",
    "gen/rust/src/proto",
    "gen/go/alphapulse",
    "gen/go/alphapulse_fbs",
    "gen/go/layout",
    "gen/typescript/src",
    JAVA_SOURCES,
    "schemas/golden",
)

# flatc refuses at run time any Java runtime but its own version; Maven Central ends at 25.2.10,
# whose binary format and API are the same, so the check is taken out.
JAVA_VERSION_CHECK: Final = re.compile(
    r"^ *public static void ValidateVersion\(\) \{ Constants\.\w+\(\); \}\n", re.MULTILINE
)


def run(*command: str | Path, **environment: str) -> None:
    """Run a tool from the repository's root; its failure ends the generation."""
    result = subprocess.run(
        [str(c) for c in command], cwd=ROOT, env={**os.environ, **environment}, check=False
    )
    if result.returncode != 0:
        sys.exit(f"generate: {command[0]} failed with exit code {result.returncode}")


def proto_files() -> list[str]:
    return sorted(str(p.relative_to(PROTO)) for p in PROTO.rglob("*.proto"))


def check_flatc(flatc: str) -> None:
    """One version of flatc for all languages: another one writes other code."""
    printed = subprocess.run([flatc, "--version"], capture_output=True, text=True, check=True)
    if printed.stdout.split()[-1] != FLATC_VERSION:
        sys.exit(f"generate: {flatc} is {printed.stdout.strip()}, not {FLATC_VERSION}")


def prepare() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    for folder in OWNED:
        (OUT / folder).mkdir(parents=True)


def publish() -> None:
    """Copy what differs into the repository and remove what was not written this time."""
    written = {p.relative_to(OUT) for p in OUT.rglob("*") if p.is_file()}
    for file in sorted(written):
        source, target = OUT / file, ROOT / file
        if not target.is_file() or source.read_bytes() != target.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for folder in OWNED:
        for path in sorted((ROOT / folder).rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.suffix != ".pyc" and path.relative_to(ROOT) not in written:
                path.unlink()
    shutil.rmtree(OUT)


def binary_schema(flatc: str) -> None:
    run(flatc, "--binary", "--schema", "--bfbs-comments", "--bfbs-builtins",
        "--bfbs-filenames", ROOT / "schemas/flatbuffers", "-o", BFBS.parent, FRAME)  # fmt: skip


def descriptor(_flatc: str) -> None:
    """The descriptor set with imports: Envoy's JSON transcoder reads it. It holds the whole
    workspace: google.rpc's error details have to be in it for an error to become JSON.
    """
    run("buf", "build", ".", "--as-file-descriptor-set", "--exclude-source-info",
        "-o", OUT / "gen/descriptor/alphapulse.binpb")  # fmt: skip


def python(flatc: str) -> None:
    target = OUT / "gen/python"
    run(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"-I{THIRD_PARTY}",
        f"--python_out={target}", f"--grpc_python_out={target}",
        f"--mypy_out=quiet:{target}", f"--mypy_grpc_out=quiet:{target}",
        *proto_files())  # fmt: skip
    for folder in [target / "alphapulse", *(target / "alphapulse").rglob("*/")]:
        (folder / "__init__.py").touch()
    (target / "alphapulse/py.typed").touch()
    run(flatc, "--python", "--python-typing", "--gen-all", "-o", target, FRAME)
    # Without --python-typing the modules lack imports; with it come stubs that miss functions and
    # get nested structs wrong, so the stubs go.
    for stub in (target / "alphapulse_fbs").glob("*.pyi"):
        stub.unlink()


def rust(flatc: str) -> None:
    run(flatc, "--rust", "--gen-all", "-o", OUT / "gen/rust/src", FRAME)
    folder = OUT / "gen/rust/src/proto"
    (folder / "mod.rs").write_text(_rust_modules(folder))
    run("rustfmt", "--edition", "2024", OUT / "gen/rust/src/frame_generated.rs",
        OUT / "gen/rust/src/layout.rs", OUT / "gen/rust/src/fields.rs",
        OUT / "gen/rust/tests/golden/fields.rs",
        *sorted(folder.rglob("*.rs")))  # fmt: skip


def _rust_modules(folder: Path) -> str:
    """Module tree over prost's one file per package: `alphapulse.relay.v1` -> `relay::v1`."""
    files = sorted(p for p in folder.rglob("*.rs") if ".tonic" not in p.name)
    out = ["//! The protobuf packages: `alphapulse.relay.v1` is `relay::v1`.", "// @generated"]
    for file in files:
        _, area, version = file.stem.split(".")
        out += [f"pub mod {area} {{", f"    pub mod {version} {{"]
        out += [f'        include!("{file.relative_to(folder)}");', "    }", "}"]
    return "\n".join(out) + "\n"


def go(flatc: str) -> None:
    run(flatc, "--go", "--gen-all", "--go-module-name", "alphapulse.dev/gen/go", "-o",
        OUT / "gen/go", FRAME)  # fmt: skip
    run("gofmt", "-w", OUT / "gen/go/alphapulse_fbs", OUT / "gen/go/layout",
        OUT / "gen/go/conformance")  # fmt: skip


def typescript(flatc: str) -> None:
    run(flatc, "--ts", "--gen-all", "-o", OUT / "gen/typescript/src/fbs", FRAME)


def java(flatc: str) -> None:
    run(flatc, "--java", "--gen-all", "-o", OUT / JAVA_SOURCES, FRAME)
    for source in (OUT / JAVA_SOURCES / "alphapulse_fbs").glob("*.java"):
        source.write_text(JAVA_VERSION_CHECK.sub("", source.read_text()))


def protobuf(_flatc: str) -> None:
    """All protobuf bindings but Python's, by the plugins of schemas/buf.gen.yaml."""
    run("buf", "generate", "--template", "schemas/buf.gen.yaml", "-o", OUT)


def layouts(flatc: str) -> None:
    run(sys.executable, "schemas/tools/layout.py", BFBS, "--flatc", flatc, "--out", OUT)


def golden(flatc: str) -> None:
    """The golden frames, made with the Python bindings of this very generation."""
    run(sys.executable, "schemas/tools/golden.py", BFBS, "--flatc", flatc,
        "--out", OUT / "schemas/golden", PYTHONPATH=str(OUT / "gen/python"))  # fmt: skip


def id_vectors(_flatc: str) -> None:
    """Instrument ids that every language must make of the same keys."""
    run(sys.executable, "schemas/tools/vectors.py")


def tlv_vectors(_flatc: str) -> None:
    """Extensions that every language must read, or refuse, alike."""
    run(sys.executable, "schemas/tools/tlv_vectors.py")


STEPS: Final[dict[str, Callable[[str], None]]] = {
    "binary schema": binary_schema,
    "layouts": layouts,
    "protobuf": protobuf,
    "descriptor": descriptor,
    "python": python,
    "rust": rust,
    "go": go,
    "typescript": typescript,
    "java": java,
    "golden frames": golden,
    "id vectors": id_vectors,
    "TLV vectors": tlv_vectors,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flatc", default="flatc")
    flatc = parser.parse_args().flatc
    # the plugins of this environment (buf, protoc-gen-mypy) before any other
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    check_flatc(flatc)
    prepare()
    for name, generate in STEPS.items():
        print(f"[gen] {name}", flush=True)
        generate(flatc)
    publish()


if __name__ == "__main__":
    main()
