"""The plot of `feed stats --plot`: rates, lags and latencies of domains over a time.

matplotlib is a developers' dependency: whoever asks for a plot without it is told so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from alphapulse_mesh.runtime.errors import FailedPrecondition, InvalidArgument

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:  # pragma: no cover  # the tests' environment has it
    raise FailedPrecondition(
        f"--plot needs matplotlib ({error}): pip install matplotlib", reason="PLOT_UNAVAILABLE"
    ) from None

__all__ = ["Plot"]

_FORMATS: Final = frozenset({".svg", ".png", ".pdf"})
_MOST_LINES: Final = 10
"""A part of the plot; of more the largest are drawn, and how many are left out is said."""

Series = dict[str, tuple[list[float], list[float]]]
"""Label → seconds, values."""


class Plot:
    """Collects looks and draws them.

    Raises:
        InvalidArgument: not a kind of file that can be drawn (`PLOT_FORMAT`), or its directory is
            not there (`FILE_UNWRITABLE`).
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in _FORMATS:
            raise InvalidArgument(
                f"--plot {path}: a name that ends in {', '.join(sorted(_FORMATS))}",
                reason="PLOT_FORMAT",
            )
        if not path.parent.is_dir():
            raise InvalidArgument(
                f"--plot {path}: there is no directory {path.parent}", reason="FILE_UNWRITABLE"
            )
        self._path = path
        self._began: float | None = None
        self.rates: Series = defaultdict(lambda: ([], []))
        """Records a second, of a domain and type."""
        self.lags: Series = defaultdict(lambda: ([], []))
        """Frames, of a subscriber; and what waits in the relay."""
        self.medians: Series = defaultdict(lambda: ([], []))
        """Microseconds from making to arrival of a type, p50."""
        self.tails: Series = defaultdict(lambda: ([], []))
        """The same, p99."""

    def add(self, now: float, state: dict[str, Any]) -> None:
        """One look, at a monotonic time in seconds."""
        self._began = now if self._began is None else self._began
        at = now - self._began

        def put(series: Series, label: str, value: float | None) -> None:
            if value is not None:
                series[label][0].append(at)
                series[label][1].append(value)

        for domain, found in state["domains"].items():
            if "error" in found:
                put(self.rates, domain, float("nan"))  # a hole in the line: nobody knows
                continue
            put(self.rates, domain, found["records_per_second"])
            put(self.lags, f"{domain} queue", found["queue_frames"])
            for one in found["subscribers"]:
                put(self.lags, f"{domain}: {one['name'] or '(no name)'}", one["lag_frames"])
            for kind, one in found["types"].items():
                put(self.rates, f"{domain}: {kind}", one["records_per_second"])
                put(self.medians, kind, one["p50_us"])
                put(self.tails, kind, one["p99_us"])

    def save(self) -> None:
        """Write the file."""
        figure = Figure(figsize=(11, 9), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(3, 1, sharex=True)
        parts: tuple[tuple[Series, Series, str, str], ...] = (
            (self.rates, {}, "records a second", "symlog"),
            (self.lags, {}, "frames behind", "symlog"),
            (self.medians, self.tails, "µs to arrival: p50, dashed p99", "log"),
        )
        for axis, (series, dashed, label, scale) in zip(axes, parts, strict=True):
            names = sorted(series, key=lambda name: -_largest(dashed.get(name) or series[name]))
            for name in names[:_MOST_LINES]:
                times, values = series[name]
                # a single look is a point, which a line does not show
                marker = "." if len(times) < 3 else None
                [line] = axis.plot(times, values, label=name, marker=marker)
                if name in dashed:
                    axis.plot(*dashed[name], linestyle="--", color=line.get_color(), marker=marker)
            axis.set_yscale(scale)
            axis.set_ylabel(label)
            axis.grid(visible=True, alpha=0.3)
            if names:
                left = len(names) - _MOST_LINES
                title = f"and {left} smaller ones" if left > 0 else None
                axis.legend(
                    loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small",
                    title=title, title_fontsize="small",
                )  # fmt: skip
        axes[0].set_ylim(bottom=0)
        axes[1].set_ylim(bottom=0)
        axes[-1].set_xlabel("seconds")
        figure.savefig(self._path)


def _largest(line: tuple[list[float], list[float]]) -> float:
    return max((value for value in line[1] if not math.isnan(value)), default=0.0)
