#!/usr/bin/env python3
"""Files as messages on Spark Streaming: delay of a batch by frequency, and where the published search ends; logs and weir."""

from concurrent.futures import ThreadPoolExecutor

import _runs
import _throughput as throughput

COST_S = throughput.FIT_COST_S
WANTED = 3  # batches before each change, in the logs
NAMES = {10_000_000: "10 MB", 5_000_000: "5 MB", 1_000_000: "1 MB", 100_000: "100 kB", 10_000: "10 kB", 500: "500 B"}
# What the logs say of where the search ended, and whether that can be compared.
ENDS = {10_000_000: ("14", "by the delay"), 5_000_000: ("90", "after it had gone too far: delays to 10.5 s"),
        1_000_000: ("390", "by the listing"), 100_000: ("390", "by the listing"), 10_000: ("440", "by the listing"), 500: ("440", "by the listing")}
LINK_FIT = throughput.LINK_FIT


def kind(size):
    return throughput.kind("spark-file", size, COST_S)


def line(points):
    """Least squares of delay on frequency: intercept, slope."""
    n = len(points)
    mean_f, mean_d = sum(f for f, _ in points) / n, sum(d for _, d in points) / n
    slope = sum((f - mean_f) * (d - mean_d) for f, d in points) / sum((f - mean_f) ** 2 for f, _ in points)
    return mean_d - slope * mean_f, slope


def draw(output, logs, found):
    import _style as style

    fig, ax = style.figure(1, 1, height_in=2.4)
    looks = {10_000_000: (style.BLUE, "o"), 5_000_000: (style.ORANGE, "s"), 1_000_000: (style.GREEN, "^"), 100_000: (style.VERMILLION, "D")}
    for size, (colour, marker) in looks.items():
        steps = found[size][2]
        ax.plot([f for _, f, _ in steps], [d for *_, d in steps], color=colour, label=f"weir, {NAMES[size]} ({kind(size)})",
                **(style.CALIBRATED if kind(size) == "calibrated" else style.PREDICTED))
        own = [(f, d) for s, f, d in logs if s == size]
        ax.plot([f for f, _ in own], [d for _, d in own], **{**style.PUBLISHED, "marker": marker, "markeredgecolor": colour},
                label=f"measured, {NAMES[size]}")
    ax.axhline(5, color="0.6", linewidth=0.8)
    ax.text(1, 5.05, "batch interval", fontsize=6, va="bottom")
    ax.set(xscale="log", xlabel="messages, which are files, per second", ylabel="mean total delay (s)", ylim=(0, 6.4), xlim=(0.9, 500))
    style.shared_legend(fig, ax, 2, 0.75)
    style.save(fig, output, "throughput-files")


def main():
    arguments = _runs.figure_arguments("throughput-files", __doc__)
    weir = _runs.Weir(arguments.weir)
    logs = [(int(p["size_bytes"]), int(p["frequency_per_s"]), float(p["delay_s"])) for p in _runs.published("throughput-files")]
    with ThreadPoolExecutor(_runs.PROCESSES_MAX) as pool:
        searched = pool.map(lambda size: throughput.of_spark(weir, arguments.output / "runs" / str(size), "spark-file", size, COST_S, WANTED), NAMES)
        found = dict(zip(NAMES, searched))
    rows = [["published", "measured", "delay", size, f, d, ""] for size, f, d in logs]
    for size, (_, _, steps) in found.items():
        rows += [["weir", kind(size), "delay", size, f, f"{d:.4g}", ""] for _, f, d in steps]
    print("| size | frequencies set, logs | frequencies set, weir | ends at, logs | ends at, weir |")
    print("|---|---|---|---|---|")
    # Where delays are fitted, the end follows from them.
    for size, name in NAMES.items():
        highest, reason, steps = found[size]
        rows.append(["published", "measured", "end", size, ENDS[size][0], "", ENDS[size][1]])
        rows.append(["weir", kind(size), "end", size, f"{highest:g}", "", reason])
        set_in_logs = sorted({f for s, f, _ in logs if s == size})
        print(f"| {name} | {', '.join(map(str, set_in_logs))} | {', '.join(str(f) for _, f, _ in steps)} | {ENDS[size][0]}, {ENDS[size][1]} "
              f"| {highest:g}, by the {reason} ({kind(size)}) |")
    for who, points in (("logs", [(f, d) for s, f, d in logs if s == LINK_FIT]), ("weir", [(f, d) for _, f, d in found[LINK_FIT][2]])):
        intercept, slope = line(points)
        print(f"| 10 MB, {who} | delay = {intercept:.3f} s + {slope:.3f} s x frequency |")
        rows.append(["published" if who == "logs" else "weir", "calibrated", "slope", LINK_FIT, "", f"{slope:.4g}", ""])
    _runs.write_csv(arguments.output / "throughput-files.csv", ["source", "kind", "quantity", "size_bytes", "frequency_per_s", "delay_s", "end"], rows)
    draw(arguments.output, logs, found)


if __name__ == "__main__":
    _runs.main(main)
