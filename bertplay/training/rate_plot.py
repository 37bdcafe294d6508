"""A picture of a learning-rate range test."""

from __future__ import annotations

from pathlib import Path

from bertplay.training.rate_range import RangeTest


def write_rate_plot(path: Path, test: RangeTest, suggestion: float | None, title: str) -> None:
    """Write the losses over the rates; the name's ending, .svg or .png, is the format.

    Args:
        path: replaced where it exists.
        test: the losses.
        suggestion: the rate that is marked; None for none.
        title: above the picture.
    """
    # Loaded only here, as it takes a second.
    import matplotlib
    from matplotlib.figure import Figure

    # The same losses make the same file.
    with matplotlib.rc_context({"svg.hashsalt": "bertplay", "svg.fonttype": "none"}):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(test.rates, test.losses, ".", color="#bbbbbb", markersize=4, label="each batch")
        axes.plot(test.rates, test.smoothed, color="#1f5fa8", label="running mean")
        if suggestion is not None:
            label = f"suggested: {suggestion:.1e}"
            axes.axvline(suggestion, color="#c44e00", linestyle="--", label=label)
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_ylabel("training loss")
        axes.set_title(title, fontsize=10)
        axes.legend(frameon=False, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        undated = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=120, metadata=undated)
