"""Recorded lines: read, merged by receive time, the bad ones named."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_mesh.collectors.sources.recording import Block, Recording, merge_recordings
from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T0 = 1_700_000_000_000_000_000


def no_report(where: str, what: str) -> None:
    raise AssertionError(f"{where}: {what}")


class Written(Recording):
    """A recording that gives its lines in blocks of a chosen size, without a file."""

    def __init__(self, index: int, times: list[int], size: int) -> None:
        self.index = index
        self._times = times
        self._size = size

    def blocks(self) -> Iterator[Block]:
        for start in range(0, len(self._times), self._size):
            lines = [
                b"%d %d:%d" % (T0 + time, self.index, start + number)
                for number, time in enumerate(self._times[start : start + self._size])
            ]
            yield self._parse(lines, start)


@pytest.mark.parametrize("packed", [True, False])
def test_lines_of_a_file(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "x"
    text = b"".join(b'%d {"n":%d}\n' % (T0 + n, n) for n in range(30_000))
    path.write_bytes(gzip.compress(text) if packed else text)
    blocks = list(Recording(path, 3, no_report).blocks())
    assert len(blocks) > 1
    assert [t for b in blocks for t in b.times.tolist()] == [T0 + n for n in range(30_000)]
    assert [n for b in blocks for n in b.lines.tolist()] == list(range(1, 30_001))
    assert {f for b in blocks for f in b.files.tolist()} == {3}
    assert blocks[-1].payloads[-1] == b'{"n":29999}'


def test_bad_lines_are_named_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(
        b'%d {"n":1}\n\nnonsense\n123 {"short":"time"}\n%d {"n":2}\n%d\n%d {"n":3}'
        % (T0, T0 + 1, T0 + 2, T0 + 3)
    )
    reports: list[tuple[str, str]] = []
    recording = Recording(path, 0, lambda where, what: reports.append((where, what)))
    blocks = list(recording.blocks())
    assert [payload for block in blocks for payload in block.payloads] == [
        b'{"n":1}',
        b'{"n":2}',
        b'{"n":3}',
    ]
    assert [line for block in blocks for line in block.lines.tolist()] == [1, 5, 7]
    assert [where for where, _ in reports] == [f"{path}:{n}" for n in (3, 4, 6)]
    assert "nonsense" in reports[0][1]


def test_a_time_beyond_64_bits_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "late"
    path.write_bytes(b"9999999999999999999 {}\n%d {}\n" % T0)
    reports: list[str] = []
    (block,) = Recording(path, 0, lambda where, _what: reports.append(where)).blocks()
    assert block.times.tolist() == [T0]
    assert reports == [f"{path}:1"]


def test_a_file_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    text = b"".join(b'%d {"n":"%d"}\n' % (T0 + n, n * 7919) for n in range(20_000))
    path.write_bytes(gzip.compress(text)[:-2000])
    reports: list[tuple[str, str]] = []
    blocks = list(Recording(path, 0, lambda where, what: reports.append((where, what))).blocks())
    read = sum(len(block) for block in blocks)
    assert 1000 < read < 20_000
    ((where, what),) = reports
    assert where.startswith(f"{path}:")
    assert "cannot be read" in what


def test_a_missing_file_and_a_directory_are_configuration_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.gz: no such recording") as missing:
        Recording(tmp_path / "nowhere.gz", 0, no_report).check()
    assert missing.value.reason == "CONFIG_RECORDING_NOT_FOUND"
    with pytest.raises(ConfigError, match="directory"):
        Recording(tmp_path, 0, no_report).check()


@given(
    st.lists(st.lists(st.integers(0, 40), max_size=25), min_size=1, max_size=4),
    st.integers(1, 7),
)
def test_merging_sorts_by_receive_time_and_keeps_every_file_in_order(
    files: list[list[int]], size: int
) -> None:
    recordings = [Written(index, times, size) for index, times in enumerate(files)]
    merged = list(merge_recordings(recordings))
    payloads = [payload for block in merged for payload in block.payloads]
    # a clock that steps back: the line counts as received with the one before it
    expected = []
    for index, times in enumerate(files):
        newest = 0
        for number, time in enumerate(times):
            newest = max(newest, time)
            expected.append((newest, index, number, time))
    keys = {b"%d:%d" % (index, number): key for key, index, number, _ in expected}
    assert [keys[payload] for payload in payloads] == sorted(keys.values())
    for index in range(len(files)):
        own = [payload for payload in payloads if payload.startswith(b"%d:" % index)]
        assert own == [b"%d:%d" % (index, number) for number in range(len(files[index]))]
    stamps = {b"%d:%d" % (index, number): T0 + time for _, index, number, time in expected}
    assert [time for block in merged for time in block.times.tolist()] == [
        stamps[payload] for payload in payloads
    ]
