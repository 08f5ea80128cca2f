"""Millions of random and damaged frames through the codec: `make soak`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "core"
FEWEST = 2_000_000
PER_SECOND = 100_000
"""Well below what one core does: the time given is an upper bound."""


@pytest.mark.soak
def test_random_bytes_do_no_harm() -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("cargo is not installed")
    seconds = int(os.environ.get("ALPHAPULSE_SOAK_SECONDS", "0"))
    seed = secrets.randbits(63)
    runs = max(FEWEST, seconds * PER_SECOND)
    done = subprocess.run(
        [cargo, "test", "--release", "--locked", "--lib", "frame::tests::fuzz", "--",
         "--include-ignored"],
        cwd=CORE,
        env={
            **os.environ,
            "ALPHAPULSE_FUZZ_RUNS": str(runs),
            "ALPHAPULSE_FUZZ_SEED": str(seed),
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"seed {seed}, {runs} runs:\n{done.stdout}\n{done.stderr}"
    assert "millions_of_random_bytes_do_no_harm ... ok" in done.stdout
