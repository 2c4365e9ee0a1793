"""Draws what `acrouter eval --json` printed with --figures: one SVG file a question, by matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mcp_router.errors import BadInput

Found = dict[str, Any]
COLOURS = {
    "acrouter": "#0072B2",
    "acrouter:memory-off": "#D55E00",
    "acrouter:memory-shuffled": "#CC79A7",
    "linucb": "#009E73",
    "lints": "#56B4E9",
}
"""Colours that are told apart with any kind of colour vision (Okabe and Ito, 2008); others are grey."""
MEMORY = ("acrouter", "acrouter:memory-off", "acrouter:memory-shuffled")
GREY = "#999999"


def need_matplotlib() -> None:
    """Tell before long work rather than after it that nothing could be drawn.

    Raises:
        BadInput: matplotlib is not there.
    """
    if find_spec("matplotlib") is None:
        raise BadInput("--figures needs matplotlib; install acrouter[figures], or leave --figures out.")


def draw(found: Found, folder: Path) -> list[Path]:
    """Write the figures that the rows allow into a folder; returns their paths. `found` has "figures"."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "acrouter", "svg.fonttype": "none", "font.size": 10, "axes.titlesize": 9}
    )
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name, figure in _FIGURES.items() if (path := _draw_one(found, name, figure, folder)) is not None]


def _draw_one(found: Found, name: str, figure: Callable[[Found, Any], bool], folder: Path) -> Path | None:
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = canvas.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    if not figure(found, axes):
        return None
    path = folder / f"{name}.svg"
    canvas.savefig(path, metadata={"Date": None})
    return path


def _regret(found: Found, axes: Any) -> bool:
    """Cumulative regret: the mean, and the range over the orders where a colour tells it apart."""
    curves = {
        name: series
        for name, series in sorted(found["figures"]["regret"].items(), key=lambda item: item[1]["mean"][-1])
        if not name.startswith("always:") and name != "oracle"
    }
    step = 0.03 * max((series["mean"][-1] for series in curves.values()), default=0.0)
    label = -step
    for name, series in curves.items():
        _line(axes, name, series["tasks"], series, band=name in COLOURS)
        label = max(series["mean"][-1], label + step)
        at = (series["tasks"][-1], label)
        axes.annotate(name, at, xytext=(3, 0), textcoords="offset points", fontsize=6, va="center")
    axes.set(xlabel="tasks", ylabel="cumulative regret", title=_title(found, "range over the orders shaded"))
    return True


def _frontier(found: Found, axes: Any) -> bool:
    """Performance against cost, with the fixed chains of hindsight and the policy at other lambdas."""
    from matplotlib.ticker import LogLocator

    styles = {"hindsight": ("black", "--", "best fixed chain in hindsight"), "acrouter": (COLOURS["acrouter"], "-", "")}
    for name, (colour, style, label) in styles.items():
        points = sorted((one["cost_usd"], one["avg_perf"]) for one in found["figures"]["by_lambda"][name])
        x, y = zip(*points, strict=True)
        axes.plot(x, y, style, color=colour, lw=1.2, marker=".", label=f"{label or name}, lambda 0.01 to 3")
    taken: list[tuple[float, float]] = []
    for row in sorted(found["rows"], key=lambda row: row["avg_perf"]["mean"]):
        x, y = row["cost_usd"]["mean"], row["avg_perf"]["mean"]
        axes.scatter(x, y, color=COLOURS.get(row["policy"], GREY), s=24, zorder=3)
        # Labels of points that are near each other would be written over each other.
        near = sum(abs(y - other) < 2 and 0.5 < x / at < 2 for at, other in taken)
        axes.annotate(row["policy"], (x, y), xytext=(4, 3 - 7 * near), textcoords="offset points", fontsize=6)
        taken.append((x, y))
    axes.set(xlabel="USD", ylabel="performance, %", xscale="log", title=_title(found))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.legend(fontsize=7, frameon=False, loc="lower right")
    return True


def _learning(found: Found, axes: Any) -> bool:
    """Regret a task by the number of outcomes learned from."""
    series = {name: one for name, one in found["figures"]["learning"].items() if name in MEMORY}
    for name, one in series.items():
        _line(axes, name, one["outcomes"], one, band=True)
    top = max((value for one in series.values() for value in one["mean"]), default=1.0)
    axes.set(xlabel="outcomes learned from", ylabel="regret a task", ylim=(0, 1.5 * top))
    axes.set_title(_title(found, "95 % interval shaded"))
    if series:
        axes.legend(fontsize=7, frameon=False)
    return bool(series)


def _calibration(found: Found, axes: Any) -> bool:
    """What came of attempts, by the P(success) that was given beforehand."""
    bins = found["figures"]["calibration"].get("acrouter", [])
    at = [one["believed"] for one in bins]
    bars = [[one["score"] - one["low"] for one in bins], [one["high"] - one["score"] for one in bins]]
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8)
    axes.errorbar(at, [one["score"] for one in bins], yerr=bars, fmt="o", color=COLOURS["acrouter"], capsize=2)
    error = found["figures"]["calibration_error"].get("acrouter", 0.0)
    axes.set(xlabel="P(success) given beforehand", ylabel="mean score", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(_title(found, f"expected calibration error {error:.3f}"), fontsize=9)
    return bool(bins)


def _memory(found: Found, axes: Any) -> bool:
    """Regret with the memory on, off and shuffled: means with their intervals and ranges."""
    rows = [row for row in found["rows"] if row["policy"] in MEMORY]
    for place, row in enumerate(rows):
        regret, colour = row["cum_regret"], COLOURS[row["policy"]]
        axes.bar(place, regret["mean"], color=colour, width=0.6)
        axes.plot([place, place], [regret["min"], regret["max"]], color="black", lw=0.8)
        axes.text(place + 0.05, regret["mean"], f"{regret['mean']:.1f}", va="bottom")
    axes.set_xticks(range(len(rows)), [row["policy"] for row in rows])
    axes.set(ylabel="cumulative regret", title=_title(found, "lines: range over the orders"))
    return len(rows) == len(MEMORY)


def _line(axes: Any, name: str, at: list[float], series: dict[str, list[float]], *, band: bool) -> None:
    colour = COLOURS.get(name, GREY)
    axes.plot(at, series["mean"], label=name, color=colour, lw=1.6 if band else 0.8)
    if band:
        axes.fill_between(at, series["low"], series["high"], color=colour, alpha=0.15, lw=0)


def _title(found: Found, note: str = "") -> str:
    orders = f", {found['orders']} orders" if found["orders"] > 1 else ""
    title = f"{found['bench']}, {found['protocol']}, lambda {found['lambda']:g}{orders}"
    return f"{title}; {note}" if note else title


_FIGURES = {
    "regret": _regret,
    "frontier": _frontier,
    "learning": _learning,
    "calibration": _calibration,
    "memory": _memory,
}
